// The methods of the tables: what each does with the weights.
//
// All of them run through the same step (bilevel_step.h); a baseline and BILD
// differ in these settings and in nothing else.

#ifndef BILD_METHODS_H_
#define BILD_METHODS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace bild {

// What steps theta.
enum class StepWeights {
  kUniform,  // 1 / B.
  kNetwork,  // softmax of the reweighting network's logits.
};

struct Method {
  std::string name;
  std::string description;  // One line.
  StepWeights step_weights = StepWeights::kUniform;
  bool updates_phi = false;
  // The validation gradient is taken, for the update or for the log alone.
  bool sees_validation = false;
};

const std::vector<Method>& MethodCatalog();

// InvalidArgument for an unknown name; lists the known ones.
absl::StatusOr<Method> FindMethod(const std::string& name);

}  // namespace bild

#endif  // BILD_METHODS_H_
