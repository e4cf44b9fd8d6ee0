#include "bild/metrics/psnr.h"

#include <limits>

#include "gtest/gtest.h"

namespace bild {
namespace {

MetricProfile Profile(const std::string& name) {
  return FindProfile(name).value();
}

TEST(MeanSquaredError, CountsEveryPixelAndChannel) {
  RgbValues restored{2, 2, std::vector<double>(12, 0.25)};
  const RgbValues clear = restored;
  restored.values[7] += 0.5;
  EXPECT_EQ(MeanSquaredError(restored, clear), 0.25 / 12.0);
  EXPECT_EQ(MeanSquaredError(clear, restored), 0.25 / 12.0);
}

TEST(MeanSquaredError, DoesNotClamp) {
  const RgbValues restored{1, 1, {2.0, -1.0, 1.0}};
  const RgbValues clear{1, 1, {1.0, 0.0, 0.0}};
  EXPECT_EQ(MeanSquaredError(restored, clear), 1.0);
}

TEST(PsnrDb, IsTenTimesTheLogarithm) {
  for (const char* name : {"default", "grid-bild"}) {
    EXPECT_NEAR(PsnrDb(0.01, Profile(name)), 20.0, 1e-12);
    EXPECT_NEAR(PsnrDb(0.25, Profile(name)), 6.020599913279624, 1e-12);
    EXPECT_NEAR(PsnrDb(0.25 / 12.0, Profile(name)), 16.812412373755873, 1e-12);
    EXPECT_NEAR(PsnrDb(10.0, Profile(name)), -10.0, 1e-12);
  }
}

TEST(PsnrDb, CapsAndIdenticalPictures) {
  EXPECT_EQ(PsnrDb(1e-11, Profile("default")), 100.0);
  EXPECT_NEAR(PsnrDb(2e-10, Profile("default")), 96.98970004336019, 1e-12);
  EXPECT_NEAR(PsnrDb(1e-11, Profile("grid-bild")), 110.0, 1e-12);
  EXPECT_EQ(PsnrDb(0.0, Profile("default")), 100.0);
  EXPECT_EQ(PsnrDb(0.0, Profile("grid-bild")),
            std::numeric_limits<double>::infinity());
}

}  // namespace
}  // namespace bild
