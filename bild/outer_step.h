// The outer half of a step: validation gradient, products, rewards, and the
// step of phi.
//
// Supplement of "Boosting Supervised Dehazing Methods via Bi-Level Patch
// Reweighting" (ECCV 2022), eq. 6h.

#ifndef BILD_OUTER_STEP_H_
#define BILD_OUTER_STEP_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "ATen/core/Tensor.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "backbones/backbone.h"
#include "bild/learning_weights.h"
#include "bild/methods.h"
#include "bild/optimizer.h"
#include "bild/patch_loss.h"
#include "bild/patch_pass.h"
#include "bild/preconditioner.h"
#include "bild/rewards.h"
#include "bild/reweighting_network.h"
#include "bild/unroll.h"

namespace bild {

struct BilevelOptions {
  PatchLoss loss = PatchLoss::kL1;
  LogitNorm logit_norm = LogitNorm::kZscore;
  RewardOptions reward;
  RewardPlan engine;
  // Theta's gradient is scaled down to this l2 norm; 0: never. Not
  // differentiated through.
  double clip_gradient_norm = 0.0;
  double phi_learning_rate = 1e-3;
  Preconditioner preconditioner = Preconditioner::kIdentity;
  // T: an outer step differentiates through the newest T inner steps since the
  // last one (all there are, where they are fewer). 1: the paper.
  int64_t unrolled_steps = 1;
  // rho: v is the running mean rho v + (1 - rho) grad J_v, from the first
  // gradient on.
  double validation_momentum = 0.0;
  // Of StepWeights::kShuffled: pi of a step, counted from 0, for a batch.
  std::function<std::vector<int64_t>(int64_t step, int64_t batch)> permutation;
};

// What outer steps remember, beside the parameters and the optimisers.
struct OuterState {
  std::optional<double> reward_baseline;  // PhiUpdate::kScalarReward: b.
  at::Tensor mean_validation_gradient;    // [P]; undefined before the first.
};

// What an outer step (or, for a method that only watches, a look at the
// validation patches) found.
struct OuterReport {
  double validation_objective = 0.0;  // J_v(theta_t).
  at::Tensor products;                // a_i of the newest inner step, [B].
  // R_i of the newest inner step, [B]; r - b for kScalarReward, the products
  // that made the weights for kMetaGradient; undefined where there are none.
  at::Tensor rewards;
  std::optional<double> reward_spread;  // Their deviation, divisor B.
  double gain = 0.0;                    // G = sum_i (w_i - 1/B) a_i.
  // G / sqrt(mean a^2); empty where every a_i is 0.
  std::optional<double> normalised_gain;
  // The normalised gain of the network's own w where others stepped theta.
  std::optional<double> own_normalised_gain;
  std::optional<double> agreement;
  // Cosine of grad J_w(theta_{t-1}) and grad J_v(theta_t).
  std::optional<double> gradient_cosine;
  // Of the surrogate; empty unless the method updates phi.
  std::optional<double> phi_gradient_norm;
  bool has_zero_phi_gradient = false;
};

// What the inner steps since the last outer step left.
struct InnerResult {
  // The newest ones that count, oldest first.
  std::vector<InnerStep> steps;
  PatchPass* pass = nullptr;  // Of the newest.
  at::Tensor gradient;        // Of the newest's J_w, up to a factor; [P].
  // Of the newest, with its graph where no more than that is differentiated.
  std::optional<NetworkWeights> own;
  at::Tensor meta_products;  // Of kMetaGradient.
};

class OuterStep {
 public:
  // Everything must outlive it; `state` is written to.
  OuterStep(Backbone& backbone, const OptimizerOptions& theta_optimizer,
            ReweightingNetwork* network, Optimizer* phi_optimizer,
            const Method& method, const BilevelOptions& options,
            OuterState& state);

  // v for the method's own use: the present gradient or the running mean.
  at::Tensor Smoothed(const at::Tensor& gradient);

  // FailedPrecondition where a loss or a gradient is not finite; phi has not
  // moved then.
  absl::StatusOr<OuterReport> Run(const InnerResult& inner,
                                  const Patches& validation,
                                  bool wants_agreement);

 private:
  // a_i^(s) of every step, oldest first.
  std::vector<at::Tensor> Products(const InnerResult& inner,
                                   const at::Tensor& v);
  void MeasureGain(const InnerResult& inner, OuterReport* report) const;
  // Rewards of every step, [T B], by the method; undefined without any.
  at::Tensor RewardsOf(const InnerResult& inner,
                       const std::vector<at::Tensor>& products);
  absl::Status UpdatePhi(const InnerResult& inner, const at::Tensor& rewards,
                         OuterReport* report);
  absl::StatusOr<SurrogateGradient> DifferentiateWindow(
      const InnerResult& inner, const at::Tensor& rewards) const;

  Backbone& backbone_;
  const OptimizerOptions theta_options_;
  ReweightingNetwork* network_;
  Optimizer* phi_optimizer_;
  const Method& method_;
  const BilevelOptions& options_;
  OuterState& state_;
};

// "the training loss is not finite. Lower ...".
absl::Status NotFinite(const std::string& what);

}  // namespace bild

#endif  // BILD_OUTER_STEP_H_
