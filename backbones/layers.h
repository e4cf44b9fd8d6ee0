// Parametrised layers that can hand out every patch's own parameter gradient.
//
// A backbone is written with these as its paper draws it. Each layer works in
// one of three ways, and the net that holds it does not know which:
//
//   plain       ordinary operations: evaluation, autograd through the weights,
//               forward-mode AD, Hessian-vector products
//   recording   the layer's backward forms the weight and bias gradient of
//               every patch by itself instead of their sum, at the cost of the
//               sum, and leaves it on a PatchTape
//   layer-wise  the backward leaves the layer's input and output gradient on
//               the tape; <movement of the output along v, output gradient> is
//               the patch's product with v, and no parameter gradient is formed
//
// The way is chosen by a TapeScope around the forward pass. A layer may be
// called several times in one pass; its parts add up.

#ifndef BACKBONES_LAYERS_H_
#define BACKBONES_LAYERS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ATen/core/Tensor.h"
#include "backbones/parameter_set.h"

namespace bild {

class PatchTape;

// Of a layer's parameters: for every patch by itself, [B, weight.numel()] and
// [B, bias.numel()], or summed over the patches, in the parameters' shapes.
struct ParameterGradients {
  at::Tensor weight;
  at::Tensor bias;
};

// A layer with a weight and a bias. B is the number of patches.
class Layer {
 public:
  Layer(const class LayerSet& set, Parameter* weight, Parameter* bias)
      : set_(set), weight_(weight), bias_(bias) {}
  virtual ~Layer() = default;
  Layer(const Layer&) = delete;
  Layer& operator=(const Layer&) = delete;

  // The layer's output, in the way that is set on its net.
  at::Tensor operator()(const at::Tensor& input) const;

  // The output for given parameters, in plain operations.
  virtual at::Tensor Apply(const at::Tensor& input, const at::Tensor& weight,
                           const at::Tensor& bias) const = 0;
  // Gradient with respect to the input.
  virtual at::Tensor InputGradient(const at::Tensor& output_gradient,
                                   const at::Tensor& input,
                                   const at::Tensor& weight) const = 0;
  virtual ParameterGradients SummedGradients(const at::Tensor& output_gradient,
                                             const at::Tensor& input) const = 0;
  virtual ParameterGradients PatchGradients(const at::Tensor& output_gradient,
                                            const at::Tensor& input) const = 0;

  const Parameter& weight() const { return *weight_; }
  const Parameter& bias() const { return *bias_; }

 private:
  const LayerSet& set_;
  Parameter* weight_;
  Parameter* bias_;
};

// 2-D convolution with zero padding kernel / 2 ("same" for odd kernels at
// stride 1). Input [B, in, H, W], weight [out, in, kernel, kernel], bias [out].
class Conv2d final : public Layer {
 public:
  Conv2d(const LayerSet& set, Parameter* weight, Parameter* bias,
         int64_t kernel_px, int64_t stride_px)
      : Layer(set, weight, bias),
        kernel_px_(kernel_px),
        stride_px_(stride_px) {}

  at::Tensor Apply(const at::Tensor& input, const at::Tensor& weight,
                   const at::Tensor& bias) const override;
  at::Tensor InputGradient(const at::Tensor& output_gradient,
                           const at::Tensor& input,
                           const at::Tensor& weight) const override;
  ParameterGradients SummedGradients(const at::Tensor& output_gradient,
                                     const at::Tensor& input) const override;
  ParameterGradients PatchGradients(const at::Tensor& output_gradient,
                                    const at::Tensor& input) const override;

 private:
  // Nothing but a product with a matrix at every pixel.
  bool IsMatrixProduct() const { return kernel_px_ == 1 && stride_px_ == 1; }
  // The library's own, of `groups` groups of channels.
  ParameterGradients BackwardOfParameters(const at::Tensor& output_gradient,
                                          const at::Tensor& input,
                                          const at::Tensor& weight,
                                          int64_t groups) const;

  int64_t kernel_px_;
  int64_t stride_px_;
};

// y = W x + b. Input [B, in], weight [out, in], bias [out].
class Linear final : public Layer {
 public:
  using Layer::Layer;
  at::Tensor Apply(const at::Tensor& input, const at::Tensor& weight,
                   const at::Tensor& bias) const override;
  at::Tensor InputGradient(const at::Tensor& output_gradient,
                           const at::Tensor& input,
                           const at::Tensor& weight) const override;
  ParameterGradients SummedGradients(const at::Tensor& output_gradient,
                                     const at::Tensor& input) const override;
  ParameterGradients PatchGradients(const at::Tensor& output_gradient,
                                    const at::Tensor& input) const override;
};

// The layers of one net and their parameters.
class LayerSet {
 public:
  LayerSet() = default;

  const Conv2d& AddConv2d(const std::string& name, int64_t in_channels,
                          int64_t out_channels, int64_t kernel_px,
                          int64_t stride_px);
  const Linear& AddLinear(const std::string& name, int64_t in_features,
                          int64_t out_features);

  ParameterSet& parameters() { return parameters_; }
  const ParameterSet& parameters() const { return parameters_; }

  // Null in the plain way.
  PatchTape* tape() const { return tape_; }

 private:
  friend class TapeScope;

  ParameterSet parameters_;
  std::vector<std::unique_ptr<Layer>> layers_;
  PatchTape* tape_ = nullptr;
};

// Declares layers under a name prefix, as nested modules do:
// LayerScope(set, "g1") / "gp.0" declares "g1.gp.0.conv1.weight".
class LayerScope {
 public:
  explicit LayerScope(LayerSet& set, const std::string& prefix = "")
      : set_(set), prefix_(prefix) {}
  LayerScope operator/(const std::string& name) const {
    return LayerScope(set_, Join(name));
  }
  const Conv2d& Conv(const std::string& name, int64_t in_channels,
                     int64_t out_channels, int64_t kernel_px,
                     int64_t stride_px = 1) const {
    return set_.AddConv2d(Join(name), in_channels, out_channels, kernel_px,
                          stride_px);
  }
  const Linear& Dense(const std::string& name, int64_t in_features,
                      int64_t out_features) const {
    return set_.AddLinear(Join(name), in_features, out_features);
  }

 private:
  std::string Join(const std::string& name) const {
    return prefix_.empty() ? name : prefix_ + "." + name;
  }
  LayerSet& set_;
  std::string prefix_;
};

}  // namespace bild

#endif  // BACKBONES_LAYERS_H_
