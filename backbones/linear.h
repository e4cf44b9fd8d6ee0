// A fully connected layer.

#ifndef BACKBONES_LINEAR_H_
#define BACKBONES_LINEAR_H_

#include <cstdint>

#include "ATen/core/Tensor.h"
#include "backbones/layer.h"

namespace bild {

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
  int64_t MultiplyAdds(const at::Tensor& input,
                       const at::Tensor& output) const override;
};

}  // namespace bild

#endif  // BACKBONES_LINEAR_H_
