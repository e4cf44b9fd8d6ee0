// One step of training, the same for every method: weights, inner step on
// theta, and every `outer_every`-th time the outer step on phi.
//
// Supplement of "Boosting Supervised Dehazing Methods via Bi-Level Patch
// Reweighting" (ECCV 2022), eq. 3, 5, 6h, under the Markov assumption.

#ifndef BILD_BILEVEL_STEP_H_
#define BILD_BILEVEL_STEP_H_

#include <optional>

#include "ATen/core/Tensor.h"
#include "absl/status/statusor.h"
#include "backbones/backbone.h"
#include "bild/learning_weights.h"
#include "bild/methods.h"
#include "bild/optimizer.h"
#include "bild/patch_loss.h"
#include "bild/patch_pass.h"
#include "bild/rewards.h"
#include "bild/reweighting_network.h"

namespace bild {

struct BilevelOptions {
  PatchLoss loss = PatchLoss::kL1;
  LogitNorm logit_norm = LogitNorm::kZscore;
  RewardOptions reward;
  RewardEngine engine = RewardEngine::kInBackward;
  // Theta's gradient is scaled down to this l2 norm; 0: never. Not
  // differentiated through.
  double clip_gradient_norm = 0.0;
  double phi_learning_rate = 1e-3;
};

// What an outer step (or, for a method that only watches, a look at the
// validation patches) found.
struct OuterReport {
  double validation_objective = 0.0;  // J_v(theta_t).
  at::Tensor products;                // a_i, [B].
  at::Tensor rewards;                 // R_i, [B]; undefined without phi.
  double gain = 0.0;                  // G = sum_i (w_i - 1/B) a_i.
  // G / sqrt(mean a^2); empty where every a_i is 0.
  std::optional<double> normalised_gain;
  std::optional<double> agreement;
  // Of the surrogate; empty unless the method updates phi.
  std::optional<double> phi_gradient_norm;
  bool has_zero_phi_gradient = false;
};

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

  // One iteration. `validation` null: no outer step this time. Returns
  // FailedPrecondition where the weights do not exist (all logits equal) or
  // where a loss or a gradient is not finite. Nothing has moved then, but for
  // theta where it is the outer step that fails.
  absl::StatusOr<StepReport> Run(const Patches& training,
                                 const Patches* validation,
                                 double learning_rate);

 private:
  absl::StatusOr<OuterReport> RunOuter(PatchPass& pass,
                                       const at::Tensor& weights,
                                       const std::optional<NetworkWeights>& own,
                                       const Patches& validation);

  Backbone& backbone_;
  Optimizer& theta_optimizer_;
  ReweightingNetwork* network_;
  Optimizer* phi_optimizer_;
  const Method method_;
  const BilevelOptions options_;
};

}  // namespace bild

#endif  // BILD_BILEVEL_STEP_H_
