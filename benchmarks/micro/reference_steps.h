// The steps that the cost of a method is held against, in ordinary autograd:
// no layer records, no patch has a gradient of its own, nothing is watched.

#ifndef BENCHMARKS_MICRO_REFERENCE_STEPS_H_
#define BENCHMARKS_MICRO_REFERENCE_STEPS_H_

#include "ATen/core/Tensor.h"
#include "backbones/backbone.h"
#include "bild/optimizer.h"
#include "bild/patch_loss.h"
#include "bild/patch_pass.h"
#include "bild/reweighting_network.h"

namespace bild {

// Plain training: forward and backward of the mean loss, step of theta.
void RunPlainStep(Backbone& backbone, Optimizer& theta_optimizer,
                  const Patches& training, PatchLoss loss,
                  double learning_rate);

// What every first-order bi-level step has to do, with the rewards for nothing:
// forward of the reweighting network, forward and backward of the training
// batch without weights, step of theta, forward and backward of the validation
// batch, backward and step of the reweighting network with given rewards [B].
//
// Returns v, the gradient of the validation objective, [P].
at::Tensor RunFloorStep(Backbone& backbone, Optimizer& theta_optimizer,
                        ReweightingNetwork& network, Optimizer& phi_optimizer,
                        const Patches& training, const Patches& validation,
                        const at::Tensor& rewards, PatchLoss loss,
                        double learning_rate, double phi_learning_rate);

}  // namespace bild

#endif  // BENCHMARKS_MICRO_REFERENCE_STEPS_H_
