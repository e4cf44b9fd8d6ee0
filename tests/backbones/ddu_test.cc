// The guided upsampling around a net: what the net is given, the last stage by
// hand, and its products with and without the statistics of the batch.

#include "backbones/ddu.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/full.h"
#include "ATen/ops/mv.h"
#include "backbones/aodnet.h"
#include "backbones/ddu_operators.h"
#include "backbones/ffa.h"
#include "c10/core/GradMode.h"
#include "gtest/gtest.h"
#include "tests/backbones/all_ways.h"
#include "tests/testing/random_tensor.h"

namespace bild {
namespace {

// Rounding through a deep net.
constexpr double kDeepTolerance = 1e-9;

DduOptions Narrow() {
  DduOptions options;
  options.side_px = 12;
  options.grid_side_px = 64;
  options.width = 1;
  return options;
}

std::unique_ptr<Backbone> MakeAodNet(const LayerScope& scope) {
  return std::make_unique<AodNet>(scope);
}

// Gives back what it is given, in a form of its own.
class Mirror final : public Backbone {
 public:
  Mirror(const LayerScope& scope, at::Tensor* seen)
      : Backbone(scope), seen_(seen) {}
  const std::string& name() const override { return name_; }
  at::Tensor Forward(const at::Tensor& input) const override {
    *seen_ = input;
    return input + 1.0;
  }
  at::Tensor NormaliseInput(const at::Tensor& hazy01) const override {
    return hazy01 * 4.0 - 2.0;
  }
  at::Tensor OutputToUnit(const at::Tensor& output) const override {
    return (output - 1.0) * 0.25 + 0.5;
  }

