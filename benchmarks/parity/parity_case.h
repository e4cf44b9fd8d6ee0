// One net of ours and its twin in plain PyTorch, side by side.

#ifndef BENCHMARKS_PARITY_PARITY_CASE_H_
#define BENCHMARKS_PARITY_PARITY_CASE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "ATen/core/Tensor.h"
#include "absl/status/statusor.h"
#include "backbones/backbone.h"
#include "benchmarks/parity/plain_net.h"
#include "bild/patch_pass.h"
#include "bild/reward_engine.h"

namespace bild {

struct ParitySize {
  int64_t batch = 2;
  int64_t crop_px = 64;
};

// By how much ours differs from the twin, both in evaluation (output) and in
// training (gradients of the mean L1 loss).
struct Disagreement {
  double output = 0.0;  // Largest difference / largest |output|.
  // |difference| / |gradient|, Euclidean, of all parameters together:
  double plain = 0.0;     // ordinary autograd through our layers,
  double recorded = 0.0;  // the pass that training with rewards makes.
};

class ParityCase {
 public:
  // Of the same parameters, and of noise for pictures. InvalidArgument for an
  // unknown net or one without a twin.
  static absl::StatusOr<std::unique_ptr<ParityCase>> Make(
      const std::string& backbone, const ParitySize& size, at::ScalarType type);

  const Backbone& backbone() const { return *backbone_; }

  // Before any step: steps let the two drift apart.
  Disagreement Compare();

  // Evaluation of one batch, without a graph; the output.
  at::Tensor RunOurs() const;
  at::Tensor RunTwin() const;
  // Whole training steps: forward, L1 loss, backward, Adam. "Plain" is
  // ordinary autograd, "recorded" the suite's pass, which leaves per-patch
  // gradients behind (in nets that couple patches: the graph for them).
  std::function<void()> PlainStep();
  std::function<void()> RecordedStep();
  std::function<void()> TwinStep();

 private:
  ParityCase() = default;
  at::Tensor PlainGradient();
  at::Tensor RecordedGradient();
  at::Tensor TwinLoss();

  std::unique_ptr<Backbone> backbone_;
  std::shared_ptr<PlainNet> twin_;
  Patches patches_;
  RewardPlan plan_;
};

}  // namespace bild

#endif  // BENCHMARKS_PARITY_PARITY_CASE_H_
