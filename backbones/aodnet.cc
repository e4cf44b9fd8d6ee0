#include "backbones/aodnet.h"

#include "ATen/TensorOperators.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/leaky_relu.h"
#include "c10/core/GradMode.h"

namespace bild {
namespace {

// J = K x - K + b with b = 1 (section 3.2 of the paper).
at::Tensor CleanImage(const at::Tensor& k, const at::Tensor& hazy) {
  return (k * hazy).sub_(k).add_(1.0);
}

}  // namespace

AodNet::AodNet(const LayerScope& scope)
    : Backbone(scope),
      e_conv1_(scope.Conv("e_conv1", 3, 3, 1)),
      e_conv2_(scope.Conv("e_conv2", 3, 3, 3)),
      e_conv3_(scope.Conv("e_conv3", 6, 3, 5)),
      e_conv4_(scope.Conv("e_conv4", 6, 3, 7)),
      e_conv5_(scope.Conv("e_conv5", 12, 3, 3)) {}

at::Tensor AodNet::EstimateK(const at::Tensor& hazy) const {
  const at::Tensor x1 = e_conv1_(hazy).relu_();
  const at::Tensor x2 = e_conv2_(x1).relu_();
  const at::Tensor x3 = e_conv3_(at::cat({x1, x2}, 1)).relu_();
  const at::Tensor x4 = e_conv4_(at::cat({x2, x3}, 1)).relu_();
  return e_conv5_(at::cat({x1, x2, x3, x4}, 1)).relu_();
}

at::Tensor AodNet::Forward(const at::Tensor& input) const {
  // As the first layer wants it, so that all of the net lies alike in memory.
  const at::Tensor hazy = e_conv1_.Arranged(input);
  return CleanImage(EstimateK(hazy), hazy).relu_();
}

std::optional<Liveness> AodNet::CheckLiveness(const at::Tensor& input) const {
  const at::NoGradGuard no_grad;
  const at::Tensor is_positive = EstimateK(input).gt(0);
  return Liveness{"K > 0", is_positive.to(at::kDouble).mean().item<double>()};
}

AodNetGunet::AodNetGunet(const LayerScope& scope)
    : Backbone(scope),
      conv1_(scope.Conv("conv1", 3, 3, 1)),
      conv2_(scope.Conv("conv2", 3, 3, 3)),
      conv3_(scope.Conv("conv3", 6, 3, 5)),
      conv4_(scope.Conv("conv4", 6, 3, 7)),
      conv5_(scope.Conv("conv5", 12, 3, 3)) {}

at::Tensor AodNetGunet::Forward(const at::Tensor& input) const {
  const at::Tensor hazy = OutputToUnit(input);
  const at::Tensor x1 = at::leaky_relu(conv1_(hazy), 0.01);
  const at::Tensor x2 = at::leaky_relu(conv2_(x1), 0.01);
  const at::Tensor x3 = at::leaky_relu(conv3_(at::cat({x1, x2}, 1)), 0.01);
  const at::Tensor x4 = at::leaky_relu(conv4_(at::cat({x2, x3}, 1)), 0.01);
  const at::Tensor k = conv5_(at::cat({x1, x2, x3, x4}, 1));
  return NormaliseInput(CleanImage(k, hazy));
}

at::Tensor AodNetGunet::NormaliseInput(const at::Tensor& hazy01) const {
  return hazy01 * 2.0 - 1.0;
}

at::Tensor AodNetGunet::OutputToUnit(const at::Tensor& output) const {
  return output * 0.5 + 0.5;
}

}  // namespace bild
