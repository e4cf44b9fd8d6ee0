#include "benchmarks/micro/reference_steps.h"

#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/log_softmax.h"
#include "ATen/ops/std.h"
#include "c10/core/GradMode.h"
#include "torch/csrc/autograd/autograd.h"

namespace bild {
namespace {

// Of a scalar, as one vector in the order of the parameters.
at::Tensor Gradient(const at::Tensor& objective,
                    const ParameterSet& parameters) {
  std::vector<at::Tensor> flat;
  for (const at::Tensor& piece :
       torch::autograd::grad({objective}, parameters.leaves())) {
    flat.push_back(piece.flatten());
  }
  return at::cat(flat);
}

at::Tensor MeanLoss(const Backbone& backbone, const Patches& patches,
                    PatchLoss loss) {
  return PatchLosses(
             backbone.OutputToUnit(backbone.Forward(patches.hazy_input)),
             patches.clear01, loss)
      .mean();
}

void Descend(Optimizer& optimizer, ParameterSet& parameters,
             const at::Tensor& gradient, double learning_rate) {
  at::Tensor flat = parameters.flat();
  optimizer.Step(flat, gradient, learning_rate);
}

}  // namespace

void RunPlainStep(Backbone& backbone, Optimizer& theta_optimizer,
                  const Patches& training, PatchLoss loss,
                  double learning_rate) {
  Descend(theta_optimizer, backbone.parameters(),
          Gradient(MeanLoss(backbone, training, loss), backbone.parameters()),
          learning_rate);
}

at::Tensor RunFloorStep(Backbone& backbone, Optimizer& theta_optimizer,
                        ReweightingNetwork& network, Optimizer& phi_optimizer,
                        const Patches& training, const Patches& validation,
                        const at::Tensor& rewards, PatchLoss loss,
                        double learning_rate, double phi_learning_rate) {
  // The graph of phi stays alive until its backward: it is built once.
  const at::Tensor logits =
      network.Logits(training.hazy_input, training.clear01);
  const at::Tensor log_weights = at::log_softmax(
      (logits - logits.mean()) / at::std(logits, /*unbiased=*/true), 0);

  RunPlainStep(backbone, theta_optimizer, training, loss, learning_rate);
  const at::Tensor v =
      Gradient(MeanLoss(backbone, validation, loss), backbone.parameters());

  const at::Tensor held = log_weights.detach().exp() * rewards;
  const at::Tensor surrogate = -(held * log_weights).sum();
  Descend(phi_optimizer, network.parameters(),
          Gradient(surrogate, network.parameters()), phi_learning_rate);
  return v;
}

}  // namespace bild
