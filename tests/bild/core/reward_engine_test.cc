#include "bild/reward_engine.h"

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tests/bild/core/small_problem.h"
#include "tests/testing/random_tensor.h"

namespace bild {
namespace {

constexpr RewardEngine kEngines[] = {
    RewardEngine::kInBackward, RewardEngine::kLayerwise, RewardEngine::kForward,
    RewardEngine::kFiniteDifference, RewardEngine::kPerSample};

std::unique_ptr<Backbone> Net(const std::string& name) {
  SeedEngine engine = TestEngine(1);
  SmallProblemOptions options;
  options.net = name;
  return std::move(MakeSmallProblem(engine, options).backbone);
}

TEST(ChooseRewardEngine, ByNameAndByNet) {
  const auto net = Net("conv2");
  EXPECT_EQ(ChooseRewardEngine("auto", *net).value(),
            RewardEngine::kInBackward);
  for (const RewardEngine way : kEngines) {
    EXPECT_EQ(ChooseRewardEngine(RewardEngineName(way), *net).value(), way);
  }
  EXPECT_EQ(ChooseRewardEngine("magic", *net).status().message(),
            "--reward_engine='magic': expected one of auto, in_backward, "
            "layerwise, forward, finite_difference, per_sample.");

  const auto coupling = Net("norm");
  EXPECT_EQ(ChooseRewardEngine("auto", *coupling).value(),
            RewardEngine::kForward);
  for (const std::string text :
       {"forward", "finite_difference", "per_sample"}) {
    EXPECT_TRUE(ChooseRewardEngine(text, *coupling).ok()) << text;
  }
  for (const std::string text : {"in_backward", "layerwise"}) {
    const auto refused = ChooseRewardEngine(text, *coupling);
    EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_NE(std::string(refused.status().message())
                  .find("norm mixes the patches of a batch"),
              std::string::npos);
  }
}

// conv2 at 7 x 7: 3 -> 6 channels, 162 + 6 numbers; 6 -> 3, 162 + 3.
TEST(MeasureLayers, ByHand) {
  const auto net = Net("conv2");
  const auto layers = MeasureLayers(*net, 7);
  ASSERT_EQ(layers.size(), 2u);
  EXPECT_EQ(layers[0].parameters, 168);
  EXPECT_EQ(layers[0].operands, (3 + 6) * 49);
  EXPECT_EQ(layers[0].multiply_adds, 49 * 6 * 27);
  EXPECT_EQ(layers[1].parameters, 165);
  EXPECT_EQ(layers[1].operands, (6 + 3) * 49);
  EXPECT_EQ(net->layers().observer(), nullptr);
}

// Four layers; the pointers only tell them apart.
class ChooseLayerwiseTest : public testing::Test {
 protected:
  const Layer* Number(size_t i) const {
    return reinterpret_cast<const Layer*>(&places_[i]);
  }
  std::vector<LayerCost> Layers() const {
    return {
        {Number(0), 1000, 100, 900},   // Saves 900 for 900.
        {Number(1), 50, 500, 1},       // Would cost more.
        {Number(2), 4000, 2000, 100},  // Saves 2000 for 100: the best.
        {Number(3), 300, 300, 0},      // Saves nothing.
    };
  }

 private:
  char places_[5] = {};
};

TEST_F(ChooseLayerwiseTest, NoneWhereAllFit) {
  // 5350 numbers a patch.
  EXPECT_TRUE(ChooseLayerwise(Layers(), 2, 10700).empty());
}

TEST_F(ChooseLayerwiseTest, TheBestFirstAndNoMoreThanNeeded) {
  EXPECT_EQ(ChooseLayerwise(Layers(), 2, 10699),
            (std::set<const Layer*>{Number(2)}));
  EXPECT_EQ(ChooseLayerwise(Layers(), 2, 6700),
            (std::set<const Layer*>{Number(2)}));
  EXPECT_EQ(ChooseLayerwise(Layers(), 2, 6699),
            (std::set<const Layer*>{Number(0), Number(2)}));
}

TEST_F(ChooseLayerwiseTest, NeverOneThatSavesNothing) {
  EXPECT_EQ(ChooseLayerwise(Layers(), 2, 1),
            (std::set<const Layer*>{Number(0), Number(2)}));
}

TEST_F(ChooseLayerwiseTest, WhatIsFasterSoWhateverFits) {
  constexpr int64_t kMany = 1 << 16;
  std::vector<LayerCost> layers = Layers();
  layers.push_back({Number(4), kMany, kMany - 1, 64 * kMany});
  EXPECT_EQ(ChooseLayerwise(layers, 2, int64_t{1} << 40),
            (std::set<const Layer*>{Number(4)}));
  // Its operands count: 2 * (5350 + 65535) are kept.
  EXPECT_EQ(ChooseLayerwise(layers, 2, 141770),
            (std::set<const Layer*>{Number(4)}));
  EXPECT_EQ(ChooseLayerwise(layers, 2, 141769),
            (std::set<const Layer*>{Number(2), Number(4)}));
  // Fewer parameters, more pixels, as many operands: none of them is.
  EXPECT_FALSE(IsFasterLayerwise({Number(4), kMany - 1, 10, 10}));
  EXPECT_FALSE(
      IsFasterLayerwise({Number(4), kMany, kMany - 1, 64 * kMany + 1}));
  EXPECT_FALSE(IsFasterLayerwise({Number(4), kMany, kMany, 64 * kMany}));
}

TEST(PlanRewards, NamesWhatIsUsed) {
  // Just above 4 MiB of gradients in float64.
  const auto ffa = Net("ffa[dim=16,blocks=1]");
  const int64_t size = ffa->parameters().size();
  const int64_t patches = 4 * (int64_t{1} << 20) / 8 / size + 1;
  const auto all = PlanRewards("auto", *ffa, patches, 1, 64);
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_EQ(all->Name(), "in_backward");
  // One pixel a patch: every layer has more weights than activations.
  const auto some = PlanRewards("auto", *ffa, patches, 1, 4);
  ASSERT_TRUE(some.ok()) << some.status();
  const std::string layers =
      std::to_string(MeasureLayers(*ffa, 1).size()) + " layers]";
  EXPECT_EQ(some->Name(), "in_backward+layerwise[" +
                              std::to_string(some->layerwise.size()) + " of " +
                              layers);
  EXPECT_GE(some->layerwise.size(), 1u);
  const auto more = PlanRewards("auto", *ffa, patches, 1, 1);
  ASSERT_TRUE(more.ok()) << more.status();
  EXPECT_GT(more->layerwise.size(), some->layerwise.size());
  // Asked for by name, an engine is what it is.
  EXPECT_EQ(PlanRewards("in_backward", *ffa, patches, 1, 1)->Name(),
            "in_backward");
  EXPECT_EQ(PlanRewards("layerwise", *ffa, patches, 1, 64)->Name(),
            "layerwise");
  EXPECT_EQ(PlanRewards("auto", *Net("norm"), 1000, 64, 1)->Name(), "forward");
}

}  // namespace
}  // namespace bild
