#include "bild/base/interleaved_times.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

using testing::ElementsAre;

TEST(QuartilesTest, InterpolateBetweenOrderStatistics) {
  const Quartiles four = QuartilesOf({4.0, 1.0, 3.0, 2.0});
  EXPECT_DOUBLE_EQ(four.low, 1.75);
  EXPECT_DOUBLE_EQ(four.median, 2.5);
  EXPECT_DOUBLE_EQ(four.high, 3.25);
  const Quartiles five = QuartilesOf({10.0, 50.0, 20.0, 40.0, 30.0});
  EXPECT_DOUBLE_EQ(five.low, 20.0);
  EXPECT_DOUBLE_EQ(five.median, 30.0);
  EXPECT_DOUBLE_EQ(five.high, 40.0);
  const Quartiles one = QuartilesOf({7.0});
  EXPECT_EQ(one.low, 7.0);
  EXPECT_EQ(one.median, 7.0);
  EXPECT_EQ(one.high, 7.0);
}

// Three pieces of code on a machine that halves its speed in every round.
TEST(InterleavedTimesTest, RotatesAndComparesWithinARound) {
  double now = 0.0;
  double slowness = 0.5;
  std::string order;
  const auto code = [&](char name, double seconds) {
    return [&now, &slowness, &order, name, seconds] {
      order += name;
      now += seconds * slowness;
    };
  };
  InterleavedTimes times({code('a', 1.0), code('b', 2.0), code('c', 3.0)},
                         [&now] { return now; });
  for (int round = 0; round < 4; ++round) {
    slowness *= 2.0;
    times.RunRound();
  }
  EXPECT_EQ(order, "abcbcacababc");
  EXPECT_THAT(times.Seconds(0), ElementsAre(1.0, 2.0, 4.0, 8.0));
  EXPECT_THAT(times.Seconds(2), ElementsAre(3.0, 6.0, 12.0, 24.0));
  EXPECT_THAT(times.Ratios(2, 1), ElementsAre(1.5, 1.5, 1.5, 1.5));
  EXPECT_THAT(times.Ratios(0, 1), ElementsAre(0.5, 0.5, 0.5, 0.5));
}

TEST(ClocksTest, RunForward) {
  const double wall = WallSeconds();
  const double processor = ProcessorSeconds();
  volatile double sink = 0.0;
  for (int i = 0; i < 1000000; ++i) sink = sink + 1.0;
  EXPECT_GT(WallSeconds(), wall);
  EXPECT_GT(ProcessorSeconds(), processor);
}

}  // namespace
}  // namespace bild
