#include "reports/resampling.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <random>
#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

using testing::ElementsAre;

DifferenceGroups Singles(const std::vector<double>& differences) {
  DifferenceGroups groups;
  for (const double difference : differences) groups.push_back({difference});
  return groups;
}

// All 2^n flips one by one.
double BruteForceP(const DifferenceGroups& groups) {
  std::vector<double> sums;
  for (const auto& group : groups) {
    sums.push_back(0.0);
    for (const double difference : group) sums.back() += difference;
  }
  double observed = 0.0;
  for (const double sum : sums) observed += sum;
  int64_t count = 0;
  for (uint32_t mask = 0; mask < (1u << sums.size()); ++mask) {
    double total = 0.0;
    for (size_t k = 0; k < sums.size(); ++k) {
      total += (mask >> k & 1u) != 0 ? -sums[k] : sums[k];
    }
    if (std::abs(total) >= std::abs(observed) * (1.0 - 1e-12)) ++count;
  }
  return static_cast<double>(count) /
         std::ldexp(1.0, static_cast<int>(sums.size()));
}

TEST(DrawBits, DiffersBySeedResampleAndDraw) {
  std::set<uint32_t> seen;
  for (uint32_t seed : {1u, 2u}) {
    for (uint32_t r = 0; r < 100; ++r) {
      for (uint32_t k = 0; k < 100; ++k) seen.insert(DrawBits(seed, r, k));
    }
  }
  EXPECT_GT(seen.size(), 19990u);
}

// Half of the signs, and every image equally often.
TEST(DrawBits, IsEven) {
  int64_t high = 0;
  std::vector<int64_t> drawn(10);
  for (uint32_t r = 0; r < 1000; ++r) {
    for (uint32_t k = 0; k < 100; ++k) {
      const uint64_t bits = DrawBits(1, r, k);
      high += static_cast<int64_t>(bits >> 31);
      ++drawn[(bits * 10) >> 32];
    }
  }
  EXPECT_NEAR(static_cast<double>(high), 50000.0, 800.0);
  for (const int64_t count : drawn) {
    EXPECT_NEAR(static_cast<double>(count), 10000.0, 480.0);
  }
}

// Of the draws a group's place decides, so everybody must number them alike.
TEST(GroupDifferences, ScenesStandInNaturalOrder) {
  EXPECT_THAT(
      GroupDifferences({1.0, 2.0, 3.0, 4.0}, {"10", "9", "10", "100"}),
      ElementsAre(ElementsAre(2.0), ElementsAre(1.0, 3.0), ElementsAre(4.0)));
  EXPECT_TRUE(GroupDifferences({}, {}).empty());
}

TEST(GroupDifferences, ImagesStandInTheOrderOfTheList) {
  EXPECT_THAT(
      GroupDifferences({1.0, 2.0, 3.0}, {"10", "9", "100"}),
      ElementsAre(ElementsAre(1.0), ElementsAre(2.0), ElementsAre(3.0)));
}

TEST(BootstrapInterval, OfOneGroupOrEqualDifferencesIsAPoint) {
  const Interval one = BootstrapInterval({{0.25, 0.75}}, {});
  EXPECT_EQ(one.low, 0.5);
  EXPECT_EQ(one.high, 0.5);
  const Interval equal = BootstrapInterval(Singles({0.5, 0.5, 0.5}), {});
  EXPECT_EQ(equal.low, 0.5);
  EXPECT_EQ(equal.high, 0.5);
}

// Two images, 0 and 1: a quarter of the resamples gives 0, a quarter 1.
TEST(BootstrapInterval, OfTwoImages) {
  const Interval interval = BootstrapInterval(Singles({0.0, 1.0}), {});
  EXPECT_EQ(interval.low, 0.0);
  EXPECT_EQ(interval.high, 1.0);
}