 private:
  std::string name_ = "mirror";
  at::Tensor* seen_;
};

TEST(Ddu, ParameterCountsAndNames) {
  EXPECT_EQ(Ddu(DduOptions(), MakeAodNet).parameters().size(), 17278596 + 1761);
  EXPECT_EQ(Ddu(DduOptions(), MakeAodNet).name(), "aodnet[ddu=320]");
  const Ddu narrow(Narrow(), [](const LayerScope& scope) {
    FfaOptions ffa;
    ffa.dim = 16;
    ffa.blocks = 1;
    return std::make_unique<Ffa>(ffa, scope);
  });
  EXPECT_EQ(narrow.name(),
            "ffa[dim=16,blocks=1,ddu=12,ddu_grid=64,ddu_width=1]");
  EXPECT_TRUE(narrow.CouplesPatches());
  EXPECT_EQ(narrow.SizeMultiple(), 1);
  // The inner net stands in the middle, between the grid's net and a slope that
  // nothing uses.
  std::vector<std::string> names;
  for (const Parameter* tensor : narrow.layers().state()) {
    names.push_back(tensor->name);
  }
  const auto first_inner =
      std::find(names.begin(), names.end(), "u_net_mini.g1.gp.0.conv1.weight");
  ASSERT_NE(first_inner, names.end());
  EXPECT_EQ(*(first_inner - 1), "u_net.pre.bias");
  const auto unused = std::find(names.begin(), names.end(), "smooth.weight");
  ASSERT_NE(unused, names.end());
  EXPECT_EQ(*(unused - 1), "u_net_mini.post.1.bias");
  EXPECT_EQ(*(unused + 1), "fusion.0.weight");
}

class DduByHand : public testing::Test {
 protected:
  DduByHand()
      : net_(Narrow(), [this](const LayerScope& scope) {
          return std::make_unique<Mirror>(scope, &seen_);
        }) {
    net_.layers().Materialise(at::kDouble);
    Set("p.weight", 0.25);
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
  double Output(double input) {
    const at::NoGradGuard no_grad;
    const at::Tensor output =
        net_.Forward(at::full({2, 3, 9, 7}, input, at::kDouble));
    EXPECT_LE((output - output.flatten()[0]).abs().max().item<double>(), 1e-14);
    return output.flatten()[0].item<double>();
  }
  at::Tensor seen_;
  Ddu net_;
};

// y = p(M x - F + 1) with F = 0.2 and M = 0.5 from the biases alone.
TEST_F(DduByHand, LastStage) {
  EXPECT_EQ(Output(0.4), 1.0);
  Set("fusion.2.bias", 0.2);
  Set("x_r_fusion.2.bias", 0.5);
  EXPECT_NEAR(Output(0.4), 0.5 * 0.4 - 0.2 + 1.0, 1e-15);
  // Below 0 the slope of p.
  Set("fusion.2.bias", 3.0);
  EXPECT_NEAR(Output(0.4), 0.25 * (0.5 * 0.4 - 3.0 + 1.0), 1e-15);
}

// A grid of sigmoid(0) = 1/2 in every coefficient: with all points at q, the
// three guided colours are (q + q + q + 1) / 2 each, whatever the guides say.
TEST_F(DduByHand, GuidedColours) {
  Set("r_point.bias", 0.4);
  Set("g_point.bias", 0.4);
  Set("b_point.bias", 0.4);
  // F is the mean of the nine, 1.1.
  const at::NoGradGuard no_grad;
  for (const auto& parameter : net_.parameters().list()) {
    if (parameter->name == "fusion.0.weight") {
      // Middle taps only: no edge.
      parameter->value.slice(2, 1, 2).slice(3, 1, 2).fill_(1.0 / 9.0);
    }
    if (parameter->name == "fusion.2.weight") parameter->value.fill_(1.0 / 16);
  }
  EXPECT_NEAR(Output(0.7), 0.25 * (1.0 - 1.1), 1e-14);
  // One of the three guided colours from q = -0.8, which p makes -0.2: 0.2
  // in place of 1.1.
  Set("g_point.bias", -0.8);
  EXPECT_NEAR(Output(0.7), 1.0 - (1.1 + 0.2 + 1.1) / 3.0, 1e-14);
}

TEST_F(DduByHand, TheInnerNetSeesTheSmallPictureInItsOwnForm) {
  SeedEngine engine = TestEngine(4);
  const at::Tensor picture = UniformTensor(engine, {1, 3, 21, 34});
  const at::NoGradGuard no_grad;
  net_.Forward(picture);
  EXPECT_LE(RelativeError(seen_, ResizeBicubic(picture, 12, 12) * 4.0 - 2.0),
            1e-14);
}

TEST(Ddu, LivenessIsTheInnerNets) {
  Ddu net(Narrow(), MakeAodNet);
  SeedEngine engine = TestEngine(5);
  net.layers().Materialise(at::kDouble);
  FillNearInitial(net.layers(), engine);
  const at::Tensor picture = UniformTensor(engine, {1, 3, 8, 8});
  ASSERT_TRUE(net.CheckLiveness(picture).has_value());
  EXPECT_EQ(net.CheckLiveness(picture)->what, "K > 0");
}

TEST(Ddu, KeepsAnySize) {
  Ddu net(Narrow(), MakeAodNet);
  SeedEngine engine = TestEngine(6);
  net.layers().Materialise(at::kDouble);
  FillNearInitial(net.layers(), engine);
  const at::NoGradGuard no_grad;
  for (const std::vector<int64_t>& size :
       std::vector<std::vector<int64_t>>{{1, 1}, {2, 2}, {1, 40}, {33, 5}}) {
    const at::Tensor picture = UniformTensor(engine, {2, 3, size[0], size[1]});
    const at::Tensor restored = net.Restore(picture);
    EXPECT_EQ(restored.sizes(), picture.sizes());
    EXPECT_TRUE(restored.isfinite().all().item<bool>());
  }
}

// With the running statistics every patch stands by itself.
TEST(Ddu, PatchProductsWithRunningStatistics) {
  for (const int64_t width : {1, 2}) {
    SeedEngine engine = TestEngine(20 + static_cast<uint64_t>(width));
    DduOptions options = Narrow();
    options.width = width;
    Ddu net(options, MakeAodNet);
    net.layers().Materialise(at::kDouble);
    FillNearInitial(net.layers(), engine);
    CheckAllWays(
        net.layers(), [&](const at::Tensor& x) { return net.Forward(x); },
        UniformTensor(engine, {3, 3, 19, 26}),
        NormalTensor(engine, {3, 3, 19, 26}), engine, kDeepTolerance);
  }
}

// With those of the batch it does not, and forward mode is what is left.
TEST(Ddu, ForwardModeWithTheStatisticsOfTheBatch) {
  SeedEngine engine = TestEngine(30);
  Ddu net(Narrow(), MakeAodNet);
  net.layers().Materialise(at::kDouble);
  FillNearInitial(net.layers(), engine);
  const at::Tensor input = UniformTensor(engine, {3, 3, 19, 26});
  const at::Tensor slope = NormalTensor(engine, {3, 3, 19, 26});
  const auto forward = [&](const at::Tensor& x) { return net.Forward(x); };
  const at::Tensor alone =
      GradientsPatchByPatch(net.layers(), forward, input, slope);
  const at::Tensor buffers = net.layers().buffers().flat().clone();
  const NormScope batch(net.layers(), NormStatistics::kBatch);
  const at::Tensor truth =
      GradientsPatchByPatch(net.layers(), forward, input, slope);
  EXPECT_GT(RelativeError(truth, alone), 1e-3);
  const at::Tensor v = NormalTensor(engine, {net.parameters().size()});
  {
    const at::NoGradGuard no_grad;
    const TangentScope tangent(net.parameters(), v);
    EXPECT_LE(RelativeError(
                  tangent.TangentOf(SlopedLosses(net.Forward(input), slope)),
                  at::mv(truth, v)),
              kDeepTolerance);
  }
  EXPECT_TRUE(net.layers().buffers().flat().equal(buffers));
  const NormScope update(net.layers(), NormStatistics::kBatchAndUpdate);
  const at::NoGradGuard no_grad;
  net.Forward(input);
  EXPECT_FALSE(net.layers().buffers().flat().equal(buffers));
}

}  // namespace
}  // namespace bild
