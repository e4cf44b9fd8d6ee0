#include "bild/outer_step.h"

#include <cmath>
#include <utility>

#include "ATen/TensorOperators.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/full_like.h"
#include "absl/strings/str_cat.h"
#include "bild/base/status.h"
#include "c10/core/GradMode.h"
#include "c10/util/Exception.h"

namespace bild {
namespace {

// Share of the new reward in the published script's running baseline.
constexpr double kBaselineRate = 0.05;

bool IsFinite(const at::Tensor& tensor) {
  return tensor.isfinite().all().item<bool>();
}

std::optional<double> Cosine(const at::Tensor& a, const at::Tensor& b) {
  const double scale = a.norm().item<double>() * b.norm().item<double>();
  if (!(scale > 0)) return std::nullopt;
  return a.dot(b).item<double>() / scale;
}

// sum_i (w_i - 1/B) a_i.
double GainOf(const at::Tensor& weights, const at::Tensor& products) {
  const double uniform = 1.0 / static_cast<double>(weights.size(0));
  return ((weights - uniform) * products).sum().item<double>();
}

}  // namespace

absl::Status NotFinite(const std::string& what) {
  return absl::FailedPreconditionError(
      absl::StrCat(what,
                   " is not finite. Lower --learning_rate, or set "
                   "--clip_gradient_norm."));
}

OuterStep::OuterStep(Backbone& backbone,
                     const OptimizerOptions& theta_optimizer,
                     ReweightingNetwork* network, Optimizer* phi_optimizer,
                     const Method& method, const BilevelOptions& options,
                     OuterState& state)
    : backbone_(backbone),
      theta_options_(theta_optimizer),
      network_(network),
      phi_optimizer_(phi_optimizer),
      method_(method),
      options_(options),
      state_(state) {}

at::Tensor OuterStep::Smoothed(const at::Tensor& gradient) {
  const double rho = options_.validation_momentum;
  if (rho == 0) return gradient;
  at::Tensor& mean = state_.mean_validation_gradient;
  mean = mean.defined() ? mean * rho + gradient * (1.0 - rho) : gradient;
  return mean;
}

absl::StatusOr<OuterReport> OuterStep::Run(const InnerResult& inner,
                                           const Patches& validation,
                                           bool wants_agreement) {
  const ValidationGradient outer = DifferentiateValidation(
      backbone_, validation, options_.loss, wants_agreement);
  if (!std::isfinite(outer.objective) || !IsFinite(outer.gradient)) {
    return NotFinite("the validation loss or its gradient");
  }
  OuterReport report;
  report.validation_objective = outer.objective;
  report.agreement = outer.agreement;
  report.gradient_cosine = Cosine(inner.gradient, outer.gradient);

  // A method whose weights came from a gradient before the step has smoothed
  // that one; this look is for the log.
  const bool is_meta = inner.meta_products.defined();
  const std::vector<at::Tensor> products =
      Products(inner, is_meta ? outer.gradient : Smoothed(outer.gradient));
  report.products = products.back();
  for (const at::Tensor& a : products) {
    if (!IsFinite(a)) return NotFinite("a product of the validation gradient");
  }
  MeasureGain(inner, &report);

  const at::Tensor rewards = RewardsOf(inner, products);
  if (rewards.defined()) {
    const int64_t batch = report.products.size(0);
    report.rewards = rewards.narrow(0, rewards.size(0) - batch, batch);
    const at::Tensor centred = report.rewards - report.rewards.mean();
    report.reward_spread = centred.square().mean().sqrt().item<double>();
  }
  if (method_.updates_phi()) {
    BILD_RETURN_IF_ERROR(UpdatePhi(inner, rewards, &report));
  }
  return report;
}

std::vector<at::Tensor> OuterStep::Products(const InnerResult& inner,
                                            const at::Tensor& v) {
  if (inner.steps.size() == 1) {
    const InnerUpdate& update = inner.steps[0].update;
    UpdateAdjoint adjoint(options_.preconditioner, theta_options_,
                          update.learning_rate);
    return {inner.pass->Products(adjoint.Step(update, v))};
  }
  std::vector<at::Tensor> products;
  for (const UnrolledStep& step :
       Unroll(backbone_, inner.steps, options_.loss, options_.preconditioner,
              theta_options_, v)) {
    products.push_back(step.products);
  }
  return products;
}

// Before phi moves, on patches that it was not trained on.
void OuterStep::MeasureGain(const InnerResult& inner,
                            OuterReport* report) const {
  const at::Tensor& a = report->products;
  const double rms = a.to(at::kDouble).square().mean().sqrt().item<double>();
  report->gain = GainOf(inner.steps.back().weights, a);
  if (!(rms > 0)) return;
  report->normalised_gain = report->gain / rms;
  if (inner.own.has_value() && method_.step_weights != StepWeights::kNetwork) {
    report->own_normalised_gain = GainOf(inner.own->weights, a) / rms;
  }
}

at::Tensor OuterStep::RewardsOf(const InnerResult& inner,
                                const std::vector<at::Tensor>& products) {
  if (method_.phi_update == PhiUpdate::kScalarReward) {
    const at::Tensor& a = products.back();
    const double reward = a.mean().item<double>();
    double& baseline = state_.reward_baseline.has_value()
                           ? *state_.reward_baseline
                           : state_.reward_baseline.emplace(reward);
    baseline -= kBaselineRate * (baseline - reward);
    return at::full_like(a, reward - baseline);
  }
  if (inner.meta_products.defined()) return inner.meta_products;
  if (!inner.own.has_value()) return {};
  std::vector<at::Tensor> log_weights;
  for (const InnerStep& step : inner.steps) {
    log_weights.push_back(step.own_log_weights);
  }
  // One root mean square over all of them.
  return Rewards(at::cat(products), at::cat(log_weights), options_.reward);
}

absl::Status OuterStep::UpdatePhi(const InnerResult& inner,
                                  const at::Tensor& rewards,
                                  OuterReport* report) {
  // The published script takes the mean of its terms, not their sum.
  const bool is_mean = method_.phi_update == PhiUpdate::kScalarReward;
  BILD_ASSIGN_OR_RETURN(
      const SurrogateGradient gradient,
      DifferentiateWindow(
          inner,
          is_mean ? rewards / static_cast<double>(rewards.size(0)) : rewards));
  if (!std::isfinite(gradient.phi_norm)) {
    return NotFinite("the gradient of the reweighting network");
  }
  report->phi_gradient_norm = gradient.phi_norm;
  report->has_zero_phi_gradient = gradient.is_zero;
  const at::NoGradGuard no_grad;
  at::Tensor phi = network_->parameters().flat();
  phi_optimizer_->Step(phi, gradient.phi, options_.phi_learning_rate);
  return absl::OkStatus();
}

absl::StatusOr<SurrogateGradient> OuterStep::DifferentiateWindow(
    const InnerResult& inner, const at::Tensor& rewards) const {
  if (inner.own->logits.requires_grad()) {
    return DifferentiateSurrogate(*network_, *inner.own, rewards,
                                  options_.logit_norm);
  }
  // phi has not moved since: the graphs are made again, one at a time.
  SurrogateGradient sum;
  sum.is_zero = true;
  int64_t start = 0;
  for (const InnerStep& step : inner.steps) {
    BILD_ASSIGN_OR_RETURN(
        const NetworkWeights own,
        EvaluateWeights(*network_, step.patches.hazy_input,
                        step.patches.clear01, options_.logit_norm));
    const int64_t batch = own.weights.size(0);
    const SurrogateGradient term = DifferentiateSurrogate(
        *network_, own, rewards.narrow(0, start, batch), options_.logit_norm);
    sum.phi = sum.phi.defined() ? sum.phi + term.phi : term.phi;
    sum.is_zero = sum.is_zero && term.is_zero;
    start += batch;
  }
  sum.phi_norm = sum.phi.norm().item<double>();
  return sum;
}

}  // namespace bild
