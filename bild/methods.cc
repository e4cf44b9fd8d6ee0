#include "bild/methods.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace bild {

const std::vector<Method>& MethodCatalog() {
  static const auto* methods = new std::vector<Method>{
      {"plain", "uniform weights: ordinary training", StepWeights::kUniform,
       /*updates_phi=*/false, /*sees_validation=*/false},
      {"bild", "learned weights, a reward for every patch (eq. 6h)",
       StepWeights::kNetwork, /*updates_phi=*/true, /*sees_validation=*/true},
      {"frozen_random", "the reweighting network at its initialisation",
       StepWeights::kNetwork, /*updates_phi=*/false, /*sees_validation=*/true},
  };
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

}  // namespace bild
