#include "reports/statistics.h"

#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace bild {
namespace {

// Sums of a few numbers, and a quantile that Boost gives to full precision.
constexpr double kTolerance = 1e-12;

// The reference for three and five seeds of the suite's golden metrics,
// section statistics.seeds, made with SciPy.
TEST(StatisticsTest, ThreeSeedsEqualTheReference) {
  const SeedSummary summary = Summarise({31.25, 31.5, 31.125});
  EXPECT_EQ(summary.count, 3);
  EXPECT_NEAR(summary.mean, 31.291666666666668, kTolerance);
  EXPECT_NEAR(summary.sd, 0.19094065395649332, kTolerance);
  EXPECT_NEAR(summary.half_width, 0.4743228791995949, kTolerance);
}

TEST(StatisticsTest, FiveSeedsEqualTheReference) {
  const SeedSummary summary = Summarise({30.0, 30.5, 30.25, 30.125, 30.75});
  EXPECT_EQ(summary.count, 5);
  EXPECT_NEAR(summary.mean, 30.325, kTolerance);
  EXPECT_NEAR(summary.sd, 0.3010398644698074, kTolerance);
  EXPECT_NEAR(summary.half_width, 0.3737903617363003, kTolerance);
}

TEST(StatisticsTest, QuantilesOfStudentsT) {
  EXPECT_NEAR(StudentQuantile(0.975, 2), 4.302652729749462, kTolerance);
  EXPECT_NEAR(StudentQuantile(0.975, 4), 2.7764451051977934, kTolerance);
  // One degree of freedom is Cauchy's distribution: tan(pi (q - 1/2)).
  EXPECT_NEAR(StudentQuantile(0.975, 1), std::tan(std::acos(-1.0) * 0.475),
              1e-10);
  EXPECT_NEAR(StudentQuantile(0.5, 3), 0.0, kTolerance);
}

TEST(StatisticsTest, TooFewSeedsHaveNoSpread) {
  const SeedSummary one = Summarise({3.5});
  EXPECT_EQ(one.count, 1);
  EXPECT_EQ(one.mean, 3.5);
  EXPECT_TRUE(std::isnan(one.sd));
  EXPECT_TRUE(std::isnan(one.half_width));
  const SeedSummary none = Summarise({});
  EXPECT_EQ(none.count, 0);
  EXPECT_TRUE(std::isnan(none.mean));
}

TEST(StatisticsTest, AnInfiniteValueStaysInTheMean) {
  const SeedSummary summary =
      Summarise({30.0, std::numeric_limits<double>::infinity()});
  EXPECT_EQ(summary.mean, std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(summary.sd));
}

// d = 0.25, 0.3125, 0.28125: mean 0.28125, sd 0.03125,
// half width 4.302652729749462 * 0.03125 / sqrt(3) = 0.0776288...
TEST(StatisticsTest, PairedDifferenceBeyondZero) {
  const PairedDifference paired =
      PairBySeed({{1, 31.5}, {2, 31.8125}, {3, 31.40625}},
                 {{1, 31.25}, {2, 31.5}, {3, 31.125}});
  EXPECT_EQ(paired.seeds, (std::vector<int64_t>{1, 2, 3}));
  EXPECT_EQ(paired.differences, (std::vector<double>{0.25, 0.3125, 0.28125}));
  EXPECT_NEAR(paired.summary.mean, 0.28125, kTolerance);
  EXPECT_NEAR(paired.summary.sd, 0.03125, kTolerance);
  EXPECT_NEAR(paired.summary.half_width,
              4.302652729749462 * 0.03125 / std::sqrt(3.0), kTolerance);
  EXPECT_TRUE(paired.excludes_zero);
  EXPECT_EQ(paired.unpaired, 0);
}

// d = -0.125, 0.25, -0.0625: mean 0.0208, half width 0.499.
TEST(StatisticsTest, PairedDifferenceAroundZero) {
  const PairedDifference paired = PairBySeed(
      {{1, 0.0}, {2, 0.25}, {3, 0.0}}, {{1, 0.125}, {2, 0.0}, {3, 0.0625}});
  EXPECT_NEAR(paired.summary.mean, 0.0625 / 3, kTolerance);
  EXPECT_NEAR(paired.summary.half_width, 0.4990866, 1e-7);
  EXPECT_FALSE(paired.excludes_zero);
}

// The same differences, unpaired, would hide behind the seeds' own spread.
TEST(StatisticsTest, PairsAreMadeBySeed) {
  const PairedDifference paired = PairBySeed(
      {{7, 40.0}, {1, 10.25}, {5, 20.25}}, {{5, 20.0}, {1, 10.0}, {9, 1.0}});
  EXPECT_EQ(paired.seeds, (std::vector<int64_t>{1, 5}));
  EXPECT_EQ(paired.differences, (std::vector<double>{0.25, 0.25}));
  EXPECT_EQ(paired.unpaired, 2);
  EXPECT_TRUE(paired.excludes_zero);
}

TEST(StatisticsTest, OnePairSaysNothing) {
  EXPECT_FALSE(PairBySeed({{1, 40.0}}, {{1, 10.0}}).excludes_zero);
  EXPECT_EQ(PairBySeed({{1, 40.0}}, {{2, 10.0}}).summary.count, 0);
}

// A shift moves the mean alone; a factor scales everything.
TEST(StatisticsTest, ShiftAndScale) {
  std::mt19937 random(5);
  std::uniform_real_distribution<double> uniform(-1, 1);
  for (int round = 0; round < 200; ++round) {
    std::vector<double> values(2 + round % 9);
    for (double& value : values) value = uniform(random);
    std::vector<double> moved = values;
    for (double& value : moved) value = 3 - 2 * value;
    const SeedSummary before = Summarise(values);
    const SeedSummary after = Summarise(moved);
    EXPECT_NEAR(after.mean, 3 - 2 * before.mean, kTolerance);
    EXPECT_NEAR(after.sd, 2 * before.sd, kTolerance);
    EXPECT_NEAR(after.half_width, 2 * before.half_width, 1e-10);
  }
}

// By hand: 0.005 * 5, 0.01 * 4, 0.03 * 3, then 0.04 * 2 = 0.08 which must not
// be below 0.09, then 0.8.
TEST(StatisticsTest, HolmAdjustsAFamily) {
  const std::vector<double> adjusted =
      HolmAdjusted({0.01, 0.04, 0.03, 0.005, 0.8});
  const std::vector<double> wanted = {0.04, 0.09, 0.09, 0.025, 0.8};
  ASSERT_EQ(adjusted.size(), wanted.size());
  for (size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_NEAR(adjusted[i], wanted[i], kTolerance) << i;
  }
}

TEST(StatisticsTest, HolmOfOneOfNoneAndOfLargeOnes) {
  EXPECT_EQ(HolmAdjusted({}), (std::vector<double>{}));
  EXPECT_EQ(HolmAdjusted({0.03}), (std::vector<double>{0.03}));
  EXPECT_EQ(HolmAdjusted({0.7, 0.6}), (std::vector<double>{1.0, 1.0}));
  EXPECT_EQ(HolmAdjusted({0.5, 0.25}), (std::vector<double>{0.5, 0.5}));
}

TEST(StatisticsTest, SmallestSignFlipP) {
  EXPECT_EQ(SmallestSignFlipP(3), 0.25);
  EXPECT_GT(SmallestSignFlipP(5), 0.05);
  EXPECT_LT(SmallestSignFlipP(6), 0.05);
}

}  // namespace
}  // namespace bild
