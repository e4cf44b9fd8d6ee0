#include "bild/learning_weights.h"

#include <cmath>

#include "ATen/TensorOperators.h"
#include "ATen/ops/std.h"
#include "ATen/ops/where.h"
#include "ATen/ops/zeros_like.h"
#include "absl/strings/str_cat.h"

namespace bild {
namespace {

double Range(const at::Tensor& values) {
  return (values.max() - values.min()).item<double>();
}

// Equal but for rounding, which must not invent a correlation.
bool IsConstant(const at::Tensor& values) {
  return !(Range(values) > 1e-12 * values.abs().max().item<double>());
}

}  // namespace

absl::StatusOr<LogitNorm> ParseLogitNorm(const std::string& text) {
  if (text == "zscore") return LogitNorm::kZscore;
  if (text == "none") return LogitNorm::kNone;
  return absl::InvalidArgumentError(
      absl::StrCat("--logit_norm='", text, "': expected 'zscore' or 'none'."));
}

absl::Status CheckBatchForLogitNorm(int64_t batch, LogitNorm norm) {
  if (norm == LogitNorm::kNone || batch >= 3) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "--batch=", batch,
      " with --logit_norm=zscore: a z-score needs at least "
      "3 patches. With 2 the weights are the same whatever the reweighting "
      "network says, and its gradient is zero. Use --batch=4 or more, or "
      "--logit_norm=none."));
}

absl::StatusOr<at::Tensor> NormaliseLogits(const at::Tensor& logits,
                                           LogitNorm norm) {
  if (absl::Status status = CheckBatchForLogitNorm(logits.size(0), norm);
      !status.ok()) {
    return status;
  }
  if (!logits.isfinite().all().item<bool>()) {
    return absl::FailedPreconditionError(
        "the reweighting network gave a logit that is not finite. Lower its "
        "learning rate (--phi_learning_rate).");
  }
  if (norm == LogitNorm::kNone) return logits;
  const at::Tensor deviation = at::std(logits, /*unbiased=*/true);
  // Looked for in the range as well: the mean of equal numbers may differ from
  // them by rounding, and their deviation is then not 0 but 1e-17.
  if (Range(logits.detach()) == 0.0 || deviation.item<double>() == 0.0) {
    return absl::FailedPreconditionError(absl::StrCat(
        "all ", logits.size(0),
        " logits of the batch are equal, so their z-score does not exist. The "
        "patches are identical or the reweighting network is dead; use "
        "--logit_norm=none or another --seeds."));
  }
  return (logits - logits.mean()) / deviation;
}

WeightSummary SummariseWeights(const at::Tensor& weights,
                               const at::Tensor& losses) {
  const at::Tensor w = weights.detach().to(at::kCPU, at::kDouble);
  const at::Tensor l = losses.detach().to(at::kCPU, at::kDouble);
  WeightSummary summary;
  // w log w is 0 at w = 0.
  summary.entropy =
      -at::where(w.gt(0), w * w.log(), at::zeros_like(w)).sum().item<double>();
  const double squares = w.square().sum().item<double>();
  if (squares > 0) summary.effective_batch = 1.0 / squares;
  const at::Tensor dw = w - w.mean();
  const at::Tensor dl = l - l.mean();
  const double scale = std::sqrt(dw.square().sum().item<double>() *
                                 dl.square().sum().item<double>());
  if (scale > 0 && !IsConstant(w) && !IsConstant(l)) {
    summary.weight_loss_correlation = (dw * dl).sum().item<double>() / scale;
  }
  return summary;
}

}  // namespace bild
