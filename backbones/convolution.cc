#include "backbones/convolution.h"

#include <tuple>
#include <vector>

#include "ATen/Parallel.h"
#include "ATen/ops/bmm.h"
#include "ATen/ops/conv2d.h"
#include "ATen/ops/conv_transpose2d.h"
#include "ATen/ops/convolution_backward.h"
#include "ATen/ops/empty.h"
#include "ATen/ops/matmul.h"
#include "ATen/ops/stack.h"
#include "backbones/matrix_convolution.h"
#include "backbones/row_convolution.h"
#include "c10/core/GradMode.h"
#include "c10/core/MemoryFormat.h"

namespace bild {
namespace {

// A convolution whose channels are multiples of this has fast kernels with the
// batch as groups, where it does not lie channels last.
constexpr int64_t kGroupedChannels = 8;

// The library's gradients of a convolution's weight and, where asked for, bias,
// of `groups` groups of channels.
ParameterGradients Backward(const at::Tensor& output_gradient,
                            const at::Tensor& input, const at::Tensor& weight,
                            const ConvolutionGeometry& geometry, int64_t groups,
                            bool with_bias) {
  if (groups == 1 && RowsAreFaster(input, weight, geometry)) {
    return {WeightGradientByRows(output_gradient, input, weight, geometry),
            with_bias ? output_gradient.sum({0, 2, 3}) : at::Tensor()};
  }
  if (groups == 1 && MatrixIsFaster(input, weight)) {
    const at::Tensor gradient = at::empty(weight.sizes(), weight.options());
    WriteWeightGradientByMatrix(output_gradient, input, gradient, geometry);
    return {gradient,
            with_bias ? output_gradient.sum({0, 2, 3}) : at::Tensor()};
  }
  const int64_t bias_size = output_gradient.size(1);
  auto gradients = at::convolution_backward(
      output_gradient, input, weight, at::IntArrayRef(bias_size),
      {geometry.stride_px, geometry.stride_px},
      {geometry.padding_px, geometry.padding_px}, {1, 1},
      /*transposed=*/false, {0, 0}, groups, {false, true, with_bias});
  return {std::get<1>(gradients), std::get<2>(gradients)};
}

// On the CPU a pixel's channels lie side by side: its kernels read whole
// vectors of them, and are up to one and a half times as fast
// (docs/performance.md). They rearrange the weight in every call, though, which
// costs more than it gives where there are more weights than pixels.
at::Tensor ArrangedForKernels(const at::Tensor& x, const Parameter& weight) {
  return x.is_cpu() && x.numel() >= weight.numel
             ? x.contiguous(at::MemoryFormat::ChannelsLast)
             : x.contiguous();
}

bool LiesChannelsLast(const at::Tensor& x) {
  return x.suggest_memory_format() == at::MemoryFormat::ChannelsLast;
}

// The same of every patch by itself: [B, numbers].
ParameterGradients PatchBackward(const at::Tensor& output_gradient,
                                 const at::Tensor& input,
                                 const at::Tensor& weight,
                                 const ConvolutionGeometry& geometry,
                                 bool with_bias) {
  const int64_t patches = input.size(0);
  const int64_t out_channels = weight.size(0);
  const int64_t in_channels = weight.size(1);
  ParameterGradients result;
  if (MatrixIsFaster(input, weight)) {
    result.weight =
        PatchWeightGradientsByMatrix(output_gradient, input, geometry);
    if (with_bias) result.bias = output_gradient.sum({2, 3});
    return result;
  }
  if (!LiesChannelsLast(input) && in_channels % kGroupedChannels == 0 &&
      out_channels % kGroupedChannels == 0) {
    // The batch as groups: one call whose gradient is every patch's own.
    const ParameterGradients grouped = Backward(
        output_gradient.reshape({1, patches * out_channels,
                                 output_gradient.size(2),
                                 output_gradient.size(3)}),
        input.reshape({1, patches * in_channels, input.size(2), input.size(3)}),
        weight.unsqueeze(0)
            .expand({patches, -1, -1, -1, -1})
            .reshape({patches * out_channels, in_channels, geometry.kernel_px,
                      geometry.kernel_px}),
        geometry, patches, with_bias);
    result.weight = grouped.weight.reshape({patches, weight.numel()});
    if (with_bias) result.bias = grouped.bias.view({patches, out_channels});
    return result;
  }
  std::vector<at::Tensor> weights(patches);
  std::vector<at::Tensor> biases(patches);
  const auto run = [&](int64_t begin, int64_t end) {
    const at::NoGradGuard no_grad;  // A thread's own.
    for (int64_t i = begin; i < end; ++i) {
      const ParameterGradients one =
          Backward(output_gradient.narrow(0, i, 1), input.narrow(0, i, 1),
                   weight, geometry, /*groups=*/1, with_bias);
      weights[i] = one.weight.flatten();
      biases[i] = one.bias;
    }
  };
  if (input.is_cpu()) {
    // A patch is little work to share: every thread takes patches of its own.
    at::parallel_for(0, patches, /*grain_size=*/1, run);
  } else {
    run(0, patches);
  }
  result.weight = at::stack(weights);
  if (with_bias) result.bias = at::stack(biases);
  return result;
}

}  // namespace

at::Tensor Conv2d::Apply(const at::Tensor& input, const at::Tensor& weight,
                         const at::Tensor& bias) const {
  if (RowsAreFaster(input, weight, geometry_)) {
    return ConvolveByRows(input, weight, bias, geometry_);
  }
  if (MatrixIsFaster(input, weight)) {
    return ConvolveByMatrix(input, weight, bias, geometry_);
  }
  return at::conv2d(input, weight, bias,
                    {geometry_.stride_px, geometry_.stride_px},
                    {geometry_.padding_px, geometry_.padding_px});
}

at::Tensor Conv2d::InputGradient(const at::Tensor& output_gradient,
                                 const at::Tensor& input,
                                 const at::Tensor& weight) const {
  if (MatrixIsFaster(input, weight)) {
    return InputGradientByMatrix(output_gradient, input, weight, geometry_);
  }
  const int64_t out_channels = weight.size(0);
  const int64_t in_channels = weight.size(1);
  if (geometry_.SeesOnePixel()) {
    const at::Tensor matrix = weight.view({out_channels, in_channels});
    if (LiesChannelsLast(output_gradient)) {
      // [B HW, out] x [out, in].
      return at::matmul(output_gradient.permute({0, 2, 3, 1}), matrix)
          .permute({0, 3, 1, 2});
    }
    // [in, out] x [out, HW] for every patch.
    return at::bmm(
               matrix.t().expand({input.size(0), in_channels, out_channels}),
               output_gradient.flatten(2))
        .view(input.sizes());
  }
  return std::get<0>(at::convolution_backward(
      output_gradient, input, weight, /*bias_sizes=*/std::nullopt,
      {geometry_.stride_px, geometry_.stride_px},
      {geometry_.padding_px, geometry_.padding_px}, {1, 1},
      /*transposed=*/false, {0, 0}, /*groups=*/1, {true, false, false}));
}

ParameterGradients Conv2d::SummedGradients(const at::Tensor& output_gradient,
                                           const at::Tensor& input) const {
  return Backward(output_gradient, input, weight().value.detach(), geometry_,
                  /*groups=*/1, /*with_bias=*/true);
}

at::Tensor Conv2d::WriteSummedGradients(const at::Tensor& output_gradient,
                                        const at::Tensor& input,
                                        const at::Tensor& place) const {
  if (!MatrixIsFaster(input, place)) {
    return Layer::WriteSummedGradients(output_gradient, input, place);
  }
  WriteWeightGradientByMatrix(output_gradient, input, place, geometry_);
  return output_gradient.sum({0, 2, 3});
}

ParameterGradients Conv2d::PatchGradients(const at::Tensor& output_gradient,
                                          const at::Tensor& input) const {
  if (geometry_.SeesOnePixel()) {
    // [out, HW] x [HW, in] for every patch.
    return {
        at::bmm(output_gradient.flatten(2), input.flatten(2).transpose(1, 2))
            .view({input.size(0), weight().numel}),
        output_gradient.sum({2, 3})};
  }
  return PatchBackward(output_gradient, input, weight().value.detach(),
                       geometry_, /*with_bias=*/true);
}

at::Tensor Conv2d::Arranged(const at::Tensor& x) const {
  return ArrangedForKernels(x, weight());
}

int64_t Conv2d::MultiplyAdds(const at::Tensor& input,
                             const at::Tensor& output) const {
  return output.numel() * input.size(1) * geometry_.kernel_px *
         geometry_.kernel_px;
}

at::Tensor ConvTranspose2d::Apply(const at::Tensor& input,
                                  const at::Tensor& weight,
                                  const at::Tensor& bias) const {
  return at::conv_transpose2d(
      input, weight, bias, {geometry_.stride_px, geometry_.stride_px},
      {geometry_.padding_px, geometry_.padding_px},
      {geometry_.output_padding_px, geometry_.output_padding_px});
}

at::Tensor ConvTranspose2d::InputGradient(const at::Tensor& output_gradient,
                                          const at::Tensor& /*input*/,
                                          const at::Tensor& weight) const {
  return at::conv2d(output_gradient, weight, /*bias=*/{},
                    {geometry_.stride_px, geometry_.stride_px},
                    {geometry_.padding_px, geometry_.padding_px});
}

// A transposed convolution is a convolution from the output to the input, so
// that for the weight's gradient the two change places.
ParameterGradients ConvTranspose2d::SummedGradients(
    const at::Tensor& output_gradient, const at::Tensor& input) const {
  return {Backward(input, output_gradient, weight().value.detach(), geometry_,
                   /*groups=*/1, /*with_bias=*/false)
              .weight,
          output_gradient.sum({0, 2, 3})};
}

ParameterGradients ConvTranspose2d::PatchGradients(
    const at::Tensor& output_gradient, const at::Tensor& input) const {
  return {PatchBackward(input, output_gradient, weight().value.detach(),
                        geometry_, /*with_bias=*/false)
              .weight,
          output_gradient.sum({2, 3})};
}

at::Tensor ConvTranspose2d::Arranged(const at::Tensor& x) const {
  return ArrangedForKernels(x, weight());
}

int64_t ConvTranspose2d::MultiplyAdds(const at::Tensor& input,
                                      const at::Tensor& output) const {
  return input.numel() * output.size(1) * geometry_.kernel_px *
         geometry_.kernel_px;
}

}  // namespace bild
