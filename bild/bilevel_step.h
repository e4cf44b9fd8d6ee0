// One step of training, the same for every method: weights, inner step on
// theta, and every `outer_every`-th time the outer step on phi.
//
// Supplement of "Boosting Supervised Dehazing Methods via Bi-Level Patch
// Reweighting" (ECCV 2022), eq. 3, 5, 6h, under the Markov assumption or,
// beyond the paper, through a window of inner steps (unroll.h).

#ifndef BILD_BILEVEL_STEP_H_
#define BILD_BILEVEL_STEP_H_

#include <optional>
#include <string>
#include <vector>

#include "ATen/core/Tensor.h"
#include "absl/status/statusor.h"
#include "backbones/backbone.h"
#include "bild/learning_weights.h"
#include "bild/methods.h"
#include "bild/optimizer.h"
#include "bild/outer_step.h"
#include "bild/patch_pass.h"
#include "bild/reweighting_network.h"
#include "bild/unroll.h"

namespace bild {

struct StepReport {
  at::Tensor weights;               // That stepped theta, [B].
  at::Tensor losses;                // l_i(theta_{t-1}), [B].
  double training_objective = 0.0;  // J_w(theta_{t-1}).
  double mean_loss = 0.0;           // (1/B) sum_i l_i(theta_{t-1}).
  WeightSummary summary;
  std::optional<OuterReport> outer;
};

class BilevelStep {
 public:
  // Everything must outlive the step. `network` and `phi_optimizer` may be null
  // for a method that needs no reweighting network.
  BilevelStep(Backbone& backbone, Optimizer& theta_optimizer,
              ReweightingNetwork* network, Optimizer* phi_optimizer,
              const Method& method, const BilevelOptions& options);
  BilevelStep(const BilevelStep&) = delete;
  BilevelStep& operator=(const BilevelStep&) = delete;

  // One iteration. `validation` null: no outer step this time. With
  // `is_logged` false, an agreement that would cost a pass is left out. Returns
  // FailedPrecondition where the weights do not exist (all logits equal) or
  // where a loss or a gradient is not finite. Nothing has moved then, but for
  // theta where it is the outer step that fails.
  absl::StatusOr<StepReport> Run(const Patches& training,
                                 const Patches* validation,
                                 double learning_rate, bool is_logged = true);

  // What the outer steps remember. The inner steps of a window that has not had
  // its outer step are not part of it: a checkpoint belongs at a window's end.
  OuterState& outer_state() { return outer_state_; }

  // How the products are had, as records have it.
  std::string EngineName() const {
    return Unrolls() ? "hessian_vector" : options_.engine.Name();
  }

 private:
  // Differentiates through more than the newest step.
  bool Unrolls() const {
    return options_.unrolled_steps > 1 &&
           method_.phi_update == PhiUpdate::kPatchRewards;
  }
  // The weights that step theta. kMetaGradient looks at `validation`.
  absl::StatusOr<at::Tensor> StepWeightsFor(
      const std::optional<NetworkWeights>& own, const Patches* validation,
      PatchPass& pass, at::Tensor* meta_products);
  // Keeps the step for the window's outer step.
  void Remember(InnerStep step);

  Backbone& backbone_;
  Optimizer& theta_optimizer_;
  ReweightingNetwork* network_;
  const Method method_;
  const BilevelOptions options_;
  OuterState outer_state_;
  OuterStep outer_;
  std::vector<InnerStep> window_;  // Oldest first.
};

}  // namespace bild

#endif  // BILD_BILEVEL_STEP_H_
