// 4000x3000 px: sums of 36 million values keep nine decimals.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "bild/metrics/metrics.h"
#include "bild/metrics/psnr.h"
#include "bild/metrics/ssim.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

constexpr int64_t kWidthPx = 4000;
constexpr int64_t kHeightPx = 3000;
// Where the left half of a two-valued picture ends.
constexpr int64_t kLeftPx = 1700;
constexpr double kTolerance = 1e-9;

// One value in columns 0 to kLeftPx - 1, another behind them.
RgbValues Halves(double left, double right) {
  RgbValues picture{kWidthPx, kHeightPx, {}};
  picture.values.reserve(static_cast<size_t>(kWidthPx * kHeightPx * 3));
  for (int64_t y = 0; y < kHeightPx; ++y) {
    picture.values.insert(picture.values.end(), kLeftPx * 3, left);
    picture.values.insert(picture.values.end(), (kWidthPx - kLeftPx) * 3,
                          right);
  }
  return picture;
}

// SSIM of two such pictures in closed form. A window whose taps left of the
// edge sum to p has the mean p l + (1-p) r and the covariance
// kappa p (1-p) (l_a - r_a)(l_b - r_b); rows and channels are all the same.
long double SsimOfHalves(long double left_a, long double right_a,
                         long double left_b, long double right_b,
                         const std::vector<double>& taps, long double kappa) {
  const auto side = static_cast<int64_t>(taps.size());
  const long double c1 = 1e-4L, c2 = 9e-4L;
  const long double step_a = left_a - right_a, step_b = left_b - right_b;
  long double total = 0.0L;
  for (int64_t x = 0; x + side <= kWidthPx; ++x) {
    long double p = 0.0L;
    for (int64_t i = 0; i < side && x + i < kLeftPx; ++i) {
      p += taps[static_cast<size_t>(i)];
    }
    const long double mean_a = p * left_a + (1.0L - p) * right_a;
    const long double mean_b = p * left_b + (1.0L - p) * right_b;
    const long double spread = kappa * p * (1.0L - p);
    total += (2.0L * mean_a * mean_b + c1) *
             (2.0L * spread * step_a * step_b + c2) /
             ((mean_a * mean_a + mean_b * mean_b + c1) *
              (spread * (step_a * step_a + step_b * step_b) + c2));
  }
  return total / static_cast<long double>(kWidthPx - side + 1);
}

TEST(LargePictureTest, TwoHalvesHaveAClosedForm) {
  // Values without a short binary form: their sums are rounded at every step.
  const double left_a = 0.1, right_a = 0.7, left_b = 0.3, right_b = 0.6;
  const RgbValues restored = Halves(left_a, right_a);
  const RgbValues clear = Halves(left_b, right_b);
  const auto score =
      Score(restored, clear, FindProfile("grid-bild").value(), "a.png");
  ASSERT_TRUE(score.ok()) << score.status();
  // (1700 * 0.2^2 + 2300 * 0.1^2) / 4000 = 0.02275.
  EXPECT_NEAR(score->psnr_db, 16.43018599006869, kTolerance);
  EXPECT_NEAR(score->ssim,
              static_cast<double>(SsimOfHalves(
                  left_a, right_a, left_b, right_b,
                  WindowTaps(SsimWindow::kUniform7), 49.0L / 48.0L)),
              kTolerance);
  EXPECT_NEAR(Ssim(restored, clear, {SsimWindow::kGaussian11, false}),
              static_cast<double>(
                  SsimOfHalves(left_a, right_a, left_b, right_b,
                               WindowTaps(SsimWindow::kGaussian11), 1.0L)),
              kTolerance);
}

// In [0, 1), another one for every index.
double Scattered(uint64_t index) {
  uint64_t bits = (index + 1) * 0x9E3779B97F4A7C15ull;
  bits ^= bits >> 29;
  return static_cast<double>(bits >> 11) * 0x1p-53;
}

TEST(LargePictureTest, PsnrIsThatOfASumInLongDouble) {
  const auto count = static_cast<uint64_t>(kWidthPx * kHeightPx * 3);
  RgbValues restored{kWidthPx, kHeightPx, {}}, clear = restored;
  restored.values.reserve(count);
  clear.values.reserve(count);
  long double total = 0.0L;
  for (uint64_t i = 0; i < count; ++i) {
    const double value = Scattered(i);
    // A picture and its 8-bit values.
    const double rounded = std::nearbyint(255.0 * value) / 255.0;
    restored.values.push_back(value);
    clear.values.push_back(rounded);
    const long double difference = static_cast<long double>(value) - rounded;
    total += difference * difference;
  }
  const double wanted = static_cast<double>(-10.0L * std::log10(total / count));
  EXPECT_NEAR(
      PsnrDb(MeanSquaredError(restored, clear), FindProfile("default").value()),
      wanted, kTolerance);
  // Rounding errors are uniform: 20 log10(255) + 10 log10(12).
  EXPECT_NEAR(wanted, 58.922616, 1e-3);
}

}  // namespace
}  // namespace bild
