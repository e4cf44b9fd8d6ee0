// One pass of a batch through the backbone at fixed parameters, on the plain
// sum of the per-patch losses: what a step needs of it afterwards is
//
//   sum_i w_i grad l_i       the direction that steps theta, for any w
//   a_i = <v, grad l_i>      the products that reward the patches, for any v
//
// and how these are had is the reward engine.

#ifndef BILD_PATCH_PASS_H_
#define BILD_PATCH_PASS_H_

#include <memory>
#include <optional>

#include "ATen/core/Tensor.h"
#include "backbones/backbone.h"
#include "bild/patch_loss.h"
#include "bild/reward_engine.h"

namespace bild {

// A batch of patches, on the backbone's device and in its dtype.
struct Patches {
  at::Tensor hazy_input;  // [B, 3, P, P], in the backbone's input form.
  at::Tensor clear01;     // [B, 3, P, P], in [0, 1].
};

// l_i: [B], with whatever graph the net's present way leaves.
at::Tensor LossesOf(const Backbone& backbone, const Patches& patches,
                    PatchLoss loss);

class PatchPass {
 public:
  virtual ~PatchPass() = default;

  // l_i at the parameters of the pass, [B], detached.
  const at::Tensor& losses() const { return losses_; }

  // sum_i w_i grad l_i: weights [B] -> [P]. Call it once, before the parameters
  // move.
  virtual at::Tensor WeightedGradient(const at::Tensor& weights) = 0;

  // a_i = <v, grad l_i> at the parameters of the pass, wherever they are now:
  // v [P] -> [B]. The parameters keep their bits.
  virtual at::Tensor Products(const at::Tensor& v) = 0;

 protected:
  at::Tensor losses_;
};

// Runs the pass. `backbone` and `patches` must outlive it. Batch norms use the
// statistics of the batch here and in everything asked of the pass; their
// running statistics move once, in the pass itself.
std::unique_ptr<PatchPass> RunPatchPass(Backbone& backbone,
                                        const Patches& patches, PatchLoss loss,
                                        const RewardPlan& plan);

// The outer objective J_v = (1/M) sum_j l'_j at the present parameters, the
// same whatever the engine. Batch norms use the statistics of these patches and
// keep their running ones.
struct ValidationGradient {
  double objective = 0.0;           // J_v.
  at::Tensor gradient;              // v, [P].
  std::optional<double> agreement;  // Cosine of the gradients of the first
                                    // floor(M/2) patches and of the rest; empty
                                    // for M < 2 and where one of them is 0.
};
// A net that couples patches pays one backward pass more for the agreement,
// all others have it for nothing; without `wants_agreement` it is left out
// there. The gradient has the same bits with and without.
ValidationGradient DifferentiateValidation(Backbone& backbone,
                                           const Patches& patches,
                                           PatchLoss loss,
                                           bool wants_agreement = true);

}  // namespace bild

#endif  // BILD_PATCH_PASS_H_
