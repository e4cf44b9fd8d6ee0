// What a training backward leaves behind for the rewards: per-patch parameter
// gradients, or the operands to multiply them out of.

#ifndef BACKBONES_PATCH_TAPE_H_
#define BACKBONES_PATCH_TAPE_H_

#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "ATen/core/Tensor.h"
#include "backbones/gradient_vector.h"
#include "backbones/layers.h"

namespace bild {

// Told by every layer's backward what it has in hand.
class LayerTape {
 public:
  virtual ~LayerTape() = default;
  virtual void Record(const Layer& layer, const at::Tensor& input,
                      const at::Tensor& output_gradient) = 0;
};

// One pass over B patches, made on the plain sum of the per-patch losses, so
// that what the tape holds for patch i belongs to loss i alone. Valid for nets
// whose layers treat every patch by itself.
class PatchTape final : public LayerTape {
 public:
  enum class Keep {
    kGradients,  // B * P numbers; nothing beside a pass. (`in_backward`)
    kOperands,   // Every layer's input and output gradient. (`layerwise`)
  };

  // `parameters` outlive the tape.
  PatchTape(Keep keep, const ParameterSet& parameters, int64_t patches);
  // The operands of these layers, the gradients of all others.
  PatchTape(const std::set<const Layer*>& operands,
            const ParameterSet& parameters, int64_t patches);

  void Record(const Layer& layer, const at::Tensor& input,
              const at::Tensor& output_gradient) override;

  // a_i = <v, gradient of loss i>: v [P] -> [B].
  at::Tensor Products(const at::Tensor& v) const;
  // sum_i w_i (gradient of loss i): w [B] -> [P].
  at::Tensor WeightedSum(const at::Tensor& weights) const;
  // [B, P], the gradients themselves, put together for this call. Where all are
  // kept.
  at::Tensor Gradients() const;

 private:
  struct Call {
    const Layer* layer;
    at::Tensor input;
    at::Tensor output_gradient;
  };
  // What is kept of one parameter.
  struct Piece {
    const Parameter* parameter;
    at::Tensor gradients;  // [B, numel]
  };

  bool KeepsOperands(const Layer& layer) const {
    return keep_ == Keep::kOperands || operands_.count(&layer) > 0;
  }
  void KeepGradients(const Parameter& parameter, const at::Tensor& gradients);

  Keep keep_;
  std::set<const Layer*> operands_;
  int64_t patches_;
  const ParameterSet& parameters_;
  // By offset and number, since a window of a parameter is one too. What the
  // layers gave, not copied.
  std::map<std::pair<int64_t, int64_t>, Piece> pieces_;
  std::vector<Call> calls_;
};

// The gradients of a sum of losses, over the first floor(B / 2) patches and
// over the rest: what a validation gradient and its agreement need, in 2 P
// numbers.
class HalvesTape final : public LayerTape {
 public:
  HalvesTape(const ParameterSet& parameters, int64_t patches);

  void Record(const Layer& layer, const at::Tensor& input,
              const at::Tensor& output_gradient) override;

  // [P] each, once: the first half's, zeros for B = 1, and the rest's.
  std::pair<at::Tensor, at::Tensor> Take();

 private:
  int64_t patches_;
  GradientVector first_;
  GradientVector rest_;
};

// While it lives, the layers of the set record on `tape` (null: plain).
class TapeScope {
 public:
  TapeScope(LayerSet& layers, LayerTape* tape)
      : layers_(layers), before_(layers.tape_) {
    layers_.tape_ = tape;
  }
  ~TapeScope() { layers_.tape_ = before_; }
  TapeScope(const TapeScope&) = delete;
  TapeScope& operator=(const TapeScope&) = delete;

 private:
  LayerSet& layers_;
  LayerTape* before_;
};

}  // namespace bild

#endif  // BACKBONES_PATCH_TAPE_H_
