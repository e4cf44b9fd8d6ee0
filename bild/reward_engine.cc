#include "bild/reward_engine.h"

#include <algorithm>
#include <map>

#include "ATen/ops/zeros.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "bild/base/status.h"
#include "c10/core/GradMode.h"

namespace bild {
namespace {

constexpr RewardEngine kEngines[] = {
    RewardEngine::kInBackward, RewardEngine::kLayerwise, RewardEngine::kForward,
    RewardEngine::kFiniteDifference, RewardEngine::kPerSample};

// A layer of fewer parameters is not worth a choice.
constexpr int64_t kManyParameters = int64_t{1} << 16;
// Multiply-adds by parameter, that is output pixels, up to which a forward pass
// through a layer is faster than writing and reading its gradient.
constexpr int64_t kFewPixels = 64;

bool NeedsOwnGradients(RewardEngine engine) {
  return engine == RewardEngine::kInBackward ||
         engine == RewardEngine::kLayerwise;
}

class CostObserver final : public LayerObserver {
 public:
  void Ran(const Layer& layer, const at::Tensor& input,
           const at::Tensor& output) override {
    const auto [place, is_new] = places_.emplace(&layer, costs.size());
    if (is_new) {
      const int64_t bias = layer.has_bias() ? layer.bias().numel : 0;
      costs.push_back({&layer, layer.weight().numel + bias, 0, 0});
    }
    LayerCost& cost = costs[place->second];
    cost.operands += input.numel() + output.numel();
    cost.multiply_adds += layer.MultiplyAdds(input, output);
  }

  std::vector<LayerCost> costs;

 private:
  std::map<const Layer*, size_t> places_;
};

// While it lives, the layers of the set tell `observer`.
class ObserverScope {
 public:
  ObserverScope(LayerSet& layers, LayerObserver* observer)
      : layers_(layers), before_(layers.observer()) {
    layers_.set_observer(observer);
  }
  ~ObserverScope() { layers_.set_observer(before_); }
  ObserverScope(const ObserverScope&) = delete;
  ObserverScope& operator=(const ObserverScope&) = delete;

 private:
  LayerSet& layers_;
  LayerObserver* before_;
};

}  // namespace

bool IsFasterLayerwise(const LayerCost& layer) {
  return layer.parameters >= kManyParameters &&
         layer.operands < layer.parameters &&
         layer.multiply_adds <= kFewPixels * layer.parameters;
}

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
  std::vector<std::string> known = {"auto"};
  for (const RewardEngine engine : kEngines) {
    known.push_back(RewardEngineName(engine));
    if (text != known.back()) continue;
    if (!couples || !NeedsOwnGradients(engine)) return engine;
    return absl::InvalidArgumentError(absl::StrCat(
        "--reward_engine=", text, ": ", backbone.name(),
        " mixes the patches of a batch, so no patch has a gradient of its own. "
        "Use --reward_engine=forward."));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("--reward_engine='", text, "': expected one of ",
                   absl::StrJoin(known, ", "), "."));
}

std::string RewardEngineName(RewardEngine engine) {
  switch (engine) {
    case RewardEngine::kInBackward:
      return "in_backward";
    case RewardEngine::kLayerwise:
      return "layerwise";
    case RewardEngine::kForward:
      return "forward";
    case RewardEngine::kFiniteDifference:
      return "finite_difference";
    case RewardEngine::kPerSample:
      return "per_sample";
  }
  return "";
}

std::vector<LayerCost> MeasureLayers(Backbone& backbone, int64_t crop_px) {
  const at::NoGradGuard no_grad;
  CostObserver observer;
  const ObserverScope scope(backbone.layers(), &observer);
  const NormScope norm(backbone.layers(), NormStatistics::kRunning);
  backbone.Forward(at::zeros({1, 3, crop_px, crop_px},
                             backbone.parameters().flat().options()));
  return observer.costs;
}

std::set<const Layer*> ChooseLayerwise(const std::vector<LayerCost>& layers,
                                       int64_t patches, int64_t most_numbers) {
  int64_t kept = 0;
  std::set<const Layer*> layerwise;
  std::vector<LayerCost> candidates;
  for (const LayerCost& layer : layers) {
    if (IsFasterLayerwise(layer)) {
      layerwise.insert(layer.layer);
      kept += patches * layer.operands;
      continue;
    }
    kept += patches * layer.parameters;
    if (layer.parameters > layer.operands) candidates.push_back(layer);
  }
  const auto worth = [](const LayerCost& layer) {
    return static_cast<double>(layer.parameters - layer.operands) /
           static_cast<double>(std::max<int64_t>(1, layer.multiply_adds));
  };
  std::stable_sort(candidates.begin(), candidates.end(),
                   [&worth](const LayerCost& a, const LayerCost& b) {
                     return worth(a) > worth(b);
                   });
  for (const LayerCost& layer : candidates) {
    if (kept <= most_numbers) break;
    kept -= patches * (layer.parameters - layer.operands);
    layerwise.insert(layer.layer);
  }
  return layerwise;
}

std::string RewardPlan::Name() const {
  if (layerwise.empty()) return RewardEngineName(engine);
  return absl::StrCat("in_backward+layerwise[", layerwise.size(), " of ",
                      layers, " layers]");
}

absl::StatusOr<RewardPlan> PlanRewards(const std::string& text,
                                       Backbone& backbone, int64_t patches,
                                       int64_t crop_px, int64_t memory_mib) {
  BILD_ASSIGN_OR_RETURN(const RewardEngine engine,
                        ChooseRewardEngine(text, backbone));
  RewardPlan plan(engine);
  if (text != "auto" || engine != RewardEngine::kInBackward) return plan;
  const int64_t most_numbers = memory_mib * (int64_t{1} << 20) /
                               backbone.parameters().flat().element_size();
  const std::vector<LayerCost> layers = MeasureLayers(backbone, crop_px);
  plan.layerwise = ChooseLayerwise(layers, patches, most_numbers);
  plan.layers = static_cast<int64_t>(layers.size());
  return plan;
}

}  // namespace bild
