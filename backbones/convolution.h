// Convolutions, and transposed convolutions.

#ifndef BACKBONES_CONVOLUTION_H_
#define BACKBONES_CONVOLUTION_H_

#include <cstdint>

#include "ATen/core/Tensor.h"
#include "backbones/layer.h"

namespace bild {

struct ConvolutionGeometry {
  int64_t kernel_px = 1;
  int64_t stride_px = 1;
  int64_t padding_px = 0;         // Zeros on every side.
  int64_t output_padding_px = 0;  // Transposed only: rows and columns more.

  // Nothing but a product with a matrix at every pixel.
  bool SeesOnePixel() const {
    return kernel_px == 1 && stride_px == 1 && padding_px == 0;
  }
};

// 2-D convolution (correlation). Input [B, in, H, W], weight
// [out, in, kernel, kernel], bias [out].
class Conv2d final : public Layer {
 public:
  Conv2d(const LayerSet& set, Parameter* weight, Parameter* bias,
         const ConvolutionGeometry& geometry)
      : Layer(set, weight, bias), geometry_(geometry) {}

  at::Tensor Apply(const at::Tensor& input, const at::Tensor& weight,
                   const at::Tensor& bias) const override;
  at::Tensor InputGradient(const at::Tensor& output_gradient,
                           const at::Tensor& input,
                           const at::Tensor& weight) const override;
  ParameterGradients SummedGradients(const at::Tensor& output_gradient,
                                     const at::Tensor& input) const override;
  at::Tensor WriteSummedGradients(const at::Tensor& output_gradient,
                                  const at::Tensor& input,
                                  const at::Tensor& place) const override;
  ParameterGradients PatchGradients(const at::Tensor& output_gradient,
                                    const at::Tensor& input) const override;
  at::Tensor Arranged(const at::Tensor& x) const override;
  int64_t MultiplyAdds(const at::Tensor& input,
                       const at::Tensor& output) const override;

 private:
  ConvolutionGeometry geometry_;
};

// 2-D transposed convolution. Input [B, in, H, W], weight
// [in, out, kernel, kernel], bias [out]; the output has
// (H - 1) stride - 2 padding + kernel + output_padding rows, columns alike.
class ConvTranspose2d final : public Layer {
 public:
  ConvTranspose2d(const LayerSet& set, Parameter* weight, Parameter* bias,
                  const ConvolutionGeometry& geometry)
      : Layer(set, weight, bias), geometry_(geometry) {}

  at::Tensor Apply(const at::Tensor& input, const at::Tensor& weight,
                   const at::Tensor& bias) const override;
  at::Tensor InputGradient(const at::Tensor& output_gradient,
                           const at::Tensor& input,
                           const at::Tensor& weight) const override;
  ParameterGradients SummedGradients(const at::Tensor& output_gradient,
                                     const at::Tensor& input) const override;
  ParameterGradients PatchGradients(const at::Tensor& output_gradient,
                                    const at::Tensor& input) const override;
  at::Tensor Arranged(const at::Tensor& x) const override;
  int64_t MultiplyAdds(const at::Tensor& input,
                       const at::Tensor& output) const override;

 private:
  ConvolutionGeometry geometry_;
};

}  // namespace bild

#endif  // BACKBONES_CONVOLUTION_H_
