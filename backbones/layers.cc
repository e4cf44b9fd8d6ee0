#include "backbones/layers.h"

#include <array>
#include <tuple>
#include <utility>

#include "ATen/ops/bmm.h"
#include "ATen/ops/conv2d.h"
#include "ATen/ops/convolution_backward.h"
#include "ATen/ops/flip.h"
#include "ATen/ops/linear.h"
#include "ATen/ops/mm.h"
#include "ATen/ops/stack.h"
#include "backbones/patch_tape.h"
#include "c10/util/Exception.h"
#include "torch/csrc/autograd/custom_function.h"

namespace bild {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// A convolution whose channels are multiples of this has fast kernels with the
// batch as groups; for others the library falls back to im2col, and one call
// for every patch is up to three times as fast (docs/step_cost.md).
constexpr int64_t kGroupedChannels = 8;
// As a picture has.
constexpr int64_t kFewChannels = 3;

// The recording and the layer-wise way: autograd flows through the input as
// usual, and ends at the parameters, whose share goes to the tape.
struct RecordingCall : torch::autograd::Function<RecordingCall> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& input,
                            const at::Tensor& weight, const at::Tensor& bias,
                            const Layer* layer, PatchTape* tape) {
    context->save_for_backward({input, weight});
    context->saved_data["layer"] = reinterpret_cast<int64_t>(layer);
    context->saved_data["tape"] = reinterpret_cast<int64_t>(tape);
    return layer->Apply(input, weight, bias);
  }

  static variable_list backward(AutogradContext* context,
                                variable_list output_gradients) {
    const variable_list saved = context->get_saved_variables();
    const auto* layer =
        reinterpret_cast<const Layer*>(context->saved_data["layer"].toInt());
    auto* tape =
        reinterpret_cast<PatchTape*>(context->saved_data["tape"].toInt());
    const at::Tensor output_gradient = output_gradients[0].contiguous();
    tape->Record(*layer, saved[0], output_gradient);
    at::Tensor input_gradient;
    if (context->needs_input_grad(0)) {
      input_gradient =
          layer->InputGradient(output_gradient, saved[0], saved[1]);
    }
    return {input_gradient, at::Tensor(), at::Tensor(), at::Tensor(),
            at::Tensor()};
  }
};

}  // namespace

at::Tensor Layer::operator()(const at::Tensor& input) const {
  PatchTape* tape = set_.tape();
  if (tape == nullptr) return Apply(input, weight_->value, bias_->value);
  return RecordingCall::apply(input, weight_->value, bias_->value, this, tape);
}

at::Tensor Conv2d::Apply(const at::Tensor& input, const at::Tensor& weight,
                         const at::Tensor& bias) const {
  const int64_t padding_px = kernel_px_ / 2;
  return at::conv2d(input, weight, bias, {stride_px_, stride_px_},
                    {padding_px, padding_px});
}

ParameterGradients Conv2d::BackwardOfParameters(
    const at::Tensor& output_gradient, const at::Tensor& input,
    const at::Tensor& weight, int64_t groups) const {
  const int64_t padding_px = kernel_px_ / 2;
  const int64_t bias_size = output_gradient.size(1);
  auto gradients = at::convolution_backward(
      output_gradient, input, weight, at::IntArrayRef(bias_size),
      {stride_px_, stride_px_}, {padding_px, padding_px}, {1, 1},
      /*transposed=*/false, {0, 0}, groups, {false, true, true});
  return {std::get<1>(gradients), std::get<2>(gradients)};
}

at::Tensor Conv2d::InputGradient(const at::Tensor& output_gradient,
                                 const at::Tensor& input,
                                 const at::Tensor& weight) const {
  const int64_t padding_px = kernel_px_ / 2;
  const int64_t out_channels = weight.size(0);
  const int64_t in_channels = weight.size(1);
  if (IsMatrixProduct()) {
    // [in, out] x [out, HW] for every patch.
    return at::bmm(weight.view({1, out_channels, in_channels})
                       .transpose(1, 2)
                       .expand({input.size(0), in_channels, out_channels}),
                   output_gradient.flatten(2))
        .view(input.sizes());
  }
  if (stride_px_ == 1 && kernel_px_ % 2 == 1 && out_channels <= kFewChannels) {
    // The same numbers as a convolution of the output gradient with the kernel
    // turned round: oneDNN has a forward kernel for pictures, but its backward
    // one pads them to 16 channels.
    return at::conv2d(output_gradient,
                      weight.flip({2, 3}).transpose(0, 1).contiguous(),
                      /*bias=*/{}, {1, 1}, {padding_px, padding_px});
  }
  return std::get<0>(at::convolution_backward(
      output_gradient, input, weight, /*bias_sizes=*/std::nullopt,
      {stride_px_, stride_px_}, {padding_px, padding_px}, {1, 1},
      /*transposed=*/false, {0, 0}, /*groups=*/1, {true, false, false}));
}

