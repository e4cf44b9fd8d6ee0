// DehazeNet's three variants: the picture that each makes of its transmission,
// by hand. The transmission itself is in transmission_estimator_test.

#include "backbones/dehazenet.h"

#include <cmath>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/arange.h"
#include "ATen/ops/full.h"
#include "ATen/ops/tensor.h"
#include "backbones/dehazenet_original.h"
#include "backbones/dehazenet_patch.h"
#include "backbones/guided_filter.h"
#include "c10/core/GradMode.h"
#include "c10/util/Exception.h"
#include "gtest/gtest.h"
#include "tests/backbones/all_ways.h"
#include "tests/testing/random_tensor.h"

namespace bild {
namespace {

// Sums of sums of a thousand terms.
constexpr double kDeepTolerance = 1e-10;

at::Tensor Value(Backbone& net, const std::string& name) {
  for (const auto& parameter : net.parameters().list()) {
    if (parameter->name == name) return parameter->value.detach();
  }
  ADD_FAILURE() << "no parameter " << name;
  return at::Tensor();
}

// All weights 0: the transmission is what the head's bias makes of itself.
void SetConstant(Backbone& net, double head_bias) {
  net.parameters().Materialise(at::kDouble);
  Value(net, "conv5.bias").fill_(head_bias);
}

// The head gives 0.1 (10 + red) - 0.6 of the input form, red the largest within
// 3 px; 10 keeps the channel above the others of its group.
void SetByRed(Backbone& net) {
  net.parameters().Materialise(at::kDouble);
  Value(net, "conv1.weight")[0][0][2][2] = 1.0;
  Value(net, "conv1.bias")[0] = 10.0;
  Value(net, "conv2.weight")[0][0][1][1] = 1.0;
  Value(net, "conv5.weight")[0][0][2][2] = 0.1;
  Value(net, "conv5.bias").fill_(-0.6);
}

at::Tensor Picture(int64_t height_px, int64_t width_px, double value) {
  return at::full({1, 3, height_px, width_px}, value, at::kDouble);
}

double At(const at::Tensor& picture, int64_t channel, int64_t row,
          int64_t column) {
  return picture[0][channel][row][column].item<double>();
}

TEST(DehazeNet, NameFormsAndCount) {
  const DehazeNet net;
  EXPECT_EQ(net.name(), "dehazenet");
  EXPECT_EQ(net.parameters().size(), 8929);
  EXPECT_EQ(net.WhyNotTrainable(), "");
  const at::Tensor unit = at::tensor({0.0, 0.25, 1.0}, at::kDouble);
  EXPECT_TRUE(net.NormaliseInput(unit).equal(
      at::tensor({-1.0, -0.5, 1.0}, at::kDouble)));
  EXPECT_TRUE(net.OutputToUnit(net.NormaliseInput(unit)).equal(unit));
}

// t = sigmoid(0) = 1/2 gives J = 2 x - 1; t = sigmoid(ln 3) = 3/4 gives
// J = (x - 1) / 0.75 + 1.
TEST(DehazeNet, PictureOfAConstantTransmission) {
  DehazeNet net;
  SetConstant(net, 0.0);
  const at::NoGradGuard no_grad;
  EXPECT_NEAR(At(net.Restore(Picture(4, 5, 0.7)), 1, 2, 3), 0.4, 1e-15);
  // In [-1, 1]: 2 J - 1.
  EXPECT_NEAR(At(net.Forward(Picture(4, 5, 0.4)), 1, 2, 3), -0.2, 1e-15);
  Value(net, "conv5.bias").fill_(std::log(3.0));
  EXPECT_NEAR(At(net.Restore(Picture(4, 5, 0.7)), 2, 0, 0), 0.6, 1e-15);
  // White stays white, black has no lower bound.
  EXPECT_NEAR(At(net.Restore(Picture(4, 5, 1.0)), 0, 0, 0), 1.0, 1e-15);
  EXPECT_NEAR(At(net.Restore(Picture(4, 5, 0.0)), 0, 0, 0), -1.0 / 3.0, 1e-15);
}

// Biases 0 to 15 in the first layer leave the largest of each four: 3, 7, 11
// and 15, 36 in all. With weights of 0.01 the scales are 0.01 * 36 * (9, 25,
// 49), and with 1e-4 the head adds 16 * 49 of each: 1e-4 * 784 * 29.88.
TEST(DehazeNet, MaxoutTakesFourNeighboursByHand) {
  DehazeNet net;
  net.parameters().Materialise(at::kDouble);
  const at::NoGradGuard no_grad;
  Value(net, "conv1.bias").copy_(at::arange(16, at::kDouble));
  for (const char* scale : {"conv2", "conv3", "conv4"}) {
    Value(net, std::string(scale) + ".weight").fill_(0.01);
  }
  Value(net, "conv5.weight").fill_(1e-4);
  Value(net, "conv5.bias").fill_(std::log(3.0) - 2.342592);
  EXPECT_NEAR(At(net.Restore(Picture(6, 6, 0.7)), 0, 5, 0), 0.6, 1e-13);
}

TEST(DehazeNet, AnySize) {
  SeedEngine engine = TestEngine(1);
  DehazeNet net;
  net.parameters().Materialise(at::kDouble);
  const at::NoGradGuard no_grad;
  at::Tensor flat = net.parameters().flat();
  flat.copy_(NormalTensor(engine, {8929}) * 0.1);
  for (const auto& [height_px, width_px] :
       {std::pair{1, 1}, std::pair{2, 7}, std::pair{3, 4}, std::pair{13, 9}}) {
    const at::Tensor picture =
        UniformTensor(engine, {2, 3, height_px, width_px});
    EXPECT_EQ(net.Restore(picture).sizes(), picture.sizes());
  }
  // The smallest sides are padded at the bottom and right, so that a picture of
  // one colour stays one.
  const at::Tensor small = net.Restore(Picture(2, 3, 0.3));
  EXPECT_NEAR(At(small, 0, 1, 2), At(net.Restore(Picture(8, 8, 0.3)), 0, 3, 3),
              1e-12);
}

TEST(DehazeNet, AllWaysAgree) {
  SeedEngine engine = TestEngine(2);
  for (const std::vector<int64_t>& shape : std::vector<std::vector<int64_t>>{
           {1, 3, 4, 4}, {3, 3, 5, 7}, {2, 3, 12, 9}}) {
    DehazeNet net;
    net.layers().Materialise(at::kDouble);
    FillNearInitial(net.layers(), engine);
    CheckAllWays(
        net.layers(), [&net](const at::Tensor& x) { return net.Forward(x); },
        net.NormaliseInput(UniformTensor(engine, shape)),
        NormalTensor(engine, shape), engine, kDeepTolerance);
  }
}

TEST(DehazeNetPatch, OneTransmissionForAPatch) {
  DehazeNetPatch net;
  EXPECT_EQ(net.name(), "dehazenet[variant=patch]");
  EXPECT_EQ(net.parameters().size(), 8305);
  EXPECT_EQ(net.WhyNotTrainable(),
            "its output is the transmission of a patch, not a picture");
  SetConstant(net, 0.25);
  const at::NoGradGuard no_grad;
  const at::Tensor patches = at::full({3, 3, 16, 16}, 0.5, at::kDouble);
  const at::Tensor t = net.Forward(patches);
  EXPECT_EQ(t.sizes(), (std::vector<int64_t>{3, 1}));
  EXPECT_EQ(t[2][0].item<double>(), 0.25);
  // Cut to [0, 1].
  Value(net, "conv5.bias").fill_(-0.25);
  EXPECT_EQ(net.Forward(patches)[0][0].item<double>(), 0.0);
  Value(net, "conv5.bias").fill_(1.25);
  EXPECT_EQ(net.Forward(patches)[0][0].item<double>(), 1.0);
  EXPECT_THROW(net.Forward(Picture(16, 32, 0.5)), c10::Error);
}

TEST(DehazeNetPatch, AllWaysAgree) {
  SeedEngine engine = TestEngine(3);
  DehazeNetPatch net;
  net.layers().Materialise(at::kDouble);
  FillNearInitial(net.layers(), engine);
  // Between the bounds of the transmission.
  Value(net, "conv5.bias").fill_(0.5);
  Value(net, "conv5.weight").mul_(0.1);
  CheckAllWays(
      net.layers(), [&net](const at::Tensor& x) { return net.Forward(x); },
      net.NormaliseInput(UniformTensor(engine, {5, 3, 16, 16})),
      NormalTensor(engine, {5, 1}), engine, kDeepTolerance);
}

// One row of two tiles and a rest. Less than 100 tiles: A = 0, J = x / t.
TEST(DehazeNetPatch, WholeTilesAloneAreRestored) {
  DehazeNetPatch net;
  SetConstant(net, 0.5);
  SeedEngine engine = TestEngine(4);
  const at::Tensor picture = UniformTensor(engine, {2, 3, 21, 40});
  const at::Tensor restored = net.Restore(picture);
  at::Tensor want = picture.clone();
  want.slice(2, 0, 16).slice(3, 0, 32).mul_(2.0);
  EXPECT_LE((restored - want).abs().max().item<double>(), 1e-14);
  // Nothing to restore.
  const at::Tensor small = UniformTensor(engine, {1, 3, 15, 40});
  EXPECT_TRUE(net.Restore(small).equal(small));
}

// 100 tiles; the one with the least red has the least transmission, and its
// largest value, a green one, is A.
TEST(DehazeNetPatch, AirlightFromTheHaziestHundredth) {
  DehazeNetPatch net;
  SetByRed(net);
  at::Tensor picture = Picture(160, 160, 0.5);
  // Tile (3, 7).
  picture[0][0].slice(0, 48, 64).slice(1, 112, 128).fill_(0.1);
  picture[0][1][50][115] = 0.9;
  // Brighter, and elsewhere.
  picture[0][2][0][0] = 1.0;
  const auto t_of = [](double red) {
    return 0.4 + 0.1 * (red - 0.485) / 0.229;
  };
  const auto j_of = [](double x, double t) { return (x - 0.9 * (1 - t)) / t; };
  const at::Tensor restored = net.Restore(picture);
  EXPECT_NEAR(At(restored, 0, 50, 115), j_of(0.1, t_of(0.1)), 1e-12);
  EXPECT_NEAR(At(restored, 1, 50, 115), 0.9, 1e-12);
  EXPECT_NEAR(At(restored, 1, 100, 100), j_of(0.5, t_of(0.5)), 1e-12);
  EXPECT_NEAR(At(restored, 2, 0, 0), j_of(1.0, t_of(0.5)), 1e-12);
}

// t = 0 divides by nothing: (0.5 - 0) / 1e-6, finite.
TEST(DehazeNetPatch, NoTransmissionIsFinite) {
  DehazeNetPatch net;
  SetConstant(net, -1.0);
  EXPECT_NEAR(At(net.Restore(Picture(16, 16, 0.5)), 0, 0, 0), 5e5, 1e-6);
}

// 10 rows of 20 tiles, all of the same transmission: the first two down the
// first column count, as the port goes through them.
TEST(DehazeNetPatch, TiesGoDownTheColumns) {
  DehazeNetPatch net;
  SetConstant(net, 0.5);
  at::Tensor picture = Picture(160, 320, 0.5);
  picture[0][1][20][3] = 0.8;   // Tile (1, 0).
  picture[0][1][3][20] = 0.95;  // Tile (0, 1).
  EXPECT_NEAR(At(net.Restore(picture), 0, 0, 0), (0.5 - 0.4) / 0.5, 1e-14);
}

TEST(DehazeNetOriginal, NameFormAndCount) {
  const DehazeNetOriginal net;
  EXPECT_EQ(net.name(), "dehazenet[variant=original]");
  EXPECT_EQ(net.parameters().size(), 8305);
  EXPECT_NE(net.WhyNotTrainable(), "");
  EXPECT_EQ(At(net.NormaliseInput(Picture(1, 1, 0.75)), 0, 0, 0), 0.25);
}

// A flat transmission stays flat in the guided filter: J = (x - A) / t + A with
// A the brightest colour of all, t cut to 1.
TEST(DehazeNetOriginal, FlatTransmissionByHand) {
  DehazeNetOriginal net;
  SetConstant(net, 0.5);
  const at::NoGradGuard no_grad;
  at::Tensor picture = Picture(3, 4, 0.2);
  // Gray 0.587 and 0.299: the green one is brighter, twice.
  picture[0][1][0][1] = 1.0;
  picture[0][1][2][2] = 1.0;
  picture[0][0][1][1] = 1.0;
  const at::Tensor restored = net.Restore(picture);
  // A = (0.2, 1, 0.2): 2 x - A.
  EXPECT_NEAR(At(restored, 0, 0, 0), 0.2, 1e-12);
  EXPECT_NEAR(At(restored, 1, 0, 0), -0.6, 1e-12);
  EXPECT_NEAR(At(restored, 0, 1, 1), 1.8, 1e-12);
  EXPECT_NEAR(At(restored, 1, 2, 2), 1.0, 1e-12);
  Value(net, "conv5.bias").fill_(1.5);
  EXPECT_LE((net.Restore(picture) - picture).abs().max().item<double>(), 1e-12);
}

// 200 pixels, a hundredth is two; the seven columns with the smallest t tie
// with the second and are all candidates. Brighter pixels elsewhere do not
// count, and t is filtered along the gray picture.
TEST(DehazeNetOriginal, AirlightAmongTheHaziestPixels) {
  DehazeNetOriginal net;
  SetByRed(net);
  at::Tensor picture = Picture(10, 20, 0.0);
  picture[0][0].slice(1, 10, 20).fill_(1.0);
  picture[0][1][5][3] = 0.6;
  picture[0][1][5][15] = 1.0;
  picture[0][2][5][15] = 1.0;
  picture[0][2][7][8] = 1.0;
  // 0.1 (10 + red - 0.5) - 0.6; red reaches 3 px far.
  at::Tensor t = at::full({10, 20}, 0.35, at::kDouble);
  t.slice(1, 7, 20).fill_(0.45);
  const at::Tensor gray = 0.298936 * picture[0][0] + 0.587043 * picture[0][1] +
                          0.114021 * picture[0][2];
  const at::Tensor refined = GuidedFilter(gray, t, 50, 1e-3);
  const at::Tensor airlight =
      at::tensor({0.0, 0.6, 0.0}, at::kDouble).view({3, 1, 1});
  const at::Tensor want = (picture[0] - airlight) / refined + airlight;
  const at::Tensor got = net.Restore(picture)[0];
  EXPECT_LE((got - want).abs().max().item<double>(), 1e-12);
}

}  // namespace
}  // namespace bild
