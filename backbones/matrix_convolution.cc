#include "backbones/matrix_convolution.h"

#include "ATen/ops/bmm.h"
#include "ATen/ops/col2im.h"
#include "ATen/ops/im2col.h"
#include "ATen/ops/mm.h"
#include "c10/core/MemoryFormat.h"

namespace bild {
namespace {

// At a quarter of it MSBDN's layers of 4 x 4 px gained nothing, and at an
// eighth a step took a tenth longer.
constexpr int64_t kChannelsPerPixel = 16;

// [B, in, H, W] -> [B, in k k, L]: what the kernel sees at each of the L pixels
// of the output.
at::Tensor Columns(const at::Tensor& input,
                   const ConvolutionGeometry& geometry) {
  if (geometry.SeesOnePixel()) return input.flatten(2);
  const int64_t kernel_px = geometry.kernel_px;
  return at::im2col(input, {kernel_px, kernel_px}, /*dilation=*/{1, 1},
                    {geometry.padding_px, geometry.padding_px},
                    {geometry.stride_px, geometry.stride_px});
}

// [B, rows, L] -> [rows, B L]: one product for the whole batch.
at::Tensor SideBySide(const at::Tensor& batch) {
  return batch.transpose(0, 1).reshape({batch.size(1), -1});
}

// And back.
at::Tensor PatchByPatch(const at::Tensor& matrix, int64_t patches) {
  return matrix.view({matrix.size(0), patches, -1}).transpose(0, 1);
}

at::Tensor AsMatrix(const at::Tensor& weight) {
  return weight.reshape({weight.size(0), -1});
}

int64_t OutputSide(int64_t input_px, const ConvolutionGeometry& geometry) {
  return (input_px + 2 * geometry.padding_px - geometry.kernel_px) /
             geometry.stride_px +
         1;
}

}  // namespace

bool MatrixIsFaster(const at::Tensor& input, const at::Tensor& weight) {
  const int64_t pixels = input.size(0) * input.size(2) * input.size(3);
  return input.is_cpu() && pixels > 0 &&
         kChannelsPerPixel * pixels <= weight.size(0);
}

at::Tensor ConvolveByMatrix(const at::Tensor& input, const at::Tensor& weight,
                            const at::Tensor& bias,
                            const ConvolutionGeometry& geometry) {
  const int64_t patches = input.size(0);
  const at::Tensor product =
      at::mm(AsMatrix(weight), SideBySide(Columns(input, geometry)));
  // A tensor of its own, also for one patch: nets work in place on a layer's
  // output, which autograd forbids on a view that a recording call returns.
  at::Tensor output = PatchByPatch(product, patches)
                          .reshape({patches, weight.size(0),
                                    OutputSide(input.size(2), geometry),
                                    OutputSide(input.size(3), geometry)})
                          .clone(at::MemoryFormat::Contiguous);
  if (bias.defined()) output.add_(bias.view({1, -1, 1, 1}));
  return output;
}

at::Tensor InputGradientByMatrix(const at::Tensor& output_gradient,
                                 const at::Tensor& input,
                                 const at::Tensor& weight,
                                 const ConvolutionGeometry& geometry) {
  const at::Tensor columns = PatchByPatch(
      at::mm(AsMatrix(weight).t(), SideBySide(output_gradient.flatten(2))),
      input.size(0));
  if (geometry.SeesOnePixel()) return columns.reshape(input.sizes());
  const int64_t kernel_px = geometry.kernel_px;
  return at::col2im(columns.contiguous(), {input.size(2), input.size(3)},
                    {kernel_px, kernel_px}, /*dilation=*/{1, 1},
                    {geometry.padding_px, geometry.padding_px},
                    {geometry.stride_px, geometry.stride_px});
}

void WriteWeightGradientByMatrix(const at::Tensor& output_gradient,
                                 const at::Tensor& input,
                                 const at::Tensor& place,
                                 const ConvolutionGeometry& geometry) {
  at::Tensor matrix = place.view({place.size(0), -1});
  at::mm_out(matrix, SideBySide(output_gradient.flatten(2)),
             SideBySide(Columns(input, geometry)).t());
}

at::Tensor PatchWeightGradientsByMatrix(const at::Tensor& output_gradient,
                                        const at::Tensor& input,
                                        const ConvolutionGeometry& geometry) {
  return at::bmm(output_gradient.flatten(2),
                 Columns(input, geometry).transpose(1, 2))
      .flatten(1);
}

}  // namespace bild
