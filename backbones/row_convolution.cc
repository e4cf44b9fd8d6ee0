#include "backbones/row_convolution.h"

#include <tuple>

#include "ATen/TensorOperators.h"
#include "ATen/ops/conv2d.h"
#include "ATen/ops/convolution_backward.h"
#include "ATen/ops/empty.h"
#include "c10/core/MemoryFormat.h"

namespace bild {
namespace {

// Floats in a vector register of AVX-512.
constexpr int64_t kChannelsAtATime = 16;

// [out, in, k, k] -> [k out, in, 1, k]: the kernel's row is the slow index.
at::Tensor RowsAsChannels(const at::Tensor& weight) {
  const int64_t kernel_px = weight.size(2);
  return weight.permute({2, 0, 1, 3})
      .reshape({kernel_px * weight.size(0), weight.size(1), 1, kernel_px});
}

}  // namespace

bool RowsAreFaster(const at::Tensor& input, const at::Tensor& weight,
                   const ConvolutionGeometry& geometry) {
  return input.is_cpu() && geometry.stride_px == 1 && geometry.kernel_px > 1 &&
         weight.size(0) * geometry.kernel_px <= kChannelsAtATime;
}

at::Tensor ConvolveByRows(const at::Tensor& input, const at::Tensor& weight,
                          const at::Tensor& bias,
                          const ConvolutionGeometry& geometry) {
  const int64_t kernel_px = geometry.kernel_px;
  const int64_t channels = weight.size(0);
  const at::Tensor maps =
      at::conv2d(input, RowsAsChannels(weight), /*bias=*/{}, {1, 1},
                 {geometry.padding_px, geometry.padding_px});
  const int64_t rows = maps.size(2) - kernel_px + 1;
  const auto shifted = [&](int64_t row) {
    return maps.narrow(1, row * channels, channels).narrow(2, row, rows);
  };
  at::Tensor output = bias.defined()
                          ? shifted(0) + bias.view({1, channels, 1, 1})
                          : shifted(0) + 0.0;
  for (int64_t row = 1; row < kernel_px; ++row) output.add_(shifted(row));
  return output;
}

at::Tensor WeightGradientByRows(const at::Tensor& output_gradient,
                                const at::Tensor& input,
                                const at::Tensor& weight,
                                const ConvolutionGeometry& geometry) {
  const int64_t kernel_px = geometry.kernel_px;
  const int64_t channels = weight.size(0);
  const int64_t rows = output_gradient.size(2);
  // What the maps' gradients are: the output's, shifted.
  const at::Tensor maps =
      at::empty({output_gradient.size(0), kernel_px * channels,
                 rows + kernel_px - 1, output_gradient.size(3)},
                output_gradient.options(), at::MemoryFormat::ChannelsLast)
          .zero_();
  for (int64_t row = 0; row < kernel_px; ++row) {
    maps.narrow(1, row * channels, channels)
        .narrow(2, row, rows)
        .copy_(output_gradient);
  }
  const at::Tensor by_rows = std::get<1>(at::convolution_backward(
      maps, input, RowsAsChannels(weight), /*bias_sizes=*/std::nullopt, {1, 1},
      {geometry.padding_px, geometry.padding_px}, {1, 1},
      /*transposed=*/false, {0, 0}, /*groups=*/1, {false, true, false}));
  return by_rows.reshape({kernel_px, channels, weight.size(1), kernel_px})
      .permute({1, 2, 0, 3});
}

}  // namespace bild
