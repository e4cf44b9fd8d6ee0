#include "bild/reweighting_network.h"

#include "ATen/TensorOperators.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/leaky_relu.h"
#include "ATen/ops/relu.h"
#include "absl/strings/str_cat.h"
#include "c10/util/Exception.h"

namespace bild {
namespace {

at::Tensor Activate(const at::Tensor& x) { return at::leaky_relu(x, 0.2); }

}  // namespace

struct ReweightingNetwork::ResidualBlock {
  ResidualBlock(const LayerScope& scope, int64_t width)
      : first(scope.Conv("0", width, width, 3)),
        second(scope.Conv("2", width, width, 3)) {}
  at::Tensor operator()(const at::Tensor& x) const {
    return Activate(x + second(Activate(first(x))));
  }
  const Conv2d &first, &second;
};

struct ReweightingNetwork::Stage {
  Stage(const LayerScope& scope, int64_t number, int64_t in_channels,
        int64_t width)
      : down(scope.Conv(absl::StrCat("down_conv", number), in_channels, width,
                        3, /*stride_px=*/2)),
        block1(scope / absl::StrCat("block", number, "_1"), width),
        block2(scope / absl::StrCat("block", number, "_2"), width) {}
  at::Tensor operator()(const at::Tensor& x) const {
    return block2(block1(Activate(down(x))));
  }
  const Conv2d& down;
  ResidualBlock block1, block2;
};

ReweightingNetwork::ReweightingNetwork(
    const ReweightingNetworkOptions& options,
    const at::TensorOptions& tensor_options) {
  TORCH_CHECK(!options.channels.empty() && options.hidden >= 1,
              "the reweighting network needs at least one stage and a head");
  const LayerScope scope(layers_);
  int64_t width = 6;  // Hazy and clear, three channels each.
  int64_t number = 0;
  for (int64_t channels : options.channels) {
    stages_.push_back(
        std::make_unique<Stage>(scope, ++number, width, channels));
    width = channels;
  }
  head0_ = &scope.Dense("linear.0", width, options.hidden);
  head2_ = &scope.Dense("linear.2", options.hidden, 1);
  layers_.Materialise(tensor_options);
}

ReweightingNetwork::~ReweightingNetwork() = default;

at::Tensor ReweightingNetwork::Logits(const at::Tensor& hazy_input,
                                      const at::Tensor& clear01) const {
  at::Tensor features = at::cat({hazy_input, clear01}, 1);
  for (const auto& stage : stages_) features = (*stage)(features);
  const at::Tensor pooled = features.mean({2, 3});
  return (*head2_)(at::relu((*head0_)(pooled))).squeeze(1);
}

}  // namespace bild
