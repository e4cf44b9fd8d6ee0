// From the products a_i to the rewards R_i and to the gradient of phi.
//
// Supplement of "Boosting Supervised Dehazing Methods via Bi-Level Patch
// Reweighting" (ECCV 2022), eq. 6h-6j; docs/method.md has the derivation.

#ifndef BILD_REWARDS_H_
#define BILD_REWARDS_H_

#include <string>

#include "ATen/core/Tensor.h"
#include "absl/status/statusor.h"
#include "bild/learning_weights.h"
#include "bild/reweighting_network.h"

namespace bild {

// The sign of the entropy term: the text of the paper and its equation differ.
enum class EntropyTerm {
  kMaximize,   // Omega = -H(w): R_i = a_i - alpha log w_i - alpha (the text).
  kLiteral6j,  // Omega = +H(w): R_i = a_i + alpha log w_i + alpha (eq. 6j).
};
absl::StatusOr<EntropyTerm> ParseEntropyTerm(const std::string& text);

enum class RewardScale {
  kNone,     // The paper's: alpha is in units of J_v / beta.
  kUnitRms,  // a / sqrt(mean a^2) first; a batch of zeros stays zero.
};
absl::StatusOr<RewardScale> ParseRewardScale(const std::string& text);

struct RewardOptions {
  double alpha = 0.01;
  EntropyTerm entropy = EntropyTerm::kMaximize;
  RewardScale scale = RewardScale::kUnitRms;
};

// R_i. products a [B], log_weights [B] of the network's own weights -> [B].
at::Tensor Rewards(const at::Tensor& products, const at::Tensor& log_weights,
                   const RewardOptions& options);

// One evaluation of the reweighting network, its graph kept for the outer step.
struct NetworkWeights {
  at::Tensor logits;       // s [B], with graph.
  at::Tensor log_weights;  // [B], detached.
  at::Tensor weights;      // w [B], detached, sums to 1.
};
absl::StatusOr<NetworkWeights> EvaluateWeights(
    const ReweightingNetwork& network, const at::Tensor& hazy_input,
    const at::Tensor& clear01, LogitNorm norm);

// The gradient of the surrogate  L(phi) = - sum_i stop(w_i R_i) log w_i(phi).
struct SurrogateGradient {
  at::Tensor softmax_input;  // dL/dz_i = -w_i (R_i - sum_j w_j R_j), [B].
  at::Tensor logits;         // dL/ds_i, [B].
  at::Tensor phi;            // [size of phi].
  double phi_norm = 0.0;     // l2.
  // A gradient that is zero but for rounding: |grad| = 0, or
  // max |dL/ds_i| std(s) <= tolerance * max |w_i R_i|, where the tolerance is
  // 1e-6 in float32 and 1e-12 in float64, and std(s) is 1 without z-score.
  bool is_zero = false;
};

// Consumes the graph of `evaluated`.
SurrogateGradient DifferentiateSurrogate(const ReweightingNetwork& network,
                                         const NetworkWeights& evaluated,
                                         const at::Tensor& rewards,
                                         LogitNorm norm);

}  // namespace bild

#endif  // BILD_REWARDS_H_
