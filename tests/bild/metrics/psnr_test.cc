#include "bild/metrics/psnr.h"

#include <cstdint>
#include <limits>
#include <vector>

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

// Rows of one, a few and many values, with and without a rest.
TEST(MeanSquaredError, LeavesNoValueOut) {
  for (int64_t width_px = 1; width_px <= 40; ++width_px) {
    std::vector<double> a, b;
    double sum = 0.0;
    for (int64_t i = 0; i < 3 * width_px; ++i) {
      a.push_back(static_cast<double>(i % 7));
      b.push_back(static_cast<double>(i % 5));
      sum += (a.back() - b.back()) * (a.back() - b.back());
    }
    EXPECT_EQ(MeanSquaredError({width_px, 3, 1, a.data()},
                               {width_px, 3, 1, b.data()}),
              sum / static_cast<double>(3 * width_px));
  }
}

TEST(PsnrDb, BytesHaveAnotherPeak) {
  for (const char* name : {"basicsr-rgb", "basicsr-y", "matlab-gray"}) {
    // 20 log10(255) and 20 log10(255 / 5).
    EXPECT_NEAR(PsnrDb(1.0, Profile(name)), 48.130803608679103, 1e-12);
    EXPECT_NEAR(PsnrDb(25.0, Profile(name)), 34.151403521958725, 1e-12);
    EXPECT_EQ(PsnrDb(0.0, Profile(name)),
              std::numeric_limits<double>::infinity());
  }
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
  // 100 for equal pictures, and no cap above it.
  EXPECT_EQ(PsnrDb(0.0, Profile("ffa")), 100.0);
  EXPECT_NEAR(PsnrDb(1e-11, Profile("ffa")), 110.0, 1e-12);
  EXPECT_EQ(PsnrDb(0.0, Profile("grid-bild")),
            std::numeric_limits<double>::infinity());
}

}  // namespace
}  // namespace bild
