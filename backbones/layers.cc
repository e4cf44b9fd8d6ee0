#include "backbones/layers.h"

#include <array>
#include <tuple>
#include <utility>

#include "ATen/ops/bmm.h"
#include "ATen/ops/conv2d.h"
#include "ATen/ops/convolution_backward.h"
#include "ATen/ops/linear.h"
#include "ATen/ops/mm.h"
#include "backbones/patch_tape.h"
#include "c10/util/Exception.h"
#include "torch/csrc/autograd/custom_function.h"

namespace bild {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

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

at::Tensor Conv2d::Backward(const at::Tensor& output_gradient,
                            const at::Tensor& input, const at::Tensor& weight,
                            int64_t groups, bool of_input) const {
  const int64_t padding_px = kernel_px_ / 2;
  auto gradients = at::convolution_backward(
      output_gradient, input, weight, /*bias_sizes=*/std::nullopt,
      {stride_px_, stride_px_}, {padding_px, padding_px}, {1, 1},
      /*transposed=*/false, {0, 0}, groups, {of_input, !of_input, false});
  return of_input ? std::get<0>(gradients) : std::get<1>(gradients);
}

at::Tensor Conv2d::InputGradient(const at::Tensor& output_gradient,
                                 const at::Tensor& input,
                                 const at::Tensor& weight) const {
  return Backward(output_gradient, input, weight, /*groups=*/1,
                  /*of_input=*/true);
}

at::Tensor Conv2d::WeightGradient(const at::Tensor& output_gradient,
                                  const at::Tensor& input) const {
  return Backward(output_gradient, input, weight().value, /*groups=*/1,
                  /*of_input=*/false);
}

at::Tensor Conv2d::PatchWeightGradients(const at::Tensor& output_gradient,
                                        const at::Tensor& input) const {
  const int64_t patches = input.size(0);
  if (kernel_px_ == 1 && stride_px_ == 1) {
    // [out, HW] x [HW, in] for every patch.
    return at::bmm(output_gradient.flatten(2), input.flatten(2).transpose(1, 2))
        .view({patches, weight().numel});
  }
  // The batch as groups: one call whose weight gradient is every patch's own.
  const at::Tensor grouped_input =
      input.reshape({1, patches * input.size(1), input.size(2), input.size(3)});
  const at::Tensor grouped_gradient = output_gradient.reshape(
      {1, patches * output_gradient.size(1), output_gradient.size(2),
       output_gradient.size(3)});
  const at::Tensor& value = weight().value;
  const at::Tensor grouped_weight =
      value.detach()
          .unsqueeze(0)
          .expand({patches, -1, -1, -1, -1})
          .reshape({patches * value.size(0), value.size(1), value.size(2),
                    value.size(3)});
  return Backward(grouped_gradient, grouped_input, grouped_weight, patches,
                  /*of_input=*/false)
      .reshape({patches, weight().numel});
}

at::Tensor Conv2d::PatchBiasGradients(const at::Tensor& output_gradient) const {
  return output_gradient.sum({2, 3});
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

at::Tensor Linear::WeightGradient(const at::Tensor& output_gradient,
                                  const at::Tensor& input) const {
  return at::mm(output_gradient.t(), input);
}

at::Tensor Linear::PatchWeightGradients(const at::Tensor& output_gradient,
                                        const at::Tensor& input) const {
  return at::bmm(output_gradient.unsqueeze(2), input.unsqueeze(1))
      .view({input.size(0), weight().numel});
}

at::Tensor Linear::PatchBiasGradients(const at::Tensor& output_gradient) const {
  return output_gradient;
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
