#include "datasets/synthetic/integer_noise.h"

#include <cmath>
#include <cstdint>

#include "datasets/synthetic/exact_math.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

TEST(ExactExp, AgreesWithTheCLibrary) {
  double worst = 0;
  for (double x = -699.5; x <= 699.5; x += 0.0937) {
    worst = std::max(worst, std::fabs(ExactExp(x) / std::exp(x) - 1.0));
  }
  // What haze needs most: beta * depth between 0 and 3.
  for (double x = -3.0; x <= 0.0; x += 1.0 / 65536.0) {
    worst = std::max(worst, std::fabs(ExactExp(x) / std::exp(x) - 1.0));
  }
  EXPECT_LT(worst, 1e-14);
}

TEST(ExactExp, EndsWhereItSays) {
  EXPECT_EQ(ExactExp(0.0), 1.0);
  EXPECT_EQ(ExactExp(-700.0), 0.0);
  EXPECT_EQ(ExactExp(-1e308), 0.0);
  EXPECT_EQ(ExactExp(1e308), ExactExp(700.0));
  EXPECT_EQ(ExactExp(std::nan("")), 0.0);
}

TEST(ExactMath, FloorAndFractionOfNegativeNumbers) {
  EXPECT_EQ(FloorToInt(-0.25), -1);
  EXPECT_EQ(FloorToInt(-2.0), -2);
  EXPECT_EQ(FloorToInt(2.75), 2);
  EXPECT_EQ(Fraction(-0.25), 0.75);
  EXPECT_EQ(Fraction(-2.0), 0.0);
}

TEST(ExactMath, SmoothStepIsTheCubic) {
  EXPECT_EQ(SmoothStep(1.0, 3.0, 0.0), 0.0);
  EXPECT_EQ(SmoothStep(1.0, 3.0, 4.0), 1.0);
  EXPECT_DOUBLE_EQ(SmoothStep(1.0, 3.0, 1.5), 3 * 0.0625 - 2 * 0.015625);
}

// Values of a second implementation (arbitrary-precision integers).
TEST(HashLattice, IsPinned) {
  EXPECT_EQ(HashLattice(0, 0, 0), 0u);
  EXPECT_EQ(HashLattice(1, 0, 0), 1753845952u);
  EXPECT_EQ(HashLattice(0, 1, 0), 1492470133u);
  EXPECT_EQ(HashLattice(-1, -7, 5), 1914081270u);
  EXPECT_EQ(HashLattice(1000000007, -3, 0xDEADBEEFu), 3088441093u);
}

TEST(ValueNoise, IsPinnedBetweenLatticePoints) {
  EXPECT_EQ(ValueNoise(2.25, -0.5, 9), 0.4195680651864677);
}

TEST(ValueNoise, IsTheHashAtLatticePointsAndContinuous) {
  for (int i = -5; i < 5; ++i) {
    EXPECT_EQ(ValueNoise(i, 2 * i, 3), HashUniform(i, 2 * i, 3));
    EXPECT_NEAR(ValueNoise(i - 1e-9, 0.3, 3), ValueNoise(i + 1e-9, 0.3, 3),
                1e-8);
  }
}

TEST(FractalNoise, StaysInRangeAroundOneHalf) {
  double sum = 0;
  double squares = 0;
  constexpr int kSide = 128;
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      const double noise = FractalNoise(x * 0.37, y * 0.37, 5, 5, 0.6, 0);
      ASSERT_GE(noise, 0.0);
      ASSERT_LT(noise, 1.0);
      sum += noise;
      squares += noise * noise;
    }
  }
  const double mean = sum / (kSide * kSide);
  EXPECT_NEAR(mean, 0.5, 0.03);
  EXPECT_GT(squares / (kSide * kSide) - mean * mean, 0.004);
}

// To the bit, also where x goes back.
TEST(FractalNoiseRow, IsTheNoiseAtEveryPlaceOfTheRow) {
  for (const double y : {-3.75, 0.0, 2.2}) {
    FractalNoiseRow row(y, 12, 3, 0.5);
    for (const double x : {-2.6, -2.5, 0.0, 0.01, 0.3, 1.0, 7.9, 0.31}) {
      EXPECT_EQ(row.At(x), FractalNoise(x, y, 12, 3, 0.5, 0)) << x << " " << y;
    }
  }
}

// On either side of [low, high] only the side is told, and it is the right one;
// between them the bits are those of the noise. Both happen, and octaves are
// saved: most answers outside are not the noise itself.
TEST(FractalNoiseWithin, TellsTheSideOrTheNoise) {
  int within = 0;
  int outside = 0;
  int shortened = 0;
  for (int i = 0; i < 40000; ++i) {
    const double x = 0.173 * (i % 200) - 11.0;
    const double y = 0.219 * (i / 200.0) - 7.0;
    const double low = HashUniform(i, 1, 77) * 1.4 - 0.2;
    const double high = low + 0.1 * HashUniform(i, 2, 77);
    const double noise = FractalNoise(x, y, 3, 4, 0.8, 0);
    const double told = FractalNoiseWithin(x, y, 3, 4, 0.8, low, high);
    if (noise < low) {
      ASSERT_LT(told, low) << i;
    } else if (noise > high) {
      ASSERT_GT(told, high) << i;
    } else {
      ASSERT_EQ(told, noise) << i;
      ++within;
      continue;
    }
    ++outside;
    if (told != noise) ++shortened;
  }
  EXPECT_GT(within, 1000);
  EXPECT_GT(shortened, outside / 2);
}

TEST(FractalNoise, FineOctavesFadeBelowTheSampling) {
  // At a spacing of 0.2 an octave of wavelength 1 is kept whole (1 / 0.2 - 2 >
  // 1), one of 0.5 half (0.5), those below not at all.
  const double x = 0.3;
  const double y = 0.7;
  const double second = ValueNoise(2.0 * x + 17.3, 2.0 * y + 9.7, 11 + 1) - 0.5;
  const double wanted =
      0.5 +
      (ValueNoise(x, y, 11) - 0.5 + 0.5 * 0.5 * second) / (1.0 + 0.5 + 0.25);
  EXPECT_NEAR(FractalNoise(x, y, 11, 3, 0.5, 0.2), wanted, 1e-15);
  EXPECT_EQ(VisibleShare(1.0, 0.0), 1.0);
  EXPECT_EQ(VisibleShare(1.0, 0.5), 0.0);
}

}  // namespace
}  // namespace bild
