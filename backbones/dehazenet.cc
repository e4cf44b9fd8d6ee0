#include "backbones/dehazenet.h"

#include "ATen/TensorOperators.h"

namespace bild {

DehazeNet::DehazeNet(const LayerScope& scope)
    : Backbone(scope), estimator_(scope, TransmissionForm::kReflected) {}

at::Tensor DehazeNet::Forward(const at::Tensor& input) const {
  const at::Tensor hazy = OutputToUnit(input);
  const at::Tensor transmission = estimator_(hazy).sigmoid_();
  // J = (x - A) / t + A with A = 1.
  return NormaliseInput((hazy - 1.0).div(transmission).add_(1.0));
}

at::Tensor DehazeNet::NormaliseInput(const at::Tensor& hazy01) const {
  return hazy01 * 2.0 - 1.0;
}

at::Tensor DehazeNet::OutputToUnit(const at::Tensor& output) const {
  return output * 0.5 + 0.5;
}

}  // namespace bild
