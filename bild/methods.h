// The methods of the tables: what each does with the weights.
//
// All of them run through the same step (bilevel_step.h); a baseline and BILD
// differ in these settings and in nothing else.

#ifndef BILD_METHODS_H_
#define BILD_METHODS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bild/train_config.h"

namespace bild {

// What steps theta.
enum class StepWeights {
  kUniform,   // 1 / B.
  kNetwork,   // w, the softmax of the reweighting network's logits.
  kShuffled,  // w_{pi(i)}, pi a fresh random permutation in every step.
  // max(a_i, 0) / sum_j max(a_j, 0) with v = grad J_v before the step, all 0
  // where no a_i is positive. Ren, Zeng, Yang, Urtasun, "Learning to Reweight
  // Examples for Robust Deep Learning", ICML 2018, section 3.3.
  kMetaGradient,
};

// What teaches phi.
enum class PhiUpdate {
  kNone,
  kPatchRewards,  // R_i of every patch (eq. 6h).
  // One number r - b for the whole batch, r = <v, mean gradient>, b its running
  // mean: the update of the authors' published script, whose gradient is zero.
  kScalarReward,
};

struct Method {
  std::string name;
  std::string description;  // One line.
  StepWeights step_weights = StepWeights::kUniform;
  PhiUpdate phi_update = PhiUpdate::kNone;
  // The validation gradient is taken, for the update or for the log alone.
  bool sees_validation = false;
  // Of phi's Adam, in place of the configuration's; with PyTorch's defaults.
  std::optional<double> phi_learning_rate;

  bool updates_phi() const { return phi_update != PhiUpdate::kNone; }
  bool needs_network() const {
    return step_weights == StepWeights::kNetwork ||
           step_weights == StepWeights::kShuffled || updates_phi();
  }
};

const std::vector<Method>& MethodCatalog();

// InvalidArgument for an unknown name; lists the known ones.
absl::StatusOr<Method> FindMethod(const std::string& name);

// InvalidArgument where the method is not defined under a valid configuration:
// what a published algorithm fixes cannot be set.
absl::Status CheckMethod(const Method& method, const TrainConfig& config);

}  // namespace bild

#endif  // BILD_METHODS_H_
