#include "bild/unroll.h"

#include <algorithm>

#include "ATen/TensorOperators.h"
#include "ATen/ops/zeros_like.h"
#include "bild/flat_gradient.h"
#include "c10/util/Exception.h"
#include "torch/csrc/autograd/autograd.h"

namespace bild {
namespace {

struct Replayed {
  at::Tensor products;        // <c, grad l_i>.
  at::Tensor hessian_vector;  // H c; undefined where it was not asked for.
};

// <c, grad_theta sum_i w_i l_i> is linear in w, with the products as its
// gradient; its gradient in theta is H c.
Replayed Replay(Backbone& backbone, const InnerStep& step, PatchLoss loss,
                const at::Tensor& c, bool wants_hessian) {
  const NormScope norm(backbone.layers(), NormStatistics::kBatch);
  const ValueScope at_the_step(backbone.parameters(), step.parameters);
  const std::vector<at::Tensor> leaves = backbone.parameters().leaves();
  const at::Tensor weights = step.weights.detach().requires_grad_();
  const at::Tensor objective =
      (weights * LossesOf(backbone, step.patches, loss)).sum();
  const at::Tensor gradient =
      FlatGradient(objective, leaves, {}, GraphAfter::kExtended);
  const at::Tensor along = gradient.dot(c);
  std::vector<at::Tensor> inputs = {weights};
  if (wants_hessian) inputs.insert(inputs.end(), leaves.begin(), leaves.end());
  Replayed replayed;
  const at::Tensor both = FlatGradient(along, inputs);
  const int64_t patches = weights.size(0);
  replayed.products = both.narrow(0, 0, patches);
  if (wants_hessian) {
    replayed.hessian_vector = both.narrow(0, patches, both.size(0) - patches);
  }
  return replayed;
}

}  // namespace

double ReferenceStepSize(const std::vector<InnerStep>& steps) {
  const double newest = steps.back().update.learning_rate;
  if (newest > 0) return newest;
  double largest = 0.0;
  for (const InnerStep& step : steps) {
    largest = std::max(largest, step.update.learning_rate);
  }
  return largest;
}

std::vector<UnrolledStep> Unroll(Backbone& backbone,
                                 const std::vector<InnerStep>& steps,
                                 PatchLoss loss, Preconditioner preconditioner,
                                 const OptimizerOptions& optimizer,
                                 const at::Tensor& v) {
  TORCH_CHECK(!steps.empty(), "a window has at least one step");
  const double beta = ReferenceStepSize(steps);
  UpdateAdjoint adjoint(preconditioner, optimizer, beta);
  std::vector<UnrolledStep> unrolled(steps.size());
  at::Tensor v_s = v;
  for (size_t s = steps.size(); s-- > 0;) {
    const Replayed replayed =
        Replay(backbone, steps[s], loss, adjoint.Step(steps[s].update, v_s),
               /*wants_hessian=*/s > 0);
    unrolled[s] = {v_s, replayed.products};
    if (s > 0) v_s = v_s - replayed.hessian_vector * beta;
  }
  return unrolled;
}

}  // namespace bild
