// FFA-Net: names, sizes, the input form, and its blocks on one pixel by hand.

#include "backbones/ffa.h"

#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/full.h"
#include "ATen/ops/rand.h"
#include "ATen/ops/tensor.h"
#include "ATen/ops/zeros.h"
#include "c10/core/GradMode.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

int64_t Parameters(int64_t dim, int64_t blocks) {
  FfaOptions options;
  options.dim = dim;
  options.blocks = blocks;
  return Ffa(options).parameters().size();
}

// As a formula of dim d and blocks n, counted layer by layer.
int64_t CountedByHand(int64_t d, int64_t n) {
  const auto conv = [](int64_t in, int64_t out, int64_t kernel) {
    return in * out * kernel * kernel + out;
  };
  const int64_t channel_attention = conv(d, d / 8, 1) + conv(d / 8, d, 1);
  const int64_t pixel_attention = conv(d, d / 8, 1) + conv(d / 8, 1, 1);
  const int64_t block = 2 * conv(d, d, 3) + channel_attention + pixel_attention;
  const int64_t group = n * block + conv(d, d, 3);
  const int64_t fusion = conv(3 * d, d / 16, 1) + conv(d / 16, 3 * d, 1);
  return 3 * group + fusion + pixel_attention + conv(3, d, 3) + conv(d, d, 3) +
         conv(d, 3, 3);
}

TEST(Ffa, ParameterCounts) {
  EXPECT_EQ(Parameters(64, 19), 4455913);
  EXPECT_EQ(Parameters(64, 20), 4682356);
  for (const int64_t dim : {16, 32, 64}) {
    for (const int64_t blocks : {1, 2, 5}) {
      EXPECT_EQ(Parameters(dim, blocks), CountedByHand(dim, blocks))
          << dim << " " << blocks;
    }
  }
}

TEST(Ffa, NameSaysWhatIsNotThePublishedNet) {
  const auto name = [](int64_t dim, int64_t blocks) {
    FfaOptions options;
    options.dim = dim;
    options.blocks = blocks;
    return Ffa(options).name();
  };
  EXPECT_EQ(name(64, 19), "ffa");
  EXPECT_EQ(name(64, 20), "ffa[blocks=20]");
  EXPECT_EQ(name(16, 19), "ffa[dim=16]");
  EXPECT_EQ(name(16, 2), "ffa[dim=16,blocks=2]");
}

TEST(Ffa, NamesAndShapesScaleWithDim) {
  FfaOptions options;
  options.dim = 32;
  options.blocks = 2;
  const Ffa net(options);
  std::map<std::string, std::vector<int64_t>> shapes;
  for (const auto& parameter : net.parameters().list()) {
    shapes[parameter->name] = parameter->shape;
  }
  using Shape = std::vector<int64_t>;
  EXPECT_EQ(shapes.at("g1.gp.0.conv1.weight"), (Shape{32, 32, 3, 3}));
  EXPECT_EQ(shapes.at("g2.gp.1.calayer.ca.0.weight"), (Shape{4, 32, 1, 1}));
  EXPECT_EQ(shapes.at("g3.gp.1.palayer.pa.2.weight"), (Shape{1, 4, 1, 1}));
  EXPECT_EQ(shapes.at("g3.gp.2.weight"), (Shape{32, 32, 3, 3}));
  EXPECT_EQ(shapes.at("ca.1.weight"), (Shape{2, 96, 1, 1}));
  EXPECT_EQ(shapes.at("ca.3.weight"), (Shape{96, 2, 1, 1}));
  EXPECT_EQ(shapes.at("palayer.pa.0.bias"), (Shape{4}));
  EXPECT_EQ(shapes.at("pre.0.weight"), (Shape{32, 3, 3, 3}));
  EXPECT_EQ(shapes.at("post.1.weight"), (Shape{3, 32, 3, 3}));
  EXPECT_EQ(shapes.count("g1.gp.3.weight"), 0u);
  EXPECT_EQ(net.parameters().list()[0]->name, "g1.gp.0.conv1.weight");
  EXPECT_EQ(net.parameters().list().back()->name, "post.1.bias");
}

// (x - mean) / std by the paper's code's own constants; the output is a picture
// in [0, 1] as it is.
TEST(Ffa, NormalisationConstants) {
  FfaOptions options;
  options.dim = 16;
  options.blocks = 1;
  const Ffa net(options);
  const at::Tensor mean = at::tensor({0.64, 0.60, 0.58}, at::kDouble);
  EXPECT_EQ(
      net.NormaliseInput(mean.view({1, 3, 1, 1})).abs().max().item<double>(),
      0.0);
  const at::Tensor black =
      net.NormaliseInput(at::zeros({1, 3, 1, 1}, at::kDouble));
  EXPECT_NEAR(black[0][0].item<double>(), -0.64 / 0.14, 1e-14);
  EXPECT_NEAR(black[0][1].item<double>(), -0.60 / 0.15, 1e-14);
  EXPECT_NEAR(black[0][2].item<double>(), -0.58 / 0.152, 1e-14);
  EXPECT_TRUE(net.OutputToUnit(black).equal(black));
  // In the precision of the picture.
  EXPECT_EQ(
      net.NormaliseInput(at::zeros({1, 3, 1, 1}, at::kFloat)).scalar_type(),
      at::kFloat);
}

