#include "tests/testing/conv2_net.h"

#include "ATen/TensorOperators.h"
#include "ATen/ops/tanh.h"

namespace bild {

Conv2Net::Conv2Net()
    : conv1_(LayerScope(layers_).Conv("conv1", 3, 6, 3)),
      conv2_(LayerScope(layers_).Conv("conv2", 6, 3, 3)) {}

at::Tensor Conv2Net::Forward(const at::Tensor& input) const {
  return input + conv2_(at::tanh(conv1_(input)));
}

}  // namespace bild
