#include "backbones/linear.h"

#include "ATen/ops/bmm.h"
#include "ATen/ops/linear.h"
#include "ATen/ops/mm.h"

namespace bild {

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

int64_t Linear::MultiplyAdds(const at::Tensor& input,
                             const at::Tensor& output) const {
  return output.numel() * input.size(1);
}

}  // namespace bild
