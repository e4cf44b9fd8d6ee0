#include "bild/patch_pass.h"

#include <cstdint>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/ones_like.h"
#include "ATen/ops/zeros_like.h"
#include "backbones/patch_tape.h"
#include "bild/flat_gradient.h"
#include "bild/replayed_pass.h"
#include "torch/csrc/autograd/autograd.h"

namespace bild {
namespace {

// in_backward and layerwise: forward and backward at once, the tape remains.
class RecordedPass final : public PatchPass {
 public:
  RecordedPass(Backbone& backbone, const Patches& patches, PatchLoss loss,
               const RewardPlan& plan)
      : tape_(
            MakeTape(backbone.parameters(), patches.hazy_input.size(0), plan)) {
    const TapeScope scope(backbone.layers(), &tape_);
    const at::Tensor losses = LossesOf(backbone, patches, loss);
    torch::autograd::backward({losses.sum()}, {});
    losses_ = losses.detach();
  }
  at::Tensor WeightedGradient(const at::Tensor& weights) override {
    return tape_.WeightedSum(weights);
  }
  at::Tensor Products(const at::Tensor& v) override {
    return tape_.Products(v);
  }

 private:
  static PatchTape MakeTape(const ParameterSet& parameters, int64_t patches,
                            const RewardPlan& plan) {
    if (plan.engine == RewardEngine::kLayerwise) {
      return {PatchTape::Keep::kOperands, parameters, patches};
    }
    return plan.layerwise.empty()
               ? PatchTape(PatchTape::Keep::kGradients, parameters, patches)
               : PatchTape(plan.layerwise, parameters, patches);
  }

  PatchTape tape_;
};

// Sums over the first half of the patches (undefined: not asked for, or there
// are none) and over all.
struct Halves {
  at::Tensor losses;
  at::Tensor first;
  at::Tensor all;
};

// Every patch by itself: both halves in one backward pass.
Halves RecordHalves(Backbone& backbone, const Patches& patches,
                    PatchLoss loss) {
  const int64_t count = patches.hazy_input.size(0);
  HalvesTape tape(backbone.parameters(), count);
  const TapeScope scope(backbone.layers(), &tape);
  Halves halves;
  const at::Tensor losses = LossesOf(backbone, patches, loss);
  torch::autograd::backward({losses.sum()}, {});
  halves.losses = losses.detach();
  auto [first, rest] = tape.Take();
  // In the place of the rest, which nobody needs any more.
  halves.all = count >= 2 ? rest.add_(first) : rest;
  if (count >= 2) halves.first = first;
  return halves;
}

// Patches that are coupled: one backward pass each over the same graph.
Halves DifferentiateHalves(Backbone& backbone, const Patches& patches,
                           PatchLoss loss, bool wants_first) {
  const int64_t count = patches.hazy_input.size(0);
  const bool has_first = wants_first && count >= 2;
  const NormScope norm(backbone.layers(), NormStatistics::kBatch);
  const std::vector<at::Tensor> leaves = backbone.parameters().leaves();
  const at::Tensor losses = LossesOf(backbone, patches, loss);
  Halves halves;
  halves.losses = losses.detach();
  halves.all = FlatGradient(losses, leaves, at::ones_like(halves.losses),
                            has_first ? GraphAfter::kKept : GraphAfter::kGone);
  if (has_first) {
    at::Tensor mask = at::zeros_like(halves.losses);
    mask.narrow(0, 0, count / 2).fill_(1.0);
    halves.first = FlatGradient(losses, leaves, mask);
  }
  return halves;
}

}  // namespace

at::Tensor LossesOf(const Backbone& backbone, const Patches& patches,
                    PatchLoss loss) {
  return PatchLosses(
      backbone.OutputToUnit(backbone.Forward(patches.hazy_input)),
      patches.clear01, loss);
}

std::unique_ptr<PatchPass> RunPatchPass(Backbone& backbone,
                                        const Patches& patches, PatchLoss loss,
                                        const RewardPlan& plan) {
  if (plan.engine == RewardEngine::kInBackward ||
      plan.engine == RewardEngine::kLayerwise) {
    return std::make_unique<RecordedPass>(backbone, patches, loss, plan);
  }
  return MakeReplayedPass(backbone, patches, loss, plan);
}

ValidationGradient DifferentiateValidation(Backbone& backbone,
                                           const Patches& patches,
                                           PatchLoss loss,
                                           bool wants_agreement) {
  const Halves halves =
      backbone.CouplesPatches()
          ? DifferentiateHalves(backbone, patches, loss, wants_agreement)
          : RecordHalves(backbone, patches, loss);
  ValidationGradient result;
  result.objective = halves.losses.mean().item<double>();
  result.gradient =
      halves.all / static_cast<double>(patches.hazy_input.size(0));
  if (halves.first.defined()) {
    const at::Tensor rest = halves.all - halves.first;
    const double scale =
        halves.first.norm().item<double>() * rest.norm().item<double>();
    if (scale > 0) {
      result.agreement = halves.first.dot(rest).item<double>() / scale;
    }
  }
  return result;
}

}  // namespace bild
