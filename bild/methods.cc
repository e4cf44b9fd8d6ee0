#include "bild/methods.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace bild {
namespace {

Method Make(const std::string& name, const std::string& description,
            StepWeights step_weights, PhiUpdate phi_update) {
  Method method;
  method.name = name;
  method.description = description;
  method.step_weights = step_weights;
  method.phi_update = phi_update;
  method.sees_validation = true;
  return method;
}

std::vector<Method> MakeCatalog() {
  std::vector<Method> methods = {
      Make("plain", "uniform weights: ordinary training", StepWeights::kUniform,
           PhiUpdate::kNone),
      Make("bild", "learned weights, a reward for every patch (eq. 6h)",
           StepWeights::kNetwork, PhiUpdate::kPatchRewards),
      Make("frozen_random", "the reweighting network at its initialisation",
           StepWeights::kNetwork, PhiUpdate::kNone),
      Make("shuffled", "bild's weights, given to the wrong patches",
           StepWeights::kShuffled, PhiUpdate::kPatchRewards),
      Make("uniform_phi_trained", "uniform weights, the network learns unused",
           StepWeights::kUniform, PhiUpdate::kPatchRewards),
      Make("l2rw", "no network: weights from the products (Ren et al. 2018)",
           StepWeights::kMetaGradient, PhiUpdate::kNone),
      Make(
          "released",
          "the authors' published script: one reward per batch, whose gradient "
          "is zero",
          StepWeights::kNetwork, PhiUpdate::kScalarReward),
  };
  methods.front().sees_validation = false;
  methods.back().phi_learning_rate = 0.05;
  return methods;
}

}  // namespace

const std::vector<Method>& MethodCatalog() {
  static const auto* methods = new std::vector<Method>(MakeCatalog());
  return *methods;
}

absl::StatusOr<Method> FindMethod(const std::string& name) {
  std::vector<std::string> known;
  for (const Method& method : MethodCatalog()) {
    if (method.name == name) return method;
    known.push_back(method.name);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("--methods: unknown method '", name,
                   "'. Known methods: ", absl::StrJoin(known, ", "), "."));
}

absl::Status CheckMethod(const Method& method, const TrainConfig& config) {
  const auto refuse = [&method](const std::string& flag,
                                const std::string& why) {
    return absl::InvalidArgumentError(
        absl::StrCat("--methods=", method.name, " with ", flag, ": ", why,
                     " Leave one of the two out."));
  };
  const bool is_meta = method.step_weights == StepWeights::kMetaGradient;
  const bool is_released = method.phi_update == PhiUpdate::kScalarReward;
  if (!is_meta && !is_released) return absl::OkStatus();
  const std::string why =
      is_meta
          ? "its weights are the products with the validation gradient "
            "before that very step."
          : "it reproduces one published update, which has no such setting.";
  if (config.horizon > 1) {
    return refuse(absl::StrCat("--horizon=", config.horizon), why);
  }
  if (is_meta && config.outer_every > 1) {
    return refuse(absl::StrCat("--outer_every=", config.outer_every), why);
  }
  if (config.preconditioner != "identity") {
    return refuse(absl::StrCat("--preconditioner=", config.preconditioner),
                  why);
  }
  if (is_released && config.validation_momentum != 0) {
    return refuse(
        absl::StrCat("--validation_momentum=", config.validation_momentum),
        why);
  }
  return absl::OkStatus();
}

}  // namespace bild
