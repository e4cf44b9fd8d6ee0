// One parametrised layer that can hand out every patch's own parameter
// gradient.
//
// Each layer works in one of three ways, and the net that holds it does not
// know which:
//
//   plain       ordinary operations: evaluation, autograd through the weights,
//               forward-mode AD, Hessian-vector products
//   recording   the layer's backward forms the weight and bias gradient of
//               every patch by itself instead of their sum, at the cost of the
//               sum, and leaves it on a tape
//   layer-wise  the backward leaves the layer's input and output gradient on
//               the tape; <movement of the output along v, output gradient> is
//               the patch's product with v, and no parameter gradient is formed
//
// The way is chosen by a TapeScope around the forward pass. A layer may be
// called several times in one pass; its parts add up.

#ifndef BACKBONES_LAYER_H_
#define BACKBONES_LAYER_H_

#include <cstdint>

#include "ATen/core/Tensor.h"
#include "backbones/parameter_set.h"

namespace bild {

class LayerSet;
class LayerTape;

// Of a layer's parameters: for every patch by itself, [B, weight.numel()] and
// [B, bias.numel()], or summed over the patches, in the parameters' shapes.
// `bias` is undefined for a layer without one.
struct ParameterGradients {
  at::Tensor weight;
  at::Tensor bias;
};

// A layer with a weight, and a bias or none. Its output is an affine function
// of both. B is the number of patches.
class Layer {
 public:
  // `bias` may be null.
  Layer(const LayerSet& set, Parameter* weight, Parameter* bias)
      : set_(set), weight_(weight), bias_(bias) {}
  virtual ~Layer() = default;
  Layer(const Layer&) = delete;
  Layer& operator=(const Layer&) = delete;

  // The layer's output, in the way that is set on its net.
  at::Tensor operator()(const at::Tensor& input) const;

  // The output for given parameters, in plain operations.
  virtual at::Tensor Apply(const at::Tensor& input, const at::Tensor& weight,
                           const at::Tensor& bias) const = 0;
  // How the output moves when the parameters move along (weight, bias): the
  // linear part of Apply(). The two are the same where no part is constant.
  virtual at::Tensor Movement(const at::Tensor& input, const at::Tensor& weight,
                              const at::Tensor& bias) const {
    return Apply(input, weight, bias);
  }
  // Gradient with respect to the input.
  virtual at::Tensor InputGradient(const at::Tensor& output_gradient,
                                   const at::Tensor& input,
                                   const at::Tensor& weight) const = 0;
  virtual ParameterGradients SummedGradients(const at::Tensor& output_gradient,
                                             const at::Tensor& input) const = 0;
  // The same with the weight's gradient written to `place`, of its shape, which
  // may hold anything. Returns the bias's.
  virtual at::Tensor WriteSummedGradients(const at::Tensor& output_gradient,
                                          const at::Tensor& input,
                                          const at::Tensor& place) const {
    const ParameterGradients gradients =
        SummedGradients(output_gradient, input);
    place.copy_(gradients.weight);
    return gradients.bias;
  }
  virtual ParameterGradients PatchGradients(const at::Tensor& output_gradient,
                                            const at::Tensor& input) const = 0;
  // `x`, the layer's input or output gradient, as it lies in memory where the
  // layer is fastest. The same numbers.
  virtual at::Tensor Arranged(const at::Tensor& x) const { return x; }
  // Multiply-adds of one call, biases and pointwise arithmetic not counted, as
  // papers count them (transposed convolutions by input pixels).
  virtual int64_t MultiplyAdds(const at::Tensor& input,
                               const at::Tensor& output) const = 0;

  // Where the layer's values lie in the flat vector; for a window into a larger
  // parameter, the window.
  const Parameter& weight() const { return *weight_; }
  bool has_bias() const { return bias_ != nullptr; }
  const Parameter& bias() const { return *bias_; }

 protected:
  // The weight that a forward pass uses, part of the autograd graph.
  virtual at::Tensor CurrentWeight() const { return weight_->value; }
  const LayerSet& set() const { return set_; }

 private:
  const LayerSet& set_;
  Parameter* weight_;
  Parameter* bias_;
};

// Told of every call of every layer of a net, in order of execution.
class LayerObserver {
 public:
  virtual ~LayerObserver() = default;
  virtual void Ran(const Layer& layer, const at::Tensor& input,
                   const at::Tensor& output) = 0;
};

}  // namespace bild

#endif  // BACKBONES_LAYER_H_
