#include "backbones/pointwise.h"

#include <utility>

#include "ATen/TensorOperators.h"
#include "ATen/ops/prelu.h"
#include "ATen/ops/where.h"

namespace bild {
namespace {

std::unique_ptr<Parameter> WindowOf(const Parameter& whole, int64_t start,
                                    int64_t channels) {
  auto window = std::make_unique<Parameter>();
  window->name = whole.name;
  window->shape = {channels};
  window->fan_in = whole.fan_in;
  window->offset = whole.offset + start;
  window->numel = channels;
  return window;
}

}  // namespace

at::Tensor PRelu::Apply(const at::Tensor& input, const at::Tensor& weight,
                        const at::Tensor& /*bias*/) const {
  return at::prelu(input, weight);
}

at::Tensor PRelu::Movement(const at::Tensor& input, const at::Tensor& weight,
                           const at::Tensor& /*bias*/) const {
  return input.clamp_max(0) * weight;
}

at::Tensor PRelu::InputGradient(const at::Tensor& output_gradient,
                                const at::Tensor& input,
                                const at::Tensor& weight) const {
  return at::where(input > 0, output_gradient, output_gradient * weight);
}

ParameterGradients PRelu::SummedGradients(const at::Tensor& output_gradient,
                                          const at::Tensor& input) const {
  return {(output_gradient * input.clamp_max(0)).sum().view({1}), {}};
}

ParameterGradients PRelu::PatchGradients(const at::Tensor& output_gradient,
                                         const at::Tensor& input) const {
  return {(output_gradient * input.clamp_max(0))
              .flatten(1)
              .sum(1, /*keepdim=*/true),
          {}};
}

int64_t PRelu::MultiplyAdds(const at::Tensor& /*input*/,
                            const at::Tensor& /*output*/) const {
  return 0;
}

ChannelGain::ChannelGain(const LayerSet& set, Parameter* whole, int64_t start,
                         int64_t channels)
    : ChannelGain(set, whole, start, WindowOf(*whole, start, channels)) {}

ChannelGain::ChannelGain(const LayerSet& set, Parameter* whole, int64_t start,
                         std::unique_ptr<Parameter> window)
    : Layer(set, window.get(), nullptr),
      whole_(whole),
      start_(start),
      window_(std::move(window)) {}

at::Tensor ChannelGain::CurrentWeight() const {
  return whole_->value.flatten().narrow(0, start_, window_->numel);
}

at::Tensor ChannelGain::Apply(const at::Tensor& input, const at::Tensor& weight,
                              const at::Tensor& /*bias*/) const {
  return input * weight.view({1, -1, 1, 1});
}

at::Tensor ChannelGain::InputGradient(const at::Tensor& output_gradient,
                                      const at::Tensor& /*input*/,
                                      const at::Tensor& weight) const {
  return output_gradient * weight.view({1, -1, 1, 1});
}

ParameterGradients ChannelGain::SummedGradients(
    const at::Tensor& output_gradient, const at::Tensor& input) const {
  return {(output_gradient * input).sum({0, 2, 3}), {}};
}

ParameterGradients ChannelGain::PatchGradients(
    const at::Tensor& output_gradient, const at::Tensor& input) const {
  return {(output_gradient * input).sum({2, 3}), {}};
}

int64_t ChannelGain::MultiplyAdds(const at::Tensor& /*input*/,
                                  const at::Tensor& /*output*/) const {
  return 0;
}

}  // namespace bild
