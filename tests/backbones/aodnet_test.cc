// AOD-Net on one pixel, worked by hand. With one pixel and zero padding a
// convolution is its middle tap; every map below is one number per channel.

#include "backbones/aodnet.h"

#include <string>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/full.h"
#include "ATen/ops/rand.h"
#include "ATen/ops/tensor.h"
#include "c10/core/GradMode.h"
#include "gtest/gtest.h"
#include "torch/csrc/autograd/autograd.h"

namespace bild {
namespace {

// Every weight of layer n (1..5) is weights[n - 1], every bias biases[n - 1].
void Fill(ParameterSet& parameters, const std::vector<double>& weights,
          const std::vector<double>& biases) {
  parameters.Materialise(at::kDouble);
  const at::NoGradGuard no_grad;
  for (size_t layer = 0; layer < 5; ++layer) {
    parameters.list()[2 * layer]->value.fill_(weights[layer]);
    parameters.list()[2 * layer + 1]->value.fill_(biases[layer]);
  }
}

at::Tensor Pixel(double r, double g, double b) {
  return at::tensor({r, g, b}, at::kDouble).view({1, 3, 1, 1});
}

void ExpectPixel(const at::Tensor& got, double r, double g, double b) {
  ASSERT_EQ(got.sizes(), (std::vector<int64_t>{1, 3, 1, 1}));
  // A few roundings of sums whose order is the library's.
  constexpr double kRounding = 1e-14;
  EXPECT_NEAR(got[0][0].item<double>(), r, kRounding);
  EXPECT_NEAR(got[0][1].item<double>(), g, kRounding);
  EXPECT_NEAR(got[0][2].item<double>(), b, kRounding);
}

TEST(AodNet, NamesAndShapes) {
  AodNet net;
  EXPECT_EQ(net.name(), "aodnet");
  EXPECT_EQ(net.parameters().size(), 1761);
  std::vector<std::string> names;
  for (const auto& parameter : net.parameters().list()) {
    names.push_back(parameter->name);
  }
  EXPECT_EQ(names, (std::vector<std::string>{
                       "e_conv1.weight", "e_conv1.bias", "e_conv2.weight",
                       "e_conv2.bias", "e_conv3.weight", "e_conv3.bias",
                       "e_conv4.weight", "e_conv4.bias", "e_conv5.weight",
                       "e_conv5.bias"}));
  EXPECT_EQ(net.parameters().list()[6]->shape,
            (std::vector<int64_t>{3, 6, 7, 7}));
  EXPECT_EQ(net.parameters().list()[8]->fan_in, 12 * 9);
}

// x = (0.2, 0.4, 0.6), sum 1.2. x1 = 0.5 * 1.2 - 0.1 = 0.5.
// x2 = 3 (0.2 * 0.5) = 0.3. x3 = 0.5 (3 * 0.5 + 3 * 0.3) - 0.2 = 1.
// x4 = 0.1 (3 * 0.3 + 3 * 1) + 0.01 = 0.4.
// K = 0.25 * 3 (0.5 + 0.3 + 1 + 0.4) + 0.35 = 2. J = 2 x - 2 + 1.
TEST(AodNet, ForwardByHand) {
  AodNet net;
  Fill(net.parameters(), {0.5, 0.2, 0.5, 0.1, 0.25},
       {-0.1, 0.0, -0.2, 0.01, 0.35});
  const at::NoGradGuard no_grad;
  // J = (-0.6, -0.2, 0.2) before the last ReLU.
  ExpectPixel(net.Forward(Pixel(0.2, 0.4, 0.6)), 0.0, 0.0, 0.2);
  // White stays white whatever K is.
  ExpectPixel(net.Forward(Pixel(1, 1, 1)), 1, 1, 1);
  // The input form is the picture itself.
  ExpectPixel(net.Restore(Pixel(0.2, 0.4, 0.6)), 0.0, 0.0, 0.2);
}

// Each map's ReLU: x1 = max(0, -0.5 * 1.2) = 0 and so on down to K = b5.
TEST(AodNet, ReluOnEveryMap) {
  AodNet net;
  Fill(net.parameters(), {-0.5, 1.0, 1.0, 1.0, 1.0}, {0, -1, -1, -1, 0.5});
  const at::NoGradGuard no_grad;
  // J = 0.5 (x - 1) + 1.
  ExpectPixel(net.Forward(Pixel(0.2, 0.4, 0.6)), 0.6, 0.7, 0.8);
}

TEST(AodNet, LivenessFromNoneToAll) {
  AodNet net;
  Fill(net.parameters(), {0.5, 0.2, 0.5, 0.1, 0.25},
       {-0.1, 0.0, -0.2, 0.01, 0.35});
  const at::Tensor picture = at::rand({2, 3, 5, 5}, at::kDouble);
  ASSERT_TRUE(net.CheckLiveness(picture).has_value());
  EXPECT_EQ(net.CheckLiveness(picture)->what, "K > 0");
  EXPECT_EQ(net.CheckLiveness(picture)->share, 1.0);
  at::Tensor k_bias;
  {
    const at::NoGradGuard no_grad;
    k_bias = net.parameters().list()[9]->value.detach();
    // One channel of K dead, two alive.
    k_bias[1].fill_(-1e9);
  }
  EXPECT_NEAR(net.CheckLiveness(picture)->share, 2.0 / 3.0, 1e-15);
  {
    const at::NoGradGuard no_grad;
    k_bias.fill_(-1e9);
  }
  EXPECT_EQ(net.CheckLiveness(picture)->share, 0.0);
  // Dead: a white picture and no gradient at all.
  const at::Tensor output = net.Forward(picture);
  EXPECT_EQ(output.eq(1.0).sum().item<int64_t>(), output.numel());
  for (const at::Tensor& gradient : torch::autograd::grad(
           {output.square().sum()}, net.parameters().leaves())) {
    EXPECT_EQ(gradient.abs().max().item<double>(), 0.0);
  }
}

TEST(AodNetGunet, NameAndForms) {
  AodNetGunet net;
  EXPECT_EQ(net.name(), "aodnet[variant=gunet]");
  EXPECT_EQ(net.parameters().list()[0]->name, "conv1.weight");
  EXPECT_EQ(net.parameters().size(), 1761);
  ExpectPixel(net.NormaliseInput(Pixel(0.0, 0.25, 1.0)), -1.0, -0.5, 1.0);
  ExpectPixel(net.OutputToUnit(Pixel(-1.0, -0.5, 1.0)), 0.0, 0.25, 1.0);
  EXPECT_FALSE(net.CheckLiveness(Pixel(0, 0, 0)).has_value());
}

// The numbers of AodNet above, but from [-1, 1] to [-1, 1] and without a ReLU
// on the result: J = (-0.6, -0.2, 0.2) in [0, 1], that is (-2.2, -1.4, -0.6).
TEST(AodNetGunet, ForwardByHand) {
  AodNetGunet net;
  Fill(net.parameters(), {0.5, 0.2, 0.5, 0.1, 0.25},
       {-0.1, 0.0, -0.2, 0.01, 0.35});
  const at::NoGradGuard no_grad;
  ExpectPixel(net.Forward(Pixel(-0.6, -0.2, 0.2)), -2.2, -1.4, -0.6);
  ExpectPixel(net.Restore(Pixel(0.2, 0.4, 0.6)), -0.6, -0.2, 0.2);
}

// LeakyReLU(0.01) on the four maps, nothing on K. x1 = -0.6 -> -0.006;
// x2 = 3 (-0.006) - 1 = -1.018 -> -0.01018;
// x3 = 3 (-0.006 - 0.01018) - 1 = -1.04854 -> -0.0104854;
// x4 = 3 (-0.01018 - 0.0104854) - 1 = -1.0619962 -> -0.010619962;
// K = 3 (-0.006 - 0.01018 - 0.0104854 - 0.010619962) - 0.5 = -0.611856086.
TEST(AodNetGunet, LeaksOnEveryMapAndNotOnK) {
  AodNetGunet net;
  Fill(net.parameters(), {-0.5, 1.0, 1.0, 1.0, 1.0}, {0, -1, -1, -1, -0.5});
  const at::NoGradGuard no_grad;
  const double k = -0.611856086;
  ExpectPixel(net.Restore(Pixel(0.2, 0.4, 0.6)), 1 - 0.8 * k, 1 - 0.6 * k,
              1 - 0.4 * k);
}

}  // namespace
}  // namespace bild
