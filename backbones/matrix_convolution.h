// Convolutions whose weights meet one pixel or a few: channel attention, which
// looks at one pixel of each patch.
//
// As a product with the columns that the kernel sees (im2col) the gradient of
// the weight is written once, to where it is wanted, and that of every patch is
// one batch of products, in the order in which they are kept. The library's
// kernels rearrange weights, input and output in every call.

#ifndef BACKBONES_MATRIX_CONVOLUTION_H_
#define BACKBONES_MATRIX_CONVOLUTION_H_

#include "ATen/core/Tensor.h"
#include "backbones/convolution.h"

namespace bild {

// Input [B, in, H, W], weight [out, in, k, k].
bool MatrixIsFaster(const at::Tensor& input, const at::Tensor& weight);

// at::conv2d(input, weight, bias); differentiable. `bias` may be undefined.
at::Tensor ConvolveByMatrix(const at::Tensor& input, const at::Tensor& weight,
                            const at::Tensor& bias,
                            const ConvolutionGeometry& geometry);

// The gradient of its input.
at::Tensor InputGradientByMatrix(const at::Tensor& output_gradient,
                                 const at::Tensor& input,
                                 const at::Tensor& weight,
                                 const ConvolutionGeometry& geometry);

// The gradient of its weight, summed over the batch, to `place` [out, in, k,
// k], which is contiguous and may hold anything. Not differentiable.
void WriteWeightGradientByMatrix(const at::Tensor& output_gradient,
                                 const at::Tensor& input,
                                 const at::Tensor& place,
                                 const ConvolutionGeometry& geometry);

// The same of every patch by itself: [B, out in k k].
at::Tensor PatchWeightGradientsByMatrix(const at::Tensor& output_gradient,
                                        const at::Tensor& input,
                                        const ConvolutionGeometry& geometry);

}  // namespace bild

#endif  // BACKBONES_MATRIX_CONVOLUTION_H_
