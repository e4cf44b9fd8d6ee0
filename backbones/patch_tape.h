// What a training backward leaves behind for the rewards: per-patch parameter
// gradients, or the operands to multiply them out of.

#ifndef BACKBONES_PATCH_TAPE_H_
#define BACKBONES_PATCH_TAPE_H_

#include <cstdint>
#include <vector>

#include "ATen/core/Tensor.h"
#include "backbones/layers.h"

namespace bild {

// One pass over B patches, made on the plain sum of the per-patch losses, so
// that what the tape holds for patch i belongs to loss i alone. Valid for nets
// whose layers treat every patch by itself.
class PatchTape {
 public:
  enum class Keep {
    kGradients,  // B * P numbers; nothing beside a pass. (`in_backward`)
    kOperands,   // Every layer's input and output gradient. (`layerwise`)
  };

  PatchTape(Keep keep, const ParameterSet& parameters, int64_t patches);

  // Called by a layer's backward.
  void Record(const Layer& layer, const at::Tensor& input,
              const at::Tensor& output_gradient);

  // a_i = <v, gradient of loss i>: v [P] -> [B].
  at::Tensor Products(const at::Tensor& v) const;
  // sum_i w_i (gradient of loss i): w [B] -> [P].
  at::Tensor WeightedSum(const at::Tensor& weights) const;
  // [B, P], the gradients themselves. kGradients only.
  const at::Tensor& gradients() const;

 private:
  struct Call {
    const Layer* layer;
    at::Tensor input;
    at::Tensor output_gradient;
  };
  Keep keep_;
  int64_t patches_;
  int64_t size_;
  at::Tensor gradients_;
  std::vector<Call> calls_;
};

// While it lives, the layers of the set record on `tape` (null: plain).
class TapeScope {
 public:
  TapeScope(LayerSet& layers, PatchTape* tape)
      : layers_(layers), before_(layers.tape_) {
    layers_.tape_ = tape;
  }
  ~TapeScope() { layers_.tape_ = before_; }
  TapeScope(const TapeScope&) = delete;
  TapeScope& operator=(const TapeScope&) = delete;

 private:
  LayerSet& layers_;
  PatchTape* before_;
};

}  // namespace bild

#endif  // BACKBONES_PATCH_TAPE_H_
