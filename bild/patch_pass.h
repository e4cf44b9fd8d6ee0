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
#include <string>

#include "ATen/core/Tensor.h"
#include "absl/status/statusor.h"
#include "backbones/backbone.h"
#include "bild/patch_loss.h"

namespace bild {

enum class RewardEngine {
  kInBackward,  // Per-patch gradients formed in the training backward.
  kLayerwise,   // Layer inputs and output gradients kept, multiplied out.
  kForward,     // One forward pass with tangent v at the same parameters.
};

// "in_backward", "layerwise", "forward"; "auto" is in_backward, or forward for
// a net that couples patches. InvalidArgument for anything else, for an
// engine that is not exact on this net, and for a net that cannot be trained.
absl::StatusOr<RewardEngine> ChooseRewardEngine(const std::string& text,
                                                const Backbone& backbone);
std::string RewardEngineName(RewardEngine engine);

// A batch of patches, on the backbone's device and in its dtype.
struct Patches {
  at::Tensor hazy_input;  // [B, 3, P, P], in the backbone's input form.
  at::Tensor clear01;     // [B, 3, P, P], in [0, 1].
};

class PatchPass {
 public:
  virtual ~PatchPass() = default;

  // l_i at the parameters of the pass, [B], detached.
  const at::Tensor& losses() const { return losses_; }

  // sum_i w_i grad l_i: weights [B] -> [P]. Call it before the parameters move.
  virtual at::Tensor WeightedGradient(const at::Tensor& weights) = 0;

  // a_i = <v, grad l_i> at the parameters of the pass, wherever they are now:
  // v [P] -> [B].
  virtual at::Tensor Products(const at::Tensor& v) = 0;

 protected:
  at::Tensor losses_;
};

// Runs the pass. `backbone` and `patches` must outlive it. Batch norms use the
// statistics of the batch here and in everything asked of the pass; their
// running statistics move once, in the pass itself.
std::unique_ptr<PatchPass> RunPatchPass(Backbone& backbone,
                                        const Patches& patches, PatchLoss loss,
                                        RewardEngine engine);

// The outer objective J_v = (1/M) sum_j l'_j at the present parameters. Batch
// norms use the statistics of these patches and keep their running ones.
struct ValidationGradient {
  double objective = 0.0;           // J_v.
  at::Tensor gradient;              // v, [P].
  std::optional<double> agreement;  // Cosine of the gradients of the first
                                    // floor(M/2) patches and of the rest; empty
                                    // for M < 2, where one of them is 0, and
                                    // with kForward, which has no parts.
};
ValidationGradient DifferentiateValidation(Backbone& backbone,
                                           const Patches& patches,
                                           PatchLoss loss, RewardEngine engine);

}  // namespace bild

#endif  // BILD_PATCH_PASS_H_
