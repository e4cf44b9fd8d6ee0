#include "reports/curve_distance.h"

#include <limits>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace bild {
namespace {

TEST(CurveDistancesTest, TheLargestDifferenceAndWhereItIs) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<CurvePoint> reference = {
      {"bild", 1, 10, "loss", 4.0},  {"bild", 1, 20, "loss", 2.0},
      {"bild", 2, 10, "loss", -8.0}, {"bild", 2, 20, "loss", nan},
      {"bild", 1, 10, "gain", 0.5},  {"bild", 1, 30, "loss", 1.0}};
  std::vector<CurvePoint> other = reference;
  other[1].value = 2.5;   // 0.5 apart.
  other[2].value = -7.0;  // 1 apart.
  const auto distances =
      CurveDistances(reference, other, {"loss", "gain", "none"}, 20);
  ASSERT_EQ(distances.size(), 3);
  EXPECT_EQ(distances[0].name, "loss");
  EXPECT_EQ(distances[0].largest, 1.0);
  EXPECT_EQ(distances[0].step, 10);
  EXPECT_EQ(distances[0].seed, 2);
  EXPECT_EQ(distances[0].magnitude, 8.0);
  EXPECT_EQ(distances[0].Relative(), 0.125);
  EXPECT_EQ(distances[0].points, 4);  // Step 30 is beyond the last.
  EXPECT_EQ(distances[0].unmatched, 0);
  EXPECT_EQ(distances[1].Relative(), 0.0);
  EXPECT_EQ(distances[2].points, 0);
  EXPECT_EQ(distances[2].Relative(), 0.0);
}

TEST(CurveDistancesTest, PointsThatOneOfThemHasAreCounted) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<CurvePoint> one = {{"bild", 1, 10, "loss", 1.0},
                                       {"bild", 1, 20, "loss", 1.0}};
  const std::vector<CurvePoint> other = {{"bild", 1, 10, "loss", nan},
                                         {"bild", 1, 30, "loss", 1.0}};
  const auto distances = CurveDistances(one, other, {"loss"}, 100);
  EXPECT_EQ(distances[0].points, 0);
  EXPECT_EQ(distances[0].unmatched, 3);
}

}  // namespace
}  // namespace bild
