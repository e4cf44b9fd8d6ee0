#include "datasets/synthetic/haze.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
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

TEST(ApplyHaze, TintIsOfTheAirlight) {
  HazeCondition condition{0.8, 1.0};
  condition.tint = {-0.02, 0.0, 0.02};
  // Nothing of the scene is left: 198.9, 204, 209.1.
  const Image hazy = ApplyHaze(Pixels({9, 9, 9}), {1000.0}, condition);
  EXPECT_EQ(hazy.rgb, (std::vector<uint8_t>{199, 204, 209}));
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

TEST(OHazeHaze, OneBluishEvenHaze) {
  double least_beta = 9;
  double most_beta = 0;
  double bluer = 0;
  for (uint64_t scene = 1; scene <= 200; ++scene) {
    const HazeCondition haze = OHazeHaze(1, scene);
    const double red = haze.airlight + haze.tint.r;
    const double green = haze.airlight + haze.tint.g;
    const double blue = haze.airlight + haze.tint.b;
    for (const double channel : {red, green, blue}) {
      EXPECT_GE(channel, 0.75);
      EXPECT_LE(channel, 0.95);
    }
    EXPECT_LE(std::max({red, green, blue}) - std::min({red, green, blue}),
              0.04);
    bluer += (blue - red) / 200;
    least_beta = std::min(least_beta, haze.beta);
    most_beta = std::max(most_beta, haze.beta);
    EXPECT_FALSE(haze.is_uneven);
    EXPECT_EQ(haze.noise_levels, 1.0);
  }
  EXPECT_NEAR(bluer, 0.03, 0.003);
  EXPECT_GE(least_beta, 0.5);
  EXPECT_LT(least_beta, 0.52);
  EXPECT_LT(most_beta, 1.2);
  EXPECT_GT(most_beta, 1.18);
  EXPECT_NE(OHazeHaze(1, 7).beta, OHazeHaze(2, 7).beta);
  EXPECT_TRUE(NhHazeHaze(1, 7).is_uneven);
  EXPECT_EQ(NhHazeHaze(1, 7).beta, OHazeHaze(1, 7).beta);
}

// A grey field of 128 where all light is the scene's: what is left is noise.
TEST(ApplyHaze, SensorNoiseHasTheDeviationAskedFor) {
  Image clear;
  clear.width_px = 200;
  clear.height_px = 200;
  clear.rgb.assign(200 * 200 * 3, 128);
  HazeCondition condition;
  condition.noise_levels = 3.0;
  condition.seed = 5;
  const Image noisy =
      ApplyHaze(clear, std::vector<double>(200 * 200, 0.0), condition);
  double sum = 0;
  double squares = 0;
  double products = 0;  // Of a pixel's red and green.
  for (size_t i = 0; i < noisy.rgb.size(); ++i) {
    const double difference = noisy.rgb[i] - 128.0;
    sum += difference;
    squares += difference * difference;
    if (i % 3 == 0) products += difference * (noisy.rgb[i + 1] - 128.0);
  }
  const double n = static_cast<double>(noisy.rgb.size());
  EXPECT_NEAR(sum / n, 0.0, 0.05);
  // Rounding adds 1/12.
  EXPECT_NEAR(squares / n, 9.0 + 1.0 / 12, 0.15);
  EXPECT_NEAR(products / (n / 3), 0.0, 0.2);
}

// Uneven haze has beta times 0.2 to 1.8, about 1 in the middle, and changes
// little from pixel to pixel.
TEST(ApplyHaze, UnevenHazeIsPatchy) {
  constexpr int64_t kSide_px = 150;
  Image clear;
  clear.width_px = kSide_px;
  clear.height_px = kSide_px;
  clear.rgb.assign(kSide_px * kSide_px * 3, 0);
  HazeCondition condition;
  condition.is_uneven = true;
  condition.seed = 11;
  const Image hazy = ApplyHaze(
      clear, std::vector<double>(kSide_px * kSide_px, 1.0), condition);
  // Black under white: the byte is 255 (1 - exp(-beta)).
  const int thin = 46;    // beta 0.2.
  const int thick = 213;  // beta 1.8.
  int least = 255;
  int most = 0;
  double sum = 0;
  for (int64_t i = 0; i < kSide_px * kSide_px; ++i) {
    const int value = hazy.rgb[3 * i];
    least = std::min(least, value);
    most = std::max(most, value);
    sum += value;
    if ((i + 1) % kSide_px != 0) {
      EXPECT_LT(std::abs(value - hazy.rgb[3 * i + 3]), 40);
    }
  }
  EXPECT_GE(least, thin);
  EXPECT_LE(most, thick);
  EXPECT_LT(least, 90);
  EXPECT_GT(most, 180);
  EXPECT_NEAR(sum / (kSide_px * kSide_px), 150, 30);
}

}  // namespace
}  // namespace bild
