// The arithmetic of predicted times.

#include "backbones/restore/pass_times.h"

#include <cstdint>

#include "backbones/restore/cost_probe.h"
#include "c10/util/Exception.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

TEST(PassTimes, BetweenTimedWindows) {
  PassTimes times;
  EXPECT_EQ(times.LargestPixels(), 0.0);
  EXPECT_THROW(times.Seconds(100.0), c10::Error);
  EXPECT_THROW(times.Add(0.0, 1.0), c10::Error);
  times.Add(100.0, 1.0);      // 0.01 s a pixel.
  times.Add(10000.0, 200.0);  // 0.02 s a pixel.
  EXPECT_EQ(times.LargestPixels(), 10000.0);
  EXPECT_DOUBLE_EQ(times.Seconds(100.0), 1.0);
  EXPECT_DOUBLE_EQ(times.Seconds(10000.0), 200.0);
  // Half way along the logarithm.
  EXPECT_NEAR(times.Seconds(1000.0), 15.0, 1e-12);
  // A quarter of the way: 0.0125 s a pixel.
  EXPECT_NEAR(times.Seconds(316.22776601683795), 3.9528470752104743, 1e-12);
  // Beyond them, as there.
  EXPECT_DOUBLE_EQ(times.Seconds(10.0), 0.1);
  EXPECT_DOUBLE_EQ(times.Seconds(50000.0), 1000.0);
  // The latest word counts.
  times.Add(10000.0, 100.0);
  EXPECT_DOUBLE_EQ(times.Seconds(50000.0), 500.0);
}

RestorePlan Square(int64_t side_px, int64_t tile_px) {
  RestorePlan plan;
  plan.rows = PlanTiles(side_px, tile_px, 0, 1);
  plan.columns = plan.rows;
  return plan;
}

TEST(WorthTiming, AThirtySecondOfTheWork) {
  PassTimes times;
  times.Add(128.0 * 128.0, 1.0);
  EXPECT_DOUBLE_EQ(WorthTiming(Square(3200, 3200), times), 320000.0);
  // No more than a tile, and than a megapixel.
  EXPECT_DOUBLE_EQ(WorthTiming(Square(3200, 320), times), 102400.0);
  EXPECT_DOUBLE_EQ(WorthTiming(Square(32000, 32000), times), 1048576.0);
  // Where the work is small, what was timed is enough: 1024 * 1024 / 32 is
  // twice as much.
  EXPECT_EQ(WorthTiming(Square(1024, 1024), times), 0.0);
  EXPECT_GT(WorthTiming(Square(1025, 1025), times), 0.0);
  times.Add(160000.0, 1.0);
  EXPECT_EQ(WorthTiming(Square(3200, 3200), times), 0.0);
}

}  // namespace
}  // namespace bild
