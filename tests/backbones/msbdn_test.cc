// MSBDN: names, sizes, its boosting and fusion worked by hand on constant maps,
// and its per-patch products.

#include "backbones/msbdn.h"

#include <cstdint>
#include <string>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/reflection_pad2d.h"
#include "ATen/ops/zeros.h"
#include "c10/core/GradMode.h"
#include "gtest/gtest.h"
#include "tests/backbones/all_ways.h"
#include "tests/testing/random_tensor.h"

namespace bild {
namespace {

// Rounding through some ninety layers.
constexpr double kDeepTolerance = 1e-9;

MsbdnOptions Width(int64_t width) {
  MsbdnOptions options;
  options.width = width;
  return options;
}

// Counted block by block: c channels at full resolution.
int64_t CountedByHand(int64_t c) {
  const auto conv = [](int64_t in, int64_t out, int64_t kernel) {
    return in * out * kernel * kernel + out;
  };
  const auto blocks = [&](int64_t count, int64_t channels) {
    return count * (2 * conv(channels, channels, 3) + 1);
  };
  int64_t total = conv(3, c, 11) + conv(c, 3, 3) + blocks(18, 16 * c);
  for (int64_t scale = 0; scale < 4; ++scale) {
    const int64_t fine = c << scale;
    // Into the scale and out of it again, and the blocks on the finer side of
    // both.
    total +=
        conv(fine, 2 * fine, 3) + conv(2 * fine, fine, 3) + 2 * blocks(3, fine);
    // Scale s + 1 of the encoder has s + 1 pairs of units, and the decoder's
    // scale s has 4 - s; a pair between channels k and 2 k costs as much either
    // way round.
    const auto pair = [&](int64_t k) {
      return conv(k, 2 * k, 4) + conv(2 * k, k, 4) + 2;
    };
    for (int64_t q = 0; q <= scale; ++q) total += pair(c << q);
    for (int64_t q = scale; q < 4; ++q) total += pair(c << q);
  }
  return total;
}

TEST(Msbdn, ParameterCounts) {
  EXPECT_EQ(Msbdn(Width(16)).parameters().size(), 31353061);
  for (const int64_t width : {1, 2, 3, 8, 16}) {
    EXPECT_EQ(Msbdn(Width(width)).parameters().size(), CountedByHand(width))
        << width;
  }
}

TEST(Msbdn, NameSaysWhatIsNotThePublishedNet) {
  EXPECT_EQ(Msbdn(Width(16)).name(), "msbdn");
  EXPECT_EQ(Msbdn(Width(4)).name(), "msbdn[width=4]");
}

// All weights zero but for what a test sets: maps are constant, and reflection
// keeps them so up to the edges.
class MsbdnByHand : public testing::Test {
 protected:
  MsbdnByHand() : net_(Width(2)) {
    net_.layers().Materialise(at::kDouble);
    const at::NoGradGuard no_grad;
    for (const auto& parameter : net_.parameters().list()) {
      if (parameter->initial.has_value()) {
        parameter->value.fill_(*parameter->initial);
      }
    }
    // The output is the mean of the last feature's channels.
    Set("conv_output.conv2d.weight", 1.0 / (9.0 * 2.0));
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
  void ExpectOutput(double want) {
    const at::NoGradGuard no_grad;
    const at::Tensor output =
        net_.Forward(at::zeros({1, 3, 32, 48}, at::kDouble));
    EXPECT_LE((output - want).abs().max().item<double>(), 1e-14)
        << output.min().item<double>() << " to " << output.max().item<double>();
  }
  Msbdn net_;
};

// r1 = 1, and every `dense` adds its input to what is already residual: a = 2.
// u = 0.5, s = u + a = 2.5, then s + s - u = 4.5.
TEST_F(MsbdnByHand, StrengthenOperateSubtract) {
  Set("conv_input.conv2d.bias", 1.0);
  ExpectOutput(4.0);
  Set("convd2x.conv2d.bias", 0.5);
  ExpectOutput(4.5);
  // A residual branch counts a tenth: dense_1(s) = 2.5 + 0.2.
  Set("dense_1.1.conv2.conv2d.bias", 2.0);
  ExpectOutput(4.7);
}

// Four rounds of back-projection, all through the same last unit.
TEST_F(MsbdnByHand, EveryRoundOfTheFusionAdds) {
  Set("conv_input.conv2d.bias", 1.0);
  Set("fusion_1.up_convs.0.deconv.bias", 0.3);
  ExpectOutput(4.0 + 4 * 0.3);
  // PReLU with its slope of 1/4.
  Set("fusion_1.up_convs.0.deconv.bias", -0.4);
  ExpectOutput(4.0 - 4 * 0.1);
}

TEST(Msbdn, TakesMultiplesOfSixteenAndRestoresAnySize) {
  Msbdn net(Width(2));
  SeedEngine engine = TestEngine(1);
  net.layers().Materialise(at::kDouble);
  FillNearInitial(net.layers(), engine);
  EXPECT_EQ(net.SizeMultiple(), 16);
  EXPECT_EQ(net.SmallestSide(), 32);
  const at::NoGradGuard no_grad;
  const at::Tensor picture = UniformTensor(engine, {1, 3, 37, 50});
  const at::Tensor padded = at::reflection_pad2d(picture, {0, 14, 0, 11});
  EXPECT_TRUE(net.Restore(picture).equal(
      net.Forward(padded).slice(2, 0, 37).slice(3, 0, 50)));
  for (const std::vector<int64_t>& size :
       std::vector<std::vector<int64_t>>{{1, 1}, {7, 33}, {32, 32}, {20, 65}}) {
    const at::Tensor any = UniformTensor(engine, {2, 3, size[0], size[1]});
    EXPECT_EQ(net.Restore(any).sizes(), any.sizes());
  }
}

TEST(Msbdn, PatchProducts) {
  for (const int64_t width : {1, 2}) {
    SeedEngine engine = TestEngine(10 + static_cast<uint64_t>(width));
    Msbdn net(Width(width));
    net.layers().Materialise(at::kDouble);
    FillNearInitial(net.layers(), engine);
    CheckAllWays(
        net.layers(), [&](const at::Tensor& x) { return net.Forward(x); },
        UniformTensor(engine, {2, 3, 32, 48}),
        NormalTensor(engine, {2, 3, 32, 48}), engine, kDeepTolerance);
  }
}

}  // namespace
}  // namespace bild