// sd / sqrt(n) and its two-sided 1.96 for a normal sample.
TEST(BootstrapInterval, HasTheWidthOfTheStandardError) {
  std::mt19937 random(3);
  std::normal_distribution<double> normal(0.25, 1.0);
  std::vector<double> differences(400);
  double sum = 0.0, squares = 0.0;
  for (double& value : differences) {
    value = normal(random);
    sum += value;
    squares += value * value;
  }
  const double mean = sum / 400.0;
  const double error = std::sqrt((squares / 400.0 - mean * mean) / 400.0);
  const Interval interval = BootstrapInterval(Singles(differences), {});
  EXPECT_NEAR(interval.low, mean - 1.96 * error, 0.1 * error);
  EXPECT_NEAR(interval.high, mean + 1.96 * error, 0.1 * error);
}

// Ten copies of each image say nothing new where scenes are drawn.
TEST(BootstrapInterval, CopiesInAGroupDoNotNarrowIt) {
  const std::vector<double> differences = {-0.5, 0.25, 0.75, 0.125, -0.25};
  DifferenceGroups copied;
  for (const double d : differences) {
    copied.push_back(std::vector<double>(10, d));
  }
  const Interval one = BootstrapInterval(Singles(differences), {});
  const Interval ten = BootstrapInterval(copied, {});
  EXPECT_NEAR(one.low, ten.low, 1e-12);
  EXPECT_NEAR(one.high, ten.high, 1e-12);
  EXPECT_EQ(SignFlipP(Singles(differences), {}), SignFlipP(copied, {}));
}

// Where groups differ in size the mean is over all images drawn: with {0} and
// {1, 1, 1}, drawing both gives 3/4, not 1/2.
TEST(BootstrapInterval, WeighsEveryDrawnImageOnce) {
  ResamplingOptions one;
  one.resamples = 1;
  std::set<double> means;
  for (one.seed = 1; one.seed <= 40; ++one.seed) {
    means.insert(BootstrapInterval({{0.0}, {1.0, 1.0, 1.0}}, one).low);
  }
  EXPECT_THAT(means, ElementsAre(0.0, 0.75, 1.0));
}

TEST(SignFlipP, ByHand) {
  // Of the eight sums +-1 +-2 +-3, four have |sum| >= 4, two |sum| = 6.
  EXPECT_EQ(SignFlipP(Singles({1.0, 2.0, 3.0}), {}), 0.25);
  EXPECT_EQ(SignFlipP(Singles({-1.0, 2.0, 3.0}), {}), 0.5);
  EXPECT_EQ(SignFlipP(Singles({1.0}), {}), 1.0);
  // Nothing is observed: every flip is at least that.
  EXPECT_EQ(SignFlipP(Singles({1.0, -1.0}), {}), 1.0);
  EXPECT_EQ(SignFlipP(Singles({0.0, 0.0, 0.0}), {}), 1.0);
}

TEST(SignFlipP, OfAFewGroupsEqualsAllFlips) {
  std::mt19937 random(9);
  std::uniform_real_distribution<double> uniform(-0.5, 1.0);
  for (size_t n = 1; n <= 12; ++n) {
    DifferenceGroups groups;
    for (size_t k = 0; k < n; ++k) {
      groups.emplace_back();
      for (size_t i = 0; i <= k % 3; ++i) {
        groups.back().push_back(uniform(random));
      }
    }
    EXPECT_EQ(SignFlipP(groups, {}), BruteForceP(groups)) << n;
  }
}

// 21 groups are drawn, 20 are not: both are near each other.
TEST(SignFlipP, DrawsWhereThereAreTooManyFlips) {
  std::vector<double> differences;
  for (int i = 0; i < 20; ++i) differences.push_back(i % 3 - 0.75);
  const double exact = SignFlipP(Singles(differences), {});
  differences.push_back(0.0);
  const double drawn = SignFlipP(Singles(differences), {});
  EXPECT_GT(exact, 0.01);
  EXPECT_NEAR(drawn, exact, 0.02);
  // No flip reaches it: 1 / (1 + R).
  EXPECT_EQ(SignFlipP(Singles(std::vector<double>(60, 1.0)), {}),
            1.0 / 10001.0);
}

}  // namespace
}  // namespace bild
