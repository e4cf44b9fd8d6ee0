#include "bild/preconditioner.h"

#include <cmath>

#include "ATen/TensorOperators.h"
#include "ATen/ops/add.h"
#include "ATen/ops/where.h"
#include "ATen/ops/zeros_like.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "c10/core/GradMode.h"

namespace bild {

absl::StatusOr<Preconditioner> ParsePreconditioner(const std::string& text) {
  if (text == "identity") return Preconditioner::kIdentity;
  if (text == "frozen") return Preconditioner::kFrozen;
  if (text == "exact") return Preconditioner::kExact;
  return absl::InvalidArgumentError(
      absl::StrCat("--preconditioner='", text,
                   "': expected 'identity', 'frozen' or 'exact'."));
}

InnerUpdate StepAndRecord(Optimizer& optimizer, Preconditioner preconditioner,
                          at::Tensor& parameters, const at::Tensor& gradient,
                          double learning_rate, bool owns) {
  const at::NoGradGuard no_grad;
  InnerUpdate update;
  update.learning_rate = learning_rate;
  const auto* adam = dynamic_cast<const Adam*>(&optimizer);
  const bool reads_state =
      adam != nullptr && preconditioner != Preconditioner::kIdentity;
  if (reads_state) {
    update.gradient =
        optimizer.options().weight_decay == 0
            ? gradient
            : at::add(gradient, parameters, optimizer.options().weight_decay);
  }
  optimizer.Step(parameters, gradient, learning_rate);
  update.step = optimizer.steps();
  if (reads_state) {
    update.first_moment =
        owns ? adam->first_moment().clone() : adam->first_moment();
    update.second_moment =
        owns ? adam->second_moment().clone() : adam->second_moment();
  }
  return update;
}

UpdateAdjoint::UpdateAdjoint(Preconditioner preconditioner,
                             const OptimizerOptions& options, double beta)
    : preconditioner_(preconditioner), options_(options), beta_(beta) {}

at::Tensor UpdateAdjoint::Step(const InnerUpdate& update, const at::Tensor& v) {
  const at::NoGradGuard no_grad;
  // A window of steps of size 0 has no ratio; they are then all alike.
  const double ratio = beta_ > 0 ? update.learning_rate / beta_ : 1.0;
  const at::Tensor scaled = ratio == 1.0 ? v : v * ratio;
  if (preconditioner_ == Preconditioner::kIdentity) return scaled;
  if (options_.name == "adam") return AdamStep(update, scaled);
  // b_s = momentum b_{s-1} + g_s: of b_s the present gradient's share is 1.
  if (preconditioner_ == Preconditioner::kFrozen || options_.momentum == 0) {
    return scaled;
  }
  first_adjoint_ =
      first_adjoint_.defined() ? first_adjoint_ + scaled : scaled.clone();
  const at::Tensor c = first_adjoint_.clone();
  first_adjoint_.mul_(options_.momentum);
  return c;
}

at::Tensor UpdateAdjoint::AdamStep(const InnerUpdate& update,
                                   const at::Tensor& scaled) {
  const double t = static_cast<double>(update.step);
  const double correction1 = 1.0 - std::pow(options_.beta1, t);
  const double correction2 = 1.0 - std::pow(options_.beta2, t);
  const at::Tensor root = (update.second_moment / correction2).sqrt();
  const at::Tensor denominator = root + options_.epsilon;
  const at::Tensor direct = scaled / denominator / correction1;
  if (preconditioner_ == Preconditioner::kFrozen) {
    return direct * (1.0 - options_.beta1);
  }
  if (!first_adjoint_.defined()) {
    first_adjoint_ = at::zeros_like(scaled);
    second_adjoint_ = at::zeros_like(scaled);
  }
  first_adjoint_.add_(direct);
  // The root has no derivative at 0, where it is taken as 0.
  const at::Tensor through_root =
      at::where(root > 0,
                scaled * (update.first_moment / correction1) /
                    (root * denominator.square() * (2.0 * correction2)),
                at::zeros_like(root));
  second_adjoint_.sub_(through_root);
  const at::Tensor c =
      first_adjoint_ * (1.0 - options_.beta1) +
      second_adjoint_ * update.gradient * (2.0 * (1.0 - options_.beta2));
  first_adjoint_.mul_(options_.beta1);
  second_adjoint_.mul_(options_.beta2);
  return c;
}

}  // namespace bild
