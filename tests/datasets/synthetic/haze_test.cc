#include "datasets/synthetic/haze.h"

#include <cmath>
#include <set>
#include <utility>

#include "gtest/gtest.h"

namespace bild {
namespace {

TEST(RoundHalfToEven, TiesGoToTheEvenNeighbour) {
  EXPECT_EQ(RoundHalfToEven(0.5), 0);
  EXPECT_EQ(RoundHalfToEven(1.5), 2);
  EXPECT_EQ(RoundHalfToEven(2.5), 2);
  EXPECT_EQ(RoundHalfToEven(126.5), 126);
  EXPECT_EQ(RoundHalfToEven(127.5), 128);
  EXPECT_EQ(RoundHalfToEven(127.49), 127);
  EXPECT_EQ(RoundHalfToEven(127.51), 128);
  EXPECT_EQ(RoundHalfToEven(255.0), 255);
}

Image Pixels(const std::vector<uint8_t>& rgb) {
  Image image;
  image.width_px = static_cast<int64_t>(rgb.size()) / 3;
  image.height_px = 1;
  image.rgb = rgb;
  return image;
}

TEST(ApplyHaze, FollowsTheScatteringModel) {
  const Image clear = Pixels({0, 51, 255, 0, 51, 255, 0, 51, 255});
  // t = 1, 1/2, 0 with A = 0.8 (204): by hand 0 51 255; 102 127.5 229.5; 204.
  // e^-ln 2 is not exactly 1/2: the two ties fall where its last bit says.
  const Image hazy = ApplyHaze(clear, {0.0, std::log(2.0), 1000.0}, {0.8, 1.0});
  EXPECT_EQ(hazy.width_px, 3);
  EXPECT_EQ(hazy.height_px, 1);
  EXPECT_EQ(hazy.rgb[0], 0);
  EXPECT_EQ(hazy.rgb[1], 51);
  EXPECT_EQ(hazy.rgb[2], 255);
  EXPECT_EQ(hazy.rgb[3], 102);
  EXPECT_NEAR(hazy.rgb[4], 127.5, 0.5);
  EXPECT_NEAR(hazy.rgb[5], 229.5, 0.5);
  EXPECT_EQ(hazy.rgb[6], 204);
  EXPECT_EQ(hazy.rgb[7], 204);
  EXPECT_EQ(hazy.rgb[8], 204);
}

TEST(ApplyHaze, BetaScalesDepth) {
  const Image clear = Pixels({10, 90, 200});
  // exp(-1.2 * 0.6) = 0.486752: 10 t + 229.5 (1 - t) = 122.66, 161.60, 215.14.
  const Image hazy = ApplyHaze(clear, {0.6}, {0.9, 1.2});
  EXPECT_EQ(hazy.rgb[0], 123);
  EXPECT_EQ(hazy.rgb[1], 162);
  EXPECT_EQ(hazy.rgb[2], 215);
}

TEST(ItsHaze, TenPerSceneInRangeAndInFiveDigits) {
  std::set<double> airlights;
  double least_beta = 9;
  double most_beta = 0;
  for (uint64_t scene = 1; scene <= 100; ++scene) {
    const auto conditions = ItsHaze(1, scene);
    ASSERT_EQ(conditions.size(), 10u);
    for (const HazeCondition& condition : conditions) {
      EXPECT_GE(condition.airlight, 0.7);
      EXPECT_LE(condition.airlight, 1.0);
      EXPECT_EQ(std::round(condition.airlight * 1e5) / 1e5, condition.airlight);
      airlights.insert(condition.airlight);
      least_beta = std::min(least_beta, condition.beta);
      most_beta = std::max(most_beta, condition.beta);
    }
  }
  EXPECT_GT(airlights.size(), 950u);
  EXPECT_LT(*airlights.begin(), 0.703);
  EXPECT_GT(*airlights.rbegin(), 0.997);
  EXPECT_GE(least_beta, 0.6);
  EXPECT_LT(least_beta, 0.61);
  EXPECT_LT(most_beta, 1.8);
  EXPECT_GT(most_beta, 1.79);
}

TEST(ItsHaze, IsOfTheSceneAndTheSeedAlone) {
  EXPECT_EQ(ItsHaze(1, 7)[3].beta, ItsHaze(1, 7)[3].beta);
  EXPECT_NE(ItsHaze(1, 7)[3].beta, ItsHaze(1, 8)[3].beta);
  EXPECT_NE(ItsHaze(1, 7)[3].beta, ItsHaze(2, 7)[3].beta);
}

TEST(OtsHaze, TrainingHasAllThirtyFive) {
  std::set<std::pair<double, double>> seen;
  for (const HazeCondition& condition : OtsTrainHaze()) {
    seen.insert({condition.airlight, condition.beta});
  }
  EXPECT_EQ(seen.size(), 35u);
  EXPECT_EQ(OtsTrainHaze().size(), 35u);
  EXPECT_TRUE(seen.count({0.85, 0.16}) == 1);
}

TEST(OtsHaze, TestHasFiveDifferentDenseOnes) {
  std::set<std::pair<double, double>> all;
  for (uint64_t scene = 1; scene <= 60; ++scene) {
    std::set<std::pair<double, double>> seen;
    for (const HazeCondition& condition : OtsTestHaze(1, scene)) {
      EXPECT_GE(condition.beta, 0.08);
      seen.insert({condition.airlight, condition.beta});
    }
    EXPECT_EQ(seen.size(), 5u);
    all.insert(seen.begin(), seen.end());
  }
  EXPECT_EQ(all.size(), 25u);
}

}  // namespace
}  // namespace bild
