#include "bild/bilevel_step.h"

#include <cmath>
#include <memory>
#include <string>
#include <utility>

#include "ATen/TensorOperators.h"
#include "ATen/ops/full_like.h"
#include "ATen/ops/tensor.h"
#include "ATen/ops/zeros_like.h"
#include "bild/base/status.h"
#include "c10/core/GradMode.h"
#include "c10/util/Exception.h"

namespace bild {

BilevelStep::BilevelStep(Backbone& backbone, Optimizer& theta_optimizer,
                         ReweightingNetwork* network, Optimizer* phi_optimizer,
                         const Method& method, const BilevelOptions& options)
    : backbone_(backbone),
      theta_optimizer_(theta_optimizer),
      network_(network),
      method_(method),
      options_(options),
      outer_(backbone, theta_optimizer.options(), network, phi_optimizer,
             method_, options_, outer_state_) {
  TORCH_CHECK(!method.needs_network() || network != nullptr, "method '",
              method.name, "' needs a reweighting network");
  TORCH_CHECK(!method.updates_phi() || phi_optimizer != nullptr, "method '",
              method.name, "' needs an optimiser for it");
  TORCH_CHECK(method.step_weights != StepWeights::kShuffled ||
                  options.permutation != nullptr,
              "method '", method.name, "' needs permutations");
}

absl::StatusOr<StepReport> BilevelStep::Run(const Patches& training,
                                            const Patches* validation,
                                            double learning_rate,
                                            bool is_logged) {
  const bool has_outer = validation != nullptr && method_.sees_validation;
  InnerResult inner;

  // 1. The weights, from phi held constant.
  if (network_ != nullptr && method_.needs_network()) {
    // The graph is kept only where the outer step will use it.
    const c10::AutoGradMode with_graph(has_outer && method_.updates_phi() &&
                                       !Unrolls());
    BILD_ASSIGN_OR_RETURN(
        inner.own, EvaluateWeights(*network_, training.hazy_input,
                                   training.clear01, options_.logit_norm));
  }

  // The pass on the plain sum of the losses, and the inner step (eq. 5).
  const std::unique_ptr<PatchPass> pass =
      RunPatchPass(backbone_, training, options_.loss, options_.engine);
  inner.pass = pass.get();
  StepReport report;
  report.losses = pass->losses();
  report.mean_loss = report.losses.mean().item<double>();
  if (!std::isfinite(report.mean_loss)) return NotFinite("the training loss");
  BILD_ASSIGN_OR_RETURN(
      report.weights,
      StepWeightsFor(inner.own, validation, *pass, &inner.meta_products));
  report.training_objective =
      (report.weights * report.losses).sum().item<double>();
  inner.gradient = pass->WeightedGradient(report.weights);
  if (!inner.gradient.isfinite().all().item<bool>()) {
    return NotFinite("the gradient of the training loss");
  }
  if (options_.clip_gradient_norm > 0) {
    ClipGradientNorm(inner.gradient, options_.clip_gradient_norm);
  }
  InnerStep step;
  step.weights = report.weights;
  if (inner.own.has_value()) step.own_log_weights = inner.own->log_weights;
  at::Tensor parameters = backbone_.parameters().flat();
  if (Unrolls()) {
    step.patches = training;
    step.parameters = parameters.detach().clone();
  }
  step.update =
      StepAndRecord(theta_optimizer_, options_.preconditioner, parameters,
                    inner.gradient, learning_rate, /*owns=*/Unrolls());
  report.summary = SummariseWeights(report.weights, report.losses);
  Remember(std::move(step));

  if (has_outer) {
    inner.steps = std::move(window_);
    window_.clear();
    BILD_ASSIGN_OR_RETURN(report.outer,
                          outer_.Run(inner, *validation, is_logged));
  }
  return report;
}

absl::StatusOr<at::Tensor> BilevelStep::StepWeightsFor(
    const std::optional<NetworkWeights>& own, const Patches* validation,
    PatchPass& pass, at::Tensor* meta_products) {
  const at::Tensor& losses = pass.losses();
  switch (method_.step_weights) {
    case StepWeights::kUniform:
      break;
    case StepWeights::kNetwork:
      return own->weights;
    case StepWeights::kShuffled: {
      const std::vector<int64_t> order =
          options_.permutation(theta_optimizer_.steps(), losses.size(0));
      return own->weights.index_select(
          0, at::tensor(order, losses.options().dtype(at::kLong)));
    }
    case StepWeights::kMetaGradient: {
      TORCH_CHECK(validation != nullptr, "method '", method_.name,
                  "' needs validation patches at every step");
      const ValidationGradient before =
          DifferentiateValidation(backbone_, *validation, options_.loss,
                                  /*wants_agreement=*/false);
      if (!std::isfinite(before.objective) ||
          !before.gradient.isfinite().all().item<bool>()) {
        return NotFinite("the validation loss or its gradient");
      }
      *meta_products = pass.Products(outer_.Smoothed(before.gradient));
      const at::Tensor positive = meta_products->clamp_min(0);
      const at::Tensor sum = positive.sum();
      if (!(sum.item<double>() > 0)) return at::zeros_like(positive);
      return positive / sum;
    }
  }
  return at::full_like(losses, 1.0 / static_cast<double>(losses.size(0)));
}

void BilevelStep::Remember(InnerStep step) {
  const size_t most =
      Unrolls() ? static_cast<size_t>(options_.unrolled_steps) : 1;
  if (window_.size() == most) window_.erase(window_.begin());
  window_.push_back(std::move(step));
}

}  // namespace bild
