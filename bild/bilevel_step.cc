#include "bild/bilevel_step.h"

#include <cmath>
#include <memory>
#include <utility>

#include "ATen/TensorOperators.h"
#include "ATen/ops/full.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "bild/base/status.h"
#include "c10/core/GradMode.h"
#include "c10/util/Exception.h"

namespace bild {
namespace {

bool IsFinite(const at::Tensor& tensor) {
  return tensor.isfinite().all().item<bool>();
}

absl::Status NotFinite(const std::string& what) {
  return absl::FailedPreconditionError(
      absl::StrCat(what,
                   " is not finite. Lower --learning_rate, or set "
                   "--clip_gradient_norm."));
}

}  // namespace

BilevelStep::BilevelStep(Backbone& backbone, Optimizer& theta_optimizer,
                         ReweightingNetwork* network, Optimizer* phi_optimizer,
                         const Method& method, const BilevelOptions& options)
    : backbone_(backbone),
      theta_optimizer_(theta_optimizer),
      network_(network),
      phi_optimizer_(phi_optimizer),
      method_(method),
      options_(options) {
  const bool needs_network =
      method.step_weights == StepWeights::kNetwork || method.updates_phi;
  TORCH_CHECK(!needs_network || network != nullptr, "method '", method.name,
              "' needs a reweighting network");
  TORCH_CHECK(!method.updates_phi || phi_optimizer != nullptr, "method '",
              method.name, "' needs an optimiser for it");
}

absl::StatusOr<StepReport> BilevelStep::Run(const Patches& training,
                                            const Patches* validation,
                                            double learning_rate) {
  const bool has_outer = validation != nullptr && method_.sees_validation;
  StepReport report;

  // 1. The weights, from phi held constant.
  std::optional<NetworkWeights> own;
  if (network_ != nullptr &&
      (method_.step_weights == StepWeights::kNetwork || method_.updates_phi)) {
    // The graph is kept only where the outer step will use it.
    const c10::AutoGradMode with_graph(has_outer && method_.updates_phi);
    BILD_ASSIGN_OR_RETURN(
        own, EvaluateWeights(*network_, training.hazy_input, training.clear01,
                             options_.logit_norm));
  }
  const int64_t batch = training.hazy_input.size(0);
  report.weights = method_.step_weights == StepWeights::kNetwork
                       ? own->weights
                       : at::full({batch}, 1.0 / static_cast<double>(batch),
                                  training.hazy_input.options());

  // The pass on the plain sum of the losses, and the inner step (eq. 5).
  const std::unique_ptr<PatchPass> pass =
      RunPatchPass(backbone_, training, options_.loss, options_.engine);
  report.losses = pass->losses();
  report.mean_loss = report.losses.mean().item<double>();
  report.training_objective =
      (report.weights * report.losses).sum().item<double>();
  if (!std::isfinite(report.training_objective)) {
    return NotFinite("the training loss");
  }
  at::Tensor gradient = pass->WeightedGradient(report.weights);
  if (!IsFinite(gradient))
    return NotFinite("the gradient of the training loss");
  if (options_.clip_gradient_norm > 0) {
    ClipGradientNorm(gradient, options_.clip_gradient_norm);
  }
  {
    const at::NoGradGuard no_grad;
    at::Tensor parameters = backbone_.parameters().flat();
    theta_optimizer_.Step(parameters, gradient, learning_rate);
  }
  gradient = at::Tensor();
  report.summary = SummariseWeights(report.weights, report.losses);

  if (has_outer) {
    BILD_ASSIGN_OR_RETURN(report.outer,
                          RunOuter(*pass, report.weights, own, *validation));
  }
  return report;
}

absl::StatusOr<OuterReport> BilevelStep::RunOuter(
    PatchPass& pass, const at::Tensor& weights,
    const std::optional<NetworkWeights>& own, const Patches& validation) {
  OuterReport report;

  // 2. v = grad J_v after the step; 3. a_i at the parameters before it.
  const ValidationGradient outer = DifferentiateValidation(
      backbone_, validation, options_.loss, options_.engine);
  report.validation_objective = outer.objective;
  report.agreement = outer.agreement;
  report.products = pass.Products(outer.gradient);
  if (!std::isfinite(outer.objective) || !IsFinite(report.products)) {
    return NotFinite("the validation loss or its gradient");
  }

  // The weight gain, before phi moves.
  const double rms =
      report.products.to(at::kDouble).square().mean().sqrt().item<double>();
  const double uniform = 1.0 / static_cast<double>(weights.size(0));
  report.gain = ((weights - uniform) * report.products).sum().item<double>();
  if (rms > 0) report.normalised_gain = report.gain / rms;

  // 4. The rewards; 5. the step of phi.
  if (own.has_value()) {
    report.rewards =
        Rewards(report.products, own->log_weights, options_.reward);
  }
  if (method_.updates_phi) {
    const SurrogateGradient gradient = DifferentiateSurrogate(
        *network_, *own, report.rewards, options_.logit_norm);
    if (!std::isfinite(gradient.phi_norm)) {
      return NotFinite("the gradient of the reweighting network");
    }
    report.phi_gradient_norm = gradient.phi_norm;
    report.has_zero_phi_gradient = gradient.is_zero;
    const at::NoGradGuard no_grad;
    at::Tensor phi = network_->parameters().flat();
    phi_optimizer_->Step(phi, gradient.phi, options_.phi_learning_rate);
  }
  return report;
}

}  // namespace bild
