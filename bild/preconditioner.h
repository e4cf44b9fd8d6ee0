// How the inner optimiser's step moves with the gradient it was given: what the
// outer gradient multiplies the per-patch gradients with.
//
// With plain gradient descent a step is -beta g, and a_i = <v, grad l_i>. With
// Adam or momentum it is not, and v has to go backwards through the update
// first: c = P v, a_i = <c, grad l_i>.

#ifndef BILD_PRECONDITIONER_H_
#define BILD_PRECONDITIONER_H_

#include <cstdint>
#include <string>

#include "ATen/core/Tensor.h"
#include "absl/status/statusor.h"
#include "bild/optimizer.h"

namespace bild {

enum class Preconditioner {
  kIdentity,  // P = 1, as the paper has it whatever the optimiser.
  // Adam: the root of the second moment held constant, of the first moment only
  // the present gradient's share: P = (1 - b1) / ((1 - b1^t) (sqrt(uh) + eps)).
  kFrozen,
  kExact,  // The full derivative, earlier steps of a window included.
};

absl::StatusOr<Preconditioner> ParsePreconditioner(const std::string& text);

// One update as its derivative needs it. The tensors, [P], are read by kFrozen
// and kExact with Adam; they may be the optimiser's own.
struct InnerUpdate {
  double learning_rate = 0.0;  // beta_s.
  int64_t step = 0;            // t, from 1.
  at::Tensor gradient;       // What entered the optimiser: clipped and decayed.
  at::Tensor first_moment;   // After the step.
  at::Tensor second_moment;  // After the step.
};

// Makes one step and says what of it the derivative will need. `owns` true: the
// record outlives the optimiser's next step.
InnerUpdate StepAndRecord(Optimizer& optimizer, Preconditioner preconditioner,
                          at::Tensor& parameters, const at::Tensor& gradient,
                          double learning_rate, bool owns);

// Goes backwards through the updates of a window, newest first. Weight decay
// and clipping are not differentiated.
class UpdateAdjoint {
 public:
  // `beta`: the step size in whose units v and the products are, beta_K.
  UpdateAdjoint(Preconditioner preconditioner, const OptimizerOptions& options,
                double beta);

  // c_s = (beta_s / beta_K) P_s v_s; [P].
  at::Tensor Step(const InnerUpdate& update, const at::Tensor& v);

 private:
  at::Tensor AdamStep(const InnerUpdate& update, const at::Tensor& scaled);

  const Preconditioner preconditioner_;
  const OptimizerOptions options_;
  const double beta_;
  // What later steps owe to the moments that a step left; undefined at first.
  at::Tensor first_adjoint_;
  at::Tensor second_adjoint_;
};

}  // namespace bild

#endif  // BILD_PRECONDITIONER_H_
