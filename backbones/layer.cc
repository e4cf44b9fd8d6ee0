#include "backbones/layer.h"

#include <optional>

#include "backbones/layers.h"
#include "backbones/patch_tape.h"
#include "torch/csrc/autograd/custom_function.h"

namespace bild {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The recording and the layer-wise way: autograd flows through the input as
// usual, and ends at the parameters, whose share goes to the tape.
struct RecordingCall : torch::autograd::Function<RecordingCall> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& input,
                            const at::Tensor& weight,
                            const std::optional<at::Tensor>& bias,
                            const Layer* layer, LayerTape* tape) {
    context->save_for_backward({input, weight});
    context->saved_data["layer"] = reinterpret_cast<int64_t>(layer);
    context->saved_data["tape"] = reinterpret_cast<int64_t>(tape);
    return layer->Apply(input, weight, bias.value_or(at::Tensor()));
  }

  static variable_list backward(AutogradContext* context,
                                variable_list output_gradients) {
    const variable_list saved = context->get_saved_variables();
    const auto* layer =
        reinterpret_cast<const Layer*>(context->saved_data["layer"].toInt());
    auto* tape =
        reinterpret_cast<LayerTape*>(context->saved_data["tape"].toInt());
    const at::Tensor output_gradient = layer->Arranged(output_gradients[0]);
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

at::Tensor Layer::operator()(const at::Tensor& given) const {
  const at::Tensor input = Arranged(given);
  LayerTape* tape = set_.tape();
  std::optional<at::Tensor> bias;
  if (bias_ != nullptr) bias = bias_->value;
  const at::Tensor output =
      tape == nullptr
          ? Apply(input, CurrentWeight(), bias.value_or(at::Tensor()))
          : RecordingCall::apply(input, CurrentWeight(), bias, this, tape);
  if (set_.observer() != nullptr) set_.observer()->Ran(*this, input, output);
  return output;
}

}  // namespace bild
