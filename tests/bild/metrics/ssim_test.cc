#include "bild/metrics/ssim.h"

#include <cmath>
#include <cstddef>
#include <functional>
#include <numeric>

#include "bild/base/seed.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

constexpr double kC1 = 1e-4;
constexpr double kC2 = 9e-4;
// The rounding of a square within [0, 1], over C2.
constexpr double kRounding = 1e-12;
constexpr SsimWindow kWindows[] = {SsimWindow::kGaussian11,
                                   SsimWindow::kUniform7};

RgbValues Constant(int64_t width_px, int64_t height_px, double value) {
  return {width_px, height_px,
          std::vector<double>(static_cast<size_t>(width_px * height_px * 3),
                              value)};
}

RgbValues Random(int64_t width_px, int64_t height_px, double from, double to,
                 SeedEngine* engine) {
  RgbValues picture = Constant(width_px, height_px, 0.0);
  for (double& v : picture.values) v = from + (to - from) * engine->Uniform();
  return picture;
}

// The definition, word for word: a double sum over each window, about the mean.
double DirectSsim(const RgbValues& a, const RgbValues& b, SsimWindow window,
                  bool uses_sample_covariance) {
  const std::vector<double> taps = WindowTaps(window);
  const auto side = static_cast<int64_t>(taps.size());
  const double n = static_cast<double>(side * side);
  const double kappa = uses_sample_covariance ? n / (n - 1.0) : 1.0;
  double total = 0.0;
  int64_t count = 0;
  for (int64_t y = 0; y + side <= a.height_px; ++y) {
    for (int64_t x = 0; x + side <= a.width_px; ++x) {
      for (int64_t c = 0; c < 3; ++c) {
        const auto sum = [&](const std::function<double(double, double)>& f) {
          double windowed = 0.0;
          for (int64_t i = 0; i < side; ++i) {
            for (int64_t j = 0; j < side; ++j) {
              const int64_t at = (x + j) * 3 + c;
              windowed +=
                  taps[i] * taps[j] * f(a.Row(y + i)[at], b.Row(y + i)[at]);
            }
          }
          return windowed;
        };
        const double mean_a = sum([](double u, double) { return u; });
        const double mean_b = sum([](double, double v) { return v; });
        const double var_a = kappa * sum([&](double u, double) {
                               return (u - mean_a) * (u - mean_a);
                             });
        const double var_b = kappa * sum([&](double, double v) {
                               return (v - mean_b) * (v - mean_b);
                             });
        const double cov = kappa * sum([&](double u, double v) {
                             return (u - mean_a) * (v - mean_b);
                           });
        total +=
            (2.0 * mean_a * mean_b + kC1) * (2.0 * cov + kC2) /
            ((mean_a * mean_a + mean_b * mean_b + kC1) * (var_a + var_b + kC2));
        ++count;
      }
    }
  }
  return total / static_cast<double>(count);
}

TEST(WindowTaps, GaussianOfSigmaOneAndAHalf) {
  const std::vector<double> taps = WindowTaps(SsimWindow::kGaussian11);
  const double from_centre[] = {0.26601172486179436, 0.21300553771125370,
                                0.10936068950970002, 0.03600077212843083,
                                0.00759875813523919, 0.00102838008447911};
  ASSERT_EQ(taps.size(), 11u);
  for (size_t i = 0; i < 6; ++i) {
    EXPECT_NEAR(taps[5 + i], from_centre[i], 1e-16) << i;
    EXPECT_EQ(taps[5 + i], taps[5 - i]) << i;
  }
}

TEST(WindowTaps, SumToOne) {
  for (const SsimWindow window : kWindows) {
    const std::vector<double> taps = WindowTaps(window);
    EXPECT_NEAR(std::accumulate(taps.begin(), taps.end(), 0.0), 1.0, 1e-15);
  }
  EXPECT_EQ(WindowTaps(SsimWindow::kUniform7).size(), 7u);
}

