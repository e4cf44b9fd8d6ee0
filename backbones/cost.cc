#include "backbones/cost.h"

#include <algorithm>
#include <vector>

#include "ATen/ops/full.h"
#include "backbones/layers.h"
#include "bild/base/live_bytes.h"
#include "c10/core/GradMode.h"

namespace bild {
namespace {

class Counter final : public LayerObserver {
 public:
  // Counts for as long as it lives.
  explicit Counter(LayerSet& layers) : layers_(layers) {
    layers_.set_observer(this);
  }
  ~Counter() override { layers_.set_observer(nullptr); }

  void Ran(const Layer& layer, const at::Tensor& input,
           const at::Tensor& output) override {
    multiply_adds_ += layer.MultiplyAdds(input, output);
  }
  int64_t multiply_adds() const { return multiply_adds_; }

 private:
  LayerSet& layers_;
  int64_t multiply_adds_ = 0;
};

}  // namespace

int64_t CountMultiplyAdds(Backbone& backbone, const at::Tensor& input) {
  const at::NoGradGuard no_grad;
  const Counter counter(backbone.layers());
  backbone.Forward(input);
  return counter.multiply_adds();
}

ForwardCost MeasureForward(Backbone& backbone, int64_t height_px,
                           int64_t width_px, int64_t repeats,
                           const InterleavedTimes::Clock& clock) {
  const at::NoGradGuard no_grad;
  ForwardCost cost;
  cost.parameters = backbone.parameters().size();
  const at::Tensor picture = at::full({1, 3, height_px, width_px}, 0.5,
                                      backbone.parameters().flat().options());
  {
    const Counter counter(backbone.layers());
    backbone.Restore(picture);
    cost.multiply_adds = counter.multiply_adds();
  }
  std::vector<double> seconds;
  for (int64_t i = 0; i < repeats; ++i) {
    const LiveBytesScope scope;
    const double start = clock();
    backbone.Restore(picture);
    seconds.push_back(clock() - start);
    cost.peak_live_bytes =
        std::max(cost.peak_live_bytes, scope.PeakAboveStart());
  }
  cost.seconds = QuartilesOf(seconds);
  return cost;
}

}  // namespace bild
