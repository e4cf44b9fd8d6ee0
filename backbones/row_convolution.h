// Convolutions with few output channels, faster.
//
// The CPU's kernels work out 16 output channels at a time, whether there are 16
// or 1. Each row of such a convolution's kernel can be made an output channel
// of its own: k of them, then k shifted maps are added up, which is the same
// sum.

#ifndef BACKBONES_ROW_CONVOLUTION_H_
#define BACKBONES_ROW_CONVOLUTION_H_

#include "ATen/core/Tensor.h"
#include "backbones/convolution.h"

namespace bild {

// Whether the kernel's rows fit into what is computed anyway.
bool RowsAreFaster(const at::Tensor& input, const at::Tensor& weight,
                   const ConvolutionGeometry& geometry);

// at::conv2d(input, weight, bias) of stride 1; differentiable. `bias` may be
// undefined.
at::Tensor ConvolveByRows(const at::Tensor& input, const at::Tensor& weight,
                          const at::Tensor& bias,
                          const ConvolutionGeometry& geometry);

// The gradient of its weight, of the weight's shape; summed over the batch. Not
// differentiable.
at::Tensor WeightGradientByRows(const at::Tensor& output_gradient,
                                const at::Tensor& input,
                                const at::Tensor& weight,
                                const ConvolutionGeometry& geometry);

}  // namespace bild

#endif  // BACKBONES_ROW_CONVOLUTION_H_