TEST(Ssim, OfConstantPicturesComparesTheMeansAlone) {
  for (const SsimWindow window : kWindows) {
    for (const bool sample : {false, true}) {
      // (2 * 0.25 * 0.5 + C1) / (0.25^2 + 0.5^2 + C1).
      EXPECT_NEAR(
          Ssim(Constant(16, 13, 0.25), Constant(16, 13, 0.5), {window, sample}),
          0.2501 / 0.3126, kRounding);
      EXPECT_NEAR(
          Ssim(Constant(16, 13, 0.0), Constant(16, 13, 1.0), {window, sample}),
          1e-4 / 1.0001, kRounding);
    }
  }
}

// One window, one white pixel in its centre against black: the mean is the
// centre's weight w, the variance kappa (w - w^2), all else 0.
TEST(Ssim, OfOneWhitePixelByHand) {
  RgbValues point = Constant(7, 7, 0.0);
  for (size_t c = 0; c < 3; ++c) point.values[(3 * 7 + 3) * 3 + c] = 1.0;
  // kappa (1/49 - 1/49^2) = 1/49 for kappa = 49/48.
  EXPECT_NEAR(Ssim(point, Constant(7, 7, 0.0), {SsimWindow::kUniform7, true}),
              kC1 * kC2 / ((1.0 / 2401.0 + kC1) * (1.0 / 49.0 + kC2)),
              kRounding);
  EXPECT_NEAR(Ssim(point, Constant(7, 7, 0.0), {SsimWindow::kUniform7, false}),
              kC1 * kC2 / ((1.0 / 2401.0 + kC1) * (48.0 / 2401.0 + kC2)),
              kRounding);

  point = Constant(11, 11, 0.0);
  for (size_t c = 0; c < 3; ++c) point.values[(5 * 11 + 5) * 3 + c] = 1.0;
  const double w = 0.26601172486179436 * 0.26601172486179436;
  EXPECT_NEAR(
      Ssim(point, Constant(11, 11, 0.0), {SsimWindow::kGaussian11, false}),
      kC1 * kC2 / ((w * w + kC1) * (w - w * w + kC2)), kRounding);
}

TEST(Ssim, IsTheMeanOfTheChannels) {
  RgbValues restored = Constant(12, 12, 0.5);
  for (size_t i = 2; i < restored.values.size(); i += 3) {
    restored.values[i] = 0.25;
  }
  for (const SsimWindow window : kWindows) {
    EXPECT_NEAR(Ssim(restored, Constant(12, 12, 0.5), {window, true}),
                (1.0 + 1.0 + 0.2501 / 0.3126) / 3.0, kRounding);
  }
}

// A grey picture as one channel scores as its three equal ones, and 255 times
// the values as a peak 255 times higher.
TEST(Ssim, OfOneChannelAndOfBytes) {
  SeedEngine engine(15, SeedStream::kCrop, 0, 0);
  for (const int64_t width_px : {11, 12, 13, 14, 29, 64}) {
    std::vector<double> one_a, one_b;
    RgbValues a = Constant(width_px, 13, 0.0), b = a;
    for (int64_t i = 0; i < width_px * 13; ++i) {
      one_a.push_back(engine.Uniform());
      one_b.push_back(engine.Uniform());
      for (int64_t c = 0; c < 3; ++c) {
        a.values[static_cast<size_t>(3 * i + c)] = one_a.back();
        b.values[static_cast<size_t>(3 * i + c)] = one_b.back();
      }
    }
    for (const SsimWindow window : kWindows) {
      const double wanted = Ssim(a, b, {window, true});
      EXPECT_NEAR(Ssim({width_px, 13, 1, one_a.data()},
                       {width_px, 13, 1, one_b.data()}, {window, true}),
                  wanted, kRounding);
      RgbValues bytes_a = a, bytes_b = b;
      for (double& value : bytes_a.values) value *= 255.0;
      for (double& value : bytes_b.values) value *= 255.0;
      EXPECT_NEAR(Ssim(bytes_a, bytes_b, {window, true, 255.0}), wanted, 1e-12);
    }
  }
  // The smallest picture of all: fewer values than a vector register.
  const std::vector<double> white(49, 1.0), black(49, 0.0);
  EXPECT_NEAR(Ssim({7, 7, 1, white.data()}, {7, 7, 1, black.data()},
                   {SsimWindow::kUniform7, true}),
              1e-4 / 1.0001, kRounding);
}

