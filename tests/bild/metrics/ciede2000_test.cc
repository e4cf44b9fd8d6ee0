#include "bild/metrics/ciede2000.h"

#include <cmath>
#include <cstddef>

#include "bild/base/seed.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

void ExpectLab(const Lab& found, const Lab& wanted, double tolerance) {
  EXPECT_NEAR(found.l, wanted.l, tolerance);
  EXPECT_NEAR(found.a, wanted.a, tolerance);
  EXPECT_NEAR(found.b, wanted.b, tolerance);
}

// What scikit-image 0.26's rgb2lab gives.
TEST(LabOfSrgb, AgreesWithScikitImage) {
  ExpectLab(LabOfSrgb(0, 0, 0), {0.0, 0.0, 0.0}, 1e-12);
  ExpectLab(LabOfSrgb(1, 0, 0),
            {53.2405879437449, 80.0923082256922, 67.2027510444287}, 1e-12);
  ExpectLab(LabOfSrgb(0, 1, 0),
            {87.73509948831895, -86.18302974439501, 83.17970317538452}, 1e-12);
  ExpectLab(LabOfSrgb(0, 0, 1),
            {32.29567256501351, 79.18559091176556, -107.85730020669489}, 1e-12);
  ExpectLab(LabOfSrgb(1, 1, 1),
            {100.0, -0.0024549378620508655, 0.004653421154054982}, 1e-12);
  ExpectLab(LabOfSrgb(0.2, 0.4, 0.6),
            {42.008000589382185, -0.15404119847206577, -32.842897418997154},
            1e-12);
}

// On the straight parts of both curves: v / 12.92, then 7.787 t + 16/116.
TEST(LabOfSrgb, NearBlackIsLinear) {
  const double v = 0.02;
  EXPECT_NEAR(LabOfSrgb(v, v, v).l, 116.0 * 7.787 * (v / 12.92), 1e-12);
}

TEST(LabOfSrgb, ClampsFirst) {
  ExpectLab(LabOfSrgb(-0.5, 1.75, 1e30), LabOfSrgb(0, 1, 1), 0.0);
}

// Bytes go through a table: it must lie on the curve.
TEST(LabOfSrgb, OfBytesLiesBetweenItsNeighbours) {
  for (int k = 1; k < 255; ++k) {
    const double v = k / 255.0;
    const Lab below = LabOfSrgb(v - 1e-9, v - 1e-9, v - 1e-9);
    const Lab here = LabOfSrgb(v, v, v);
    const Lab above = LabOfSrgb(v + 1e-9, v + 1e-9, v + 1e-9);
    EXPECT_LT(below.l, here.l) << k;
    EXPECT_LT(here.l, above.l) << k;
    EXPECT_LT(above.l - below.l, 1e-5) << k;
  }
}

// Greys differ in lightness alone: 10 / (1 + 0.015 * 5^2 / sqrt(20 + 5^2)).
TEST(Ciede2000, OfGreysByHand) {
  EXPECT_NEAR(Ciede2000({50, 0, 0}, {60, 0, 0}),
              10.0 / (1.0 + 0.375 / std::sqrt(45.0)), 1e-13);
  EXPECT_NEAR(Ciede2000({45, 0, 0}, {55, 0, 0}), 10.0, 1e-13);
}

// A grey has no hue: 5 of chroma (a* stretched) over 1 + 0.045 * mean chroma.
TEST(Ciede2000, OfAGreyAndAColourByHand) {
  const double seventh = std::pow(2.5, 7.0);
  const double stretch =
      1.5 - 0.5 * std::sqrt(seventh / (seventh + std::pow(25.0, 7.0)));
  const double chroma = 5.0 * stretch;
  EXPECT_NEAR(Ciede2000({50, 0, 0}, {50, 5, 0}),
              chroma / (1.0 + 0.045 * chroma / 2.0), 1e-12);
}

// Of the published pairs: opposite hues to the last digit, a blue, a yellow.
TEST(Ciede2000, OfPublishedPairs) {
  const struct {
    Lab first, second;
    double published;
  } kPairs[] = {
      {{50, 2.6772, -79.7751}, {50, 0, -82.7485}, 2.0425},
      {{50, 2.49, -0.001}, {50, -2.49, 0.001}, 7.1792},
      {{50, 2.49, -0.001}, {50, -2.49, 0.0011}, 7.2195},
      {{50, -0.001, 2.49}, {50, 0.001, -2.49}, 4.8045},
      {{50, 2.5, 0}, {73, 25, -18}, 27.1492},
      {{90.8027, -2.0831, 1.441}, {91.1528, -1.6435, 0.0447}, 1.4441},
  };
  for (const auto& pair : kPairs) {
    EXPECT_NEAR(Ciede2000(pair.first, pair.second), pair.published, 5e-5);
    EXPECT_NEAR(Ciede2000(pair.second, pair.first), pair.published, 5e-5);
  }
}

TEST(Ciede2000, IsADistance) {
  SeedEngine engine(21, SeedStream::kCrop, 0, 0);
  const auto random_lab = [&] {
    const double l = 100.0 * engine.Uniform();
    const double a = 200.0 * engine.Uniform() - 100.0;
    return Lab{l, a, 200.0 * engine.Uniform() - 100.0};
  };
  for (int repeat = 0; repeat < 2000; ++repeat) {
    const Lab first = random_lab();
    const Lab second = random_lab();
    EXPECT_EQ(Ciede2000(first, first), 0.0);
    const double there = Ciede2000(first, second);
    EXPECT_GT(there, 0.0);
    EXPECT_NEAR(there, Ciede2000(second, first), 1e-10);
  }
}

TEST(MeanCiede2000, IsTheMeanOverPixels) {
  const RgbValues restored{2,
                           2,
                           {0.1, 0.2, 0.3, 0.9, 0.8, 0.7,  //
                            0.5, 0.5, 0.5, 0.0, 1.0, 0.5}};
  RgbValues clear = restored;
  EXPECT_EQ(MeanCiede2000(restored, clear), 0.0);
  clear.values[9] = 0.25;
  EXPECT_NEAR(
      MeanCiede2000(restored, clear),
      Ciede2000(LabOfSrgb(0.0, 1.0, 0.5), LabOfSrgb(0.25, 1.0, 0.5)) / 4.0,
      1e-14);
}

}  // namespace
}  // namespace bild