ParameterGradients Conv2d::SummedGradients(const at::Tensor& output_gradient,
                                           const at::Tensor& input) const {
  return BackwardOfParameters(output_gradient, input, weight().value.detach(),
                              /*groups=*/1);
}

ParameterGradients Conv2d::PatchGradients(const at::Tensor& output_gradient,
                                          const at::Tensor& input) const {
  const at::Tensor value = weight().value.detach();
  const int64_t patches = input.size(0);
  const int64_t out_channels = value.size(0);
  const int64_t in_channels = value.size(1);
  if (IsMatrixProduct()) {
    // [out, HW] x [HW, in] for every patch.
    return {
        at::bmm(output_gradient.flatten(2), input.flatten(2).transpose(1, 2))
            .view({patches, weight().numel}),
        output_gradient.sum({2, 3})};
  }
  if (in_channels % kGroupedChannels == 0 &&
      out_channels % kGroupedChannels == 0) {
    // The batch as groups: one call whose gradient is every patch's own.
    const ParameterGradients grouped = BackwardOfParameters(
        output_gradient.reshape({1, patches * out_channels,
                                 output_gradient.size(2),
                                 output_gradient.size(3)}),
        input.reshape({1, patches * in_channels, input.size(2), input.size(3)}),
        value.unsqueeze(0)
            .expand({patches, -1, -1, -1, -1})
            .reshape(
                {patches * out_channels, in_channels, kernel_px_, kernel_px_}),
        patches);
    return {grouped.weight.reshape({patches, weight().numel}),
            grouped.bias.view({patches, out_channels})};
  }
  std::vector<at::Tensor> weights;
  std::vector<at::Tensor> biases;
  for (int64_t i = 0; i < patches; ++i) {
    const ParameterGradients one =
        BackwardOfParameters(output_gradient.narrow(0, i, 1),
                             input.narrow(0, i, 1), value, /*groups=*/1);
    weights.push_back(one.weight.flatten());
    biases.push_back(one.bias);
  }
  return {at::stack(weights), at::stack(biases)};
}

at::Tensor Linear::Apply(const at::Tensor& input, const at::Tensor& weight,
                         const at::Tensor& bias) const {
  return at::linear(input, weight, bias);
}

at::Tensor Linear::InputGradient(const at::Tensor& output_gradient,
                                 const at::Tensor& /*input*/,
                                 const at::Tensor& weight) const {
  return at::mm(output_gradient, weight);
}

ParameterGradients Linear::SummedGradients(const at::Tensor& output_gradient,
                                           const at::Tensor& input) const {
  return {at::mm(output_gradient.t(), input), output_gradient.sum(0)};
}

ParameterGradients Linear::PatchGradients(const at::Tensor& output_gradient,
                                          const at::Tensor& input) const {
  return {at::bmm(output_gradient.unsqueeze(2), input.unsqueeze(1))
              .view({input.size(0), weight().numel}),
          output_gradient};
}

const Conv2d& LayerSet::AddConv2d(const std::string& name, int64_t in_channels,
                                  int64_t out_channels, int64_t kernel_px,
                                  int64_t stride_px) {
  const int64_t fan_in = in_channels * kernel_px * kernel_px;
  Parameter* weight = parameters_.Add(
      name + ".weight", {out_channels, in_channels, kernel_px, kernel_px},
      fan_in);
  Parameter* bias = parameters_.Add(name + ".bias", {out_channels}, fan_in);
  auto layer =
      std::make_unique<Conv2d>(*this, weight, bias, kernel_px, stride_px);
  const Conv2d& reference = *layer;
  layers_.push_back(std::move(layer));
  return reference;
}

const Linear& LayerSet::AddLinear(const std::string& name, int64_t in_features,
                                  int64_t out_features) {
  Parameter* weight = parameters_.Add(name + ".weight",
                                      {out_features, in_features}, in_features);
  Parameter* bias =
      parameters_.Add(name + ".bias", {out_features}, in_features);
  auto layer = std::make_unique<Linear>(*this, weight, bias);
  const Linear& reference = *layer;
  layers_.push_back(std::move(layer));
  return reference;
}

}  // namespace bild
