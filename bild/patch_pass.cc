#include "bild/patch_pass.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/ones.h"
#include "ATen/ops/zeros.h"
#include "ATen/ops/zeros_like.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "backbones/patch_tape.h"
#include "c10/core/GradMode.h"
#include "torch/csrc/autograd/autograd.h"

namespace bild {
namespace {

at::Tensor Losses(const Backbone& backbone, const Patches& patches,
                  PatchLoss loss) {
  return PatchLosses(
      backbone.OutputToUnit(backbone.Forward(patches.hazy_input)),
      patches.clear01, loss);
}

// in_backward and layerwise: forward and backward at once, the tape remains.
class RecordedPass final : public PatchPass {
 public:
  RecordedPass(Backbone& backbone, const Patches& patches, PatchLoss loss,
               PatchTape::Keep keep)
      : tape_(keep, backbone.parameters(), patches.hazy_input.size(0)) {
    const TapeScope scope(backbone.layers(), &tape_);
    const at::Tensor losses = Losses(backbone, patches, loss);
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
  PatchTape tape_;
};

// Puts other values into the parameters for as long as it lives.
class ParameterValueScope {
 public:
  ParameterValueScope(ParameterSet& parameters, const at::Tensor& values)
      : flat_(parameters.flat()) {
    const at::NoGradGuard no_grad;
    before_ = flat_.clone();
    flat_.copy_(values);
  }
  ~ParameterValueScope() {
    const at::NoGradGuard no_grad;
    flat_.copy_(before_);
  }
  ParameterValueScope(const ParameterValueScope&) = delete;
  ParameterValueScope& operator=(const ParameterValueScope&) = delete;

 private:
  at::Tensor flat_;
  at::Tensor before_;
};

// forward: the graph of the losses for the step, then dual numbers.
class ForwardModePass final : public PatchPass {
 public:
  // `statistics`: what the batch norms do in the pass itself.
  ForwardModePass(Backbone& backbone, const Patches& patches, PatchLoss loss,
                  NormStatistics statistics)
      : backbone_(backbone),
        patches_(patches),
        loss_(loss),
        parameters_(backbone.parameters().flat().clone()) {
    const NormScope norm(backbone.layers(), statistics);
    graph_ = Losses(backbone, patches, loss);
    losses_ = graph_.detach();
  }
  at::Tensor WeightedGradient(const at::Tensor& weights) override {
    const std::vector<at::Tensor> leaves = backbone_.parameters().leaves();
    std::vector<at::Tensor> pieces = torch::autograd::grad(
        {graph_}, leaves, {weights}, /*retain_graph=*/false,
        /*create_graph=*/false, /*allow_unused=*/true);
    graph_ = at::Tensor();
    for (size_t i = 0; i < pieces.size(); ++i) {
      // A published net may hold a parameter that nothing uses.
      if (!pieces[i].defined()) pieces[i] = at::zeros_like(leaves[i]);
      pieces[i] = pieces[i].flatten();
    }
    return at::cat(pieces);
  }
  at::Tensor Products(const at::Tensor& v) override {
    const at::NoGradGuard no_grad;
    const NormScope norm(backbone_.layers(), NormStatistics::kBatch);
    const ParameterValueScope at_the_pass(backbone_.parameters(), parameters_);
    const TangentScope tangent(backbone_.parameters(), v);
    return tangent.TangentOf(Losses(backbone_, patches_, loss_));
  }

 private:
  Backbone& backbone_;
  Patches patches_;
  PatchLoss loss_;
  at::Tensor parameters_;
  at::Tensor graph_;
};

}  // namespace

absl::StatusOr<RewardEngine> ChooseRewardEngine(const std::string& text,
                                                const Backbone& backbone) {
  if (const std::string why = backbone.WhyNotTrainable(); !why.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--backbone='", backbone.name(), "' cannot be trained: ", why,
        ". Its weights can be scored by //benchmarks:evaluate."));
  }
  const bool couples = backbone.CouplesPatches();
  if (text == "auto") {
    return couples ? RewardEngine::kForward : RewardEngine::kInBackward;
  }
  if (text == "forward") return RewardEngine::kForward;
  if (text != "in_backward" && text != "layerwise") {
    return absl::InvalidArgumentError(absl::StrCat(
        "--reward_engine='", text,
        "': expected 'auto', 'in_backward', 'layerwise' or 'forward'."));
  }
  if (couples) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--reward_engine=", text, ": ", backbone.name(),
        " mixes the patches of a batch, so no patch has a gradient of its own. "
        "Use --reward_engine=forward."));
  }
  return text == "layerwise" ? RewardEngine::kLayerwise
                             : RewardEngine::kInBackward;
}

std::string RewardEngineName(RewardEngine engine) {
  switch (engine) {
    case RewardEngine::kInBackward:
      return "in_backward";
    case RewardEngine::kLayerwise:
      return "layerwise";
    case RewardEngine::kForward:
      return "forward";
  }
  return "";
}

std::unique_ptr<PatchPass> RunPatchPass(Backbone& backbone,
                                        const Patches& patches, PatchLoss loss,
                                        RewardEngine engine) {
  switch (engine) {
    case RewardEngine::kInBackward:
      return std::make_unique<RecordedPass>(backbone, patches, loss,
                                            PatchTape::Keep::kGradients);
    case RewardEngine::kLayerwise:
      return std::make_unique<RecordedPass>(backbone, patches, loss,
                                            PatchTape::Keep::kOperands);
    case RewardEngine::kForward:
      break;
  }
  return std::make_unique<ForwardModePass>(backbone, patches, loss,
                                           NormStatistics::kBatchAndUpdate);
}

ValidationGradient DifferentiateValidation(Backbone& backbone,
                                           const Patches& patches,
                                           PatchLoss loss,
                                           RewardEngine engine) {
  const int64_t count = patches.hazy_input.size(0);
  const int64_t half = count / 2;
  at::Tensor first;  // Sums of the gradients of the two halves.
  at::Tensor rest;
  at::Tensor losses;
  if (engine == RewardEngine::kForward) {
    // Coupled patches have no gradients of their own; the whole batch has one.
    ForwardModePass pass(backbone, patches, loss, NormStatistics::kBatch);
    losses = pass.losses();
    rest = pass.WeightedGradient(at::ones({count}, losses.options()));
  } else {
    auto pass = RunPatchPass(backbone, patches, loss, engine);
    losses = pass->losses();
    at::Tensor mask = at::zeros({count}, losses.options());
    mask.narrow(0, half, count - half).fill_(1.0);
    rest = pass->WeightedGradient(mask);
    if (half > 0) first = pass->WeightedGradient(1.0 - mask);
  }
  ValidationGradient result;
  result.objective = losses.mean().item<double>();
  const at::Tensor sum = first.defined() ? first + rest : rest;
  result.gradient = sum / static_cast<double>(count);
  if (first.defined()) {
    const double scale =
        first.norm().item<double>() * rest.norm().item<double>();
    if (scale > 0) result.agreement = first.dot(rest).item<double>() / scale;
  }
  return result;
}

}  // namespace bild
