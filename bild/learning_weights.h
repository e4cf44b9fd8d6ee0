// From logits to the learning weights w of a batch, and what can be said of w.

#ifndef BILD_LEARNING_WEIGHTS_H_
#define BILD_LEARNING_WEIGHTS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "ATen/core/Tensor.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace bild {

enum class LogitNorm {
  kZscore,  // z = (s - mean) / std, divisor B - 1, no epsilon (the authors').
  kNone,    // z = s.
};

absl::StatusOr<LogitNorm> ParseLogitNorm(const std::string& text);

// The z-score needs three patches: with two, z is +-1/sqrt(2) whatever the
// network says and its gradient is zero.
absl::Status CheckBatchForLogitNorm(int64_t batch, LogitNorm norm);

// z, what the softmax receives. Logits [B], differentiable. InvalidArgument for
// B <= 2 with a z-score; FailedPrecondition where all logits are equal (their
// standard deviation is 0) or one is not finite.
absl::StatusOr<at::Tensor> NormaliseLogits(const at::Tensor& logits,
                                           LogitNorm norm);

// What a batch's weights look like. Empty `weight_loss_correlation` where
// either side is constant.
struct WeightSummary {
  double entropy = 0.0;                           // H(w) = -sum w log w, nats.
  double effective_batch = 0.0;                   // 1 / sum w^2.
  std::optional<double> weight_loss_correlation;  // Pearson's, w with l_i.
};

// weights, losses: [B]; computed in float64.
WeightSummary SummariseWeights(const at::Tensor& weights,
                               const at::Tensor& losses);

}  // namespace bild

#endif  // BILD_LEARNING_WEIGHTS_H_
