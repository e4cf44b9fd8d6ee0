#include "backbones/row_convolution.h"

#include <algorithm>
#include <tuple>

#include "ATen/Dispatch.h"
#include "ATen/Parallel.h"
#include "ATen/TensorOperators.h"
#include "ATen/ops/conv2d.h"
#include "ATen/ops/convolution_backward.h"
#include "ATen/ops/empty.h"
#include "ATen/ops/zeros.h"
#include "c10/core/GradMode.h"
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

// Whether autograd, in either direction, follows what becomes of the tensor.
bool IsFollowed(const at::Tensor& x) {
  return x.defined() && ((at::GradMode::is_enabled() && x.requires_grad()) ||
                         x._fw_grad(/*level=*/0).defined());
}

// Numbers that a thread should at least have to work on.
constexpr int64_t kNumbersPerThread = 8192;

// Calls work(first, end) for parts of `rows` rows of so many numbers each.
template <typename Work>
void ForRows(int64_t rows, int64_t numbers, const Work& work) {
  const int64_t grain =
      std::max<int64_t>(1, kNumbersPerThread / std::max<int64_t>(numbers, 1));
  at::parallel_for(0, rows, grain, work);
}

// The sum of the shifted maps and the bias: [B, k C, H + k - 1, W] -> [B, C, H,
// W], both channels last, in one go where the library would take a pass over
// all of them for each row.
at::Tensor SumOfRowMaps(const at::Tensor& maps, const at::Tensor& bias,
                        int64_t kernel_px) {
  const int64_t channels = maps.size(1) / kernel_px;
  const int64_t height = maps.size(2) - kernel_px + 1;
  const int64_t width = maps.size(3);
  const at::Tensor output =
      at::empty({maps.size(0), channels, height, width}, maps.options(),
                at::MemoryFormat::ChannelsLast);
  const at::Tensor ordered = maps.contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor offsets = bias.defined()
                                 ? bias.contiguous()
                                 : at::zeros({channels}, maps.options());
  AT_DISPATCH_FLOATING_TYPES(maps.scalar_type(), "SumOfRowMaps", [&] {
    const scalar_t* const offset = offsets.const_data_ptr<scalar_t>();
    const scalar_t* const from = ordered.const_data_ptr<scalar_t>();
    scalar_t* const to = output.data_ptr<scalar_t>();
    const int64_t of_map_row = width * kernel_px * channels;
    const int64_t of_row = width * channels;
    const auto sum = [&](int64_t first, int64_t end) {
      for (int64_t y = first; y < end; ++y) {
        const int64_t map_row = y / height * maps.size(2) + y % height;
        scalar_t* out = to + y * of_row;
        for (int64_t x = 0; x < width; ++x, out += channels) {
          const scalar_t* map =
              from + map_row * of_map_row + x * kernel_px * channels;
          for (int64_t c = 0; c < channels; ++c) out[c] = map[c] + offset[c];
          for (int64_t row = 1; row < kernel_px; ++row) {
            map += of_map_row + channels;
            for (int64_t c = 0; c < channels; ++c) out[c] += map[c];
          }
        }
      }
    };
    ForRows(maps.size(0) * height, of_row * kernel_px, sum);
  });
  return output;
}

// The gradients of the maps of that sum: the output's, shifted. Not
// differentiable.
at::Tensor ShiftedIntoRowMaps(const at::Tensor& output_gradient,
                              int64_t kernel_px) {
  const int64_t channels = output_gradient.size(1);
  const int64_t height = output_gradient.size(2);
  const int64_t width = output_gradient.size(3);
  const int64_t map_height = height + kernel_px - 1;
  const at::Tensor maps = at::empty(
      {output_gradient.size(0), kernel_px * channels, map_height, width},
      output_gradient.options(), at::MemoryFormat::ChannelsLast);
  const at::Tensor ordered =
      output_gradient.contiguous(at::MemoryFormat::ChannelsLast);
  AT_DISPATCH_FLOATING_TYPES(maps.scalar_type(), "ShiftedIntoRowMaps", [&] {
    const scalar_t* const from = ordered.const_data_ptr<scalar_t>();
    scalar_t* const to = maps.data_ptr<scalar_t>();
    const int64_t of_map_row = width * kernel_px * channels;
    const auto shift = [&](int64_t first, int64_t end) {
      for (int64_t y = first; y < end; ++y) {
        const int64_t patch = y / map_height;
        for (int64_t row = 0; row < kernel_px; ++row) {
          const int64_t source = y % map_height - row;
          const bool is_inside = source >= 0 && source < height;
          const scalar_t* in =
              from +
              (patch * height + (is_inside ? source : 0)) * width * channels;
          scalar_t* out = to + y * of_map_row + row * channels;
          for (int64_t x = 0; x < width; ++x, out += kernel_px * channels) {
            for (int64_t c = 0; c < channels; ++c) {
              out[c] = is_inside ? *in++ : scalar_t{0};
            }
          }
        }
      }
    };
    ForRows(maps.size(0) * map_height, of_map_row, shift);
  });
  return maps;
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
  if (!IsFollowed(maps) && !IsFollowed(bias)) {
    return SumOfRowMaps(maps, bias, kernel_px);
  }
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
  const at::Tensor by_rows = std::get<1>(at::convolution_backward(
      ShiftedIntoRowMaps(output_gradient, kernel_px), input,
      RowsAsChannels(weight), /*bias_sizes=*/std::nullopt, {1, 1},
      {geometry.padding_px, geometry.padding_px}, {1, 1},
      /*transposed=*/false, {0, 0}, /*groups=*/1, {false, true, false}));
  return by_rows.reshape({kernel_px, channels, weight.size(1), kernel_px})
      .permute({1, 2, 0, 3});
}

}  // namespace bild
