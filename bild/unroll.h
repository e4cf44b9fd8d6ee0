// The outer gradient through several inner steps: what v at the end of a window
// is worth at each of its steps.
//
// With phi fixed over the steps s = 1..K, v_K = grad J_v(theta_K), and for
// s = K, ..., 1
//
//   c_s = (beta_s / beta_K) P_s v_s
//   a_i^(s) = <c_s, grad l_i^(s)(theta_{s-1})>
//   v_{s-1} = v_s - beta_K H_s c_s
//
// where H_s is the Hessian of J_w^(s) at theta_{s-1}, w^(s) constant. K = 1 is
// the paper's Markov assumption.

#ifndef BILD_UNROLL_H_
#define BILD_UNROLL_H_

#include <vector>

#include "ATen/core/Tensor.h"
#include "backbones/backbone.h"
#include "bild/patch_loss.h"
#include "bild/patch_pass.h"
#include "bild/preconditioner.h"

namespace bild {

// One inner step, as the outer gradient needs it.
struct InnerStep {
  Patches patches;             // Its batch.
  at::Tensor weights;          // That stepped theta, [B].
  at::Tensor own_log_weights;  // Log of the network's own w, [B].
  InnerUpdate update;
  at::Tensor parameters;  // theta_{s-1}, [P]. Read where a window has more
                          // steps than one.
};

// beta_K of a window, or, where that is 0 (the last step of a cosine schedule),
// the largest step size in it.
double ReferenceStepSize(const std::vector<InnerStep>& steps);

struct UnrolledStep {
  at::Tensor v;         // v_s, [P].
  at::Tensor products;  // a_i^(s), [B].
};

// Of every step, oldest first, as `steps`. Products and Hessian-vector product
// of a step come out of the same second differentiation of an ordinary graph at
// its parameters, which is exact for every net, batch norms on the statistics
// of their batch included. The present parameters keep their bits.
std::vector<UnrolledStep> Unroll(Backbone& backbone,
                                 const std::vector<InnerStep>& steps,
                                 PatchLoss loss, Preconditioner preconditioner,
                                 const OptimizerOptions& optimizer,
                                 const at::Tensor& v);

}  // namespace bild

#endif  // BILD_UNROLL_H_