// Sizes from one window to several blocks of columns, and their neighbours.
TEST(Ssim, EqualsItsDefinition) {
  SeedEngine engine(11, SeedStream::kCrop, 0, 0);
  const int64_t widths[] = {11, 12, 15, 16, 17, 26, 27, 31, 32, 33, 43, 58};
  for (const int64_t width_px : widths) {
    const auto height_px = static_cast<int64_t>(11 + engine.UniformInt(4));
    const RgbValues a = Random(width_px, height_px, -0.2, 1.3, &engine);
    const RgbValues b = Random(width_px, height_px, 0.0, 1.0, &engine);
    RgbValues near_b = b;
    for (double& v : near_b.values) v += 0.05 * engine.Uniform();
    for (const SsimWindow window : kWindows) {
      for (const bool sample : {false, true}) {
        EXPECT_NEAR(Ssim(a, b, {window, sample}),
                    DirectSsim(a, b, window, sample), kRounding)
            << width_px << "x" << height_px;
        EXPECT_NEAR(Ssim(near_b, b, {window, sample}),
                    DirectSsim(near_b, b, window, sample), kRounding)
            << width_px << "x" << height_px;
      }
    }
  }
}

// On either side of where SSIM begins to take greater care.
TEST(Ssim, EqualsItsDefinitionNearAndFarFromTheRange) {
  SeedEngine engine(16, SeedStream::kCrop, 0, 0);
  for (const double largest : {3.9, 4.1, 400.0}) {
    const RgbValues b = Random(29, 14, 0.0, 1.0, &engine);
    RgbValues a = Random(29, 14, 0.0, 1.0, &engine);
    a.values.back() = -largest;
    for (const SsimWindow window : kWindows) {
      EXPECT_NEAR(Ssim(a, b, {window, true}), DirectSsim(a, b, window, true),
                  1e-12)
          << largest;
    }
  }
}

// E[x^2] - E[x]^2 would lose everything here, and divide by about 0.
TEST(Ssim, SurvivesANetFarOutsideTheRange) {
  SeedEngine engine(12, SeedStream::kCrop, 0, 0);
  const RgbValues b = Random(20, 15, 0.0, 1.0, &engine);
  RgbValues a = b;
  for (double& v : a.values) v = 0.7 * v + 1e7;
  for (const SsimWindow window : kWindows) {
    const double found = Ssim(a, b, {window, true});
    EXPECT_GT(found, 0.0);
    EXPECT_NEAR(found / DirectSsim(a, b, window, true), 1.0, 1e-6);
  }
}

TEST(Ssim, OfEqualPicturesIsExactlyOneAndExchangingChangesNoBit) {
  SeedEngine engine(13, SeedStream::kCrop, 0, 0);
  for (int repeat = 0; repeat < 20; ++repeat) {
    const auto width_px = static_cast<int64_t>(11 + engine.UniformInt(60));
    const auto height_px = static_cast<int64_t>(11 + engine.UniformInt(20));
    const RgbValues a = Random(width_px, height_px, -1.0, 2.0, &engine);
    const RgbValues b = Random(width_px, height_px, 0.0, 1.0, &engine);
    for (const SsimWindow window : kWindows) {
      EXPECT_EQ(Ssim(a, a, {window, true}), 1.0);
      EXPECT_EQ(Ssim(a, a, {window, false}), 1.0);
      EXPECT_EQ(Ssim(a, b, {window, true}), Ssim(b, a, {window, true}));
      EXPECT_LT(Ssim(a, b, {window, true}), 1.0);
    }
  }
}

TEST(Ssim, OfANegativeIsNegative) {
  SeedEngine engine(14, SeedStream::kCrop, 0, 0);
  const RgbValues b = Random(24, 24, 0.0, 1.0, &engine);
  RgbValues negative = b;
  for (double& v : negative.values) v = 1.0 - v;
  EXPECT_LT(Ssim(negative, b, {SsimWindow::kGaussian11, false}), -0.9);
}

}  // namespace
}  // namespace bild
