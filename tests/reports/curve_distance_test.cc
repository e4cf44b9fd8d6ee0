#include "reports/curve_distance.h"

#include <cstdint>
#include <limits>
#include <map>
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

TEST(TogetherUntilTest, TheLastStepBeforeTheFirstDifference) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  // The magnitude is 10, a hundredth of it 0.1.
  const std::vector<CurvePoint> reference = {
      {"bild", 1, 10, "gain", 10.0}, {"bild", 1, 20, "gain", 1.0},
      {"bild", 1, 30, "gain", nan},  {"bild", 1, 40, "gain", 2.0},
      {"bild", 2, 10, "gain", 3.0},  {"bild", 2, 20, "gain", 1.0},
      {"bild", 3, 10, "gain", 5.0},  {"bild", 3, 20, "gain", 1.0},
      {"bild", 3, 10, "loss", 1e9},  {"plain", 3, 20, "gain", 0.0}};
  std::vector<CurvePoint> other = reference;
  other[1].value = 1.0625;  // Within.
  other[3].value = 2.125;   // Beyond, at step 40.
  other[4].value = 2.0;     // Beyond at once; that step 20 agrees is no help.
  other[9].value = 0.5;     // Another method's counts too.
  using Until = std::map<int64_t, int64_t>;
  EXPECT_EQ(TogetherUntil(reference, other, "gain", 0.01),
            (Until{{1, 30}, {2, 0}, {3, 10}}));
  EXPECT_EQ(TogetherUntil(reference, other, "gain", 0.02),
            (Until{{1, 40}, {2, 0}, {3, 10}}));
  EXPECT_EQ(TogetherUntil(reference, other, "gain", 0.125),
            (Until{{1, 40}, {2, 20}, {3, 20}}));
  EXPECT_EQ(TogetherUntil(reference, other, "loss", 0.0), (Until{{3, 10}}));
  EXPECT_TRUE(TogetherUntil(reference, other, "none", 0.01).empty());
}

TEST(TogetherUntilTest, APointOfOneAloneIsApart) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<CurvePoint> one = {{"bild", 1, 10, "loss", 1.0},
                                       {"bild", 1, 20, "loss", 1.0},
                                       {"bild", 2, 10, "loss", 1.0},
                                       {"bild", 2, 20, "loss", nan}};
  const std::vector<CurvePoint> other = {{"bild", 1, 10, "loss", 1.0},
                                         {"bild", 1, 15, "loss", 1.0},
                                         {"bild", 1, 20, "loss", 1.0},
                                         {"bild", 2, 10, "loss", 1.0},
                                         {"bild", 2, 20, "loss", 1.0}};
  const std::map<int64_t, int64_t> until = {{1, 10}, {2, 10}};
  EXPECT_EQ(TogetherUntil(one, other, "loss", 0.1), until);
  EXPECT_EQ(TogetherUntil(other, one, "loss", 0.1), until);
}

}  // namespace
}  // namespace bild
