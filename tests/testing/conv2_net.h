// The smallest net with a curved loss: x + conv2(tanh(conv1(x))).

#ifndef TESTS_TESTING_CONV2_NET_H_
#define TESTS_TESTING_CONV2_NET_H_

#include <string>

#include "backbones/backbone.h"

namespace bild {

// Two 3x3 convolutions, 3 -> 6 -> 3 channels, zero padding 1.
class Conv2Net final : public Backbone {
 public:
  explicit Conv2Net(const LayerScope& scope = LayerScope());
  const std::string& name() const override { return name_; }
  at::Tensor Forward(const at::Tensor& input) const override;

 private:
  std::string name_ = "conv2";
  const Conv2d &conv1_, &conv2_;
};

}  // namespace bild

#endif  // TESTS_TESTING_CONV2_NET_H_
