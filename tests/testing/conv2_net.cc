#include "tests/testing/conv2_net.h"

#include "ATen/TensorOperators.h"
#include "ATen/ops/tanh.h"

namespace bild {

Conv2Net::Conv2Net(const LayerScope& scope)
    : Backbone(scope),
      conv1_(scope.Conv("conv1", 3, 6, 3)),
      conv2_(scope.Conv("conv2", 6, 3, 3)) {}

at::Tensor Conv2Net::Forward(const at::Tensor& input) const {
  return input + conv2_(at::tanh(conv1_(input)));
}

}  // namespace bild