// All parameters zero but chosen ones: what is left can be worked by hand.
class FfaByHand : public testing::Test {
 protected:
  FfaByHand() : net_(Options()) { net_.parameters().Materialise(at::kDouble); }
  static FfaOptions Options() {
    FfaOptions options;
    options.dim = 16;
    options.blocks = 1;
    return options;
  }
  void Set(const std::string& name, double value) {
    const at::NoGradGuard no_grad;
    for (const auto& parameter : net_.parameters().list()) {
      if (parameter->name == name) {
        parameter->value.fill_(value);
        return;
      }
    }
    FAIL() << "no parameter " << name;
  }
  double Output() {
    const at::NoGradGuard no_grad;
    const at::Tensor input = at::full({1, 3, 1, 1}, 0.25, at::kDouble);
    return (net_.Forward(input) - input)[0][1].item<double>();
  }
  Ffa net_;
};

TEST_F(FfaByHand, ZeroParametersGiveTheInput) { EXPECT_EQ(Output(), 0.0); }

// pre = 2 in every channel. Blocks give x + 0 and groups (last conv 0) x, so
// g1 = g2 = g3 = 2. Fusion weights sigmoid(0) = 1/2: 3 * 1/2 * 2 = 3. The pixel
// attention halves: 1.5. post.0 with weight 1/16 in the middle and elsewhere
// (one pixel sees the middle alone): 1.5; post.1 with 0.1: 16 * 0.1 * 1.5
// = 2.4.
TEST_F(FfaByHand, FusionAndTail) {
  Set("pre.0.bias", 2.0);
  Set("post.0.weight", 1.0 / 16.0);
  Set("post.1.weight", 0.1);
  EXPECT_NEAR(Output(), 2.4, 1e-14);
  // The fusion's bias alone: weights sigmoid(b), 3 * sigmoid(b) * 2 in place of
  // 3.
  Set("ca.3.bias", std::log(3.0));
  EXPECT_NEAR(Output(), 2.4 * 1.5, 1e-14);
  // Its squeeze sees the mean of each of the 48 channels: relu(48 * 2 / 96) =
  // 1, and the excitation -1: sigmoid(log 3 - 1).
  Set("ca.1.weight", 1.0 / 96.0);
  Set("ca.3.weight", -1.0);
  EXPECT_NEAR(Output(), 2.4 * 2.0 / (1.0 + std::exp(1.0) / 3.0), 1e-14);
}

// One group's block at x = 2: conv1 = 16 * 2 / 32 = 1, relu(1) + 2 = 3,
// conv2 = 16 * 3 / 48 = 1; channel attention 1/2, pixel attention 1/2: 0.25;
// + 2 = 2.25. The group's last conv 16 * 2.25 / 36 = 1, + 2 = 3. The next
// groups give 3 as well: (2 is g1's input only) 0.5 (3 + 3 + 3) * 0.5 = 2.25.
TEST_F(FfaByHand, BlockAndGroup) {
  Set("pre.0.bias", 2.0);
  Set("post.0.weight", 1.0 / 16.0);
  Set("post.1.weight", 1.0 / 16.0);
  Set("g1.gp.0.conv1.weight", 1.0 / 32.0);
  Set("g1.gp.0.conv2.weight", 1.0 / 48.0);
  Set("g1.gp.1.weight", 1.0 / 36.0);
  EXPECT_NEAR(Output(), 2.25, 1e-14);
  // The block's channel attention all the way open: 0.5 * 1 + 2 = 2.5, then
  // 40/36 + 2 = 28/9 in place of 3.
  Set("g1.gp.0.calayer.ca.2.bias", 1000.0);
  EXPECT_NEAR(Output(), 2.25 * 28.0 / 27.0, 1e-14);
  // And the pixel attention: 1 + 2 = 3, 48/36 + 2 = 10/3.
  Set("g1.gp.0.palayer.pa.2.bias", 1000.0);
  EXPECT_NEAR(Output(), 2.25 * 10.0 / 9.0, 1e-14);
}

TEST(Ffa, KeepsAnySize) {
  FfaOptions options;
  options.dim = 16;
  options.blocks = 1;
  Ffa net(options);
  net.parameters().Materialise(at::kFloat);
  const at::NoGradGuard no_grad;
  for (const auto& [height, width] :
       std::vector<std::pair<int64_t, int64_t>>{{1, 1}, {3, 8}, {7, 5}}) {
    EXPECT_EQ(net.Forward(at::rand({2, 3, height, width}, at::kFloat)).sizes(),
              (std::vector<int64_t>{2, 3, height, width}));
  }
}

}  // namespace
}  // namespace bild
