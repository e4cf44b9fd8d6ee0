#include "datasets/alignment.h"

#include <cmath>
#include <vector>

#include "bild/base/seed.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

// Smooth noise: no shift looks like another.
Image NoiseImage(int64_t width_px, int64_t height_px, uint64_t seed) {
  SeedEngine engine(seed, SeedStream::kInit, 0, 0);
  Image image;
  image.width_px = width_px;
  image.height_px = height_px;
  for (int64_t i = 0; i < width_px * height_px * 3; ++i) {
    image.rgb.push_back(static_cast<uint8_t>(engine.UniformInt(256)));
  }
  return image;
}

Image Window(const Image& image, int64_t x_px, int64_t y_px, int64_t width_px,
             int64_t height_px) {
  Image window;
  window.width_px = width_px;
  window.height_px = height_px;
  for (int64_t y = 0; y < height_px; ++y) {
    for (int64_t x = 0; x < 3 * width_px; ++x) {
      window.rgb.push_back(
          image.rgb[((y + y_px) * image.width_px + x_px) * 3 + x]);
    }
  }
  return window;
}

TEST(FindBestShift, FindsWhereThePictureWent) {
  const Image scene = NoiseImage(60, 50, 1);
  const Image clear = Window(scene, 10, 10, 37, 29);
  for (const auto& [dx, dy] : std::vector<std::pair<int64_t, int64_t>>{
           {0, 0}, {2, -1}, {-3, 3}, {3, 0}, {0, -2}}) {
    // The scene point of the clear picture's (x, y) lies at (x + dx, y + dy).
    const Image hazy = Window(scene, 10 - dx, 10 - dy, 37, 29);
    const auto best = FindBestShift(hazy, clear);
    ASSERT_TRUE(best.has_value());
    EXPECT_EQ(best->dx_px, dx);
    EXPECT_EQ(best->dy_px, dy);
    EXPECT_NEAR(best->correlation, 1.0, 1e-9);
  }
}

// The textbook formula, point by point.
double CorrelationAtZero(const Image& hazy, const Image& clear) {
  const auto magnitude = [](const Image& image, int64_t x, int64_t y) {
    const auto grey = [&image](int64_t column, int64_t row) {
      const uint8_t* rgb =
          image.rgb.data() + (row * image.width_px + column) * 3;
      return static_cast<double>(rgb[0] + rgb[1] + rgb[2]);
    };
    return std::hypot(grey(x + 1, y) - grey(x - 1, y),
                      grey(x, y + 1) - grey(x, y - 1));
  };
  std::vector<double> a;
  std::vector<double> b;
  for (int64_t y = 4; y < clear.height_px - 4; ++y) {
    for (int64_t x = 4; x < clear.width_px - 4; ++x) {
      a.push_back(magnitude(hazy, x, y));
      b.push_back(magnitude(clear, x, y));
    }
  }
  double mean_a = 0;
  double mean_b = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    mean_a += a[i] / static_cast<double>(a.size());
    mean_b += b[i] / static_cast<double>(b.size());
  }
  double ab = 0;
  double aa = 0;
  double bb = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    ab += (a[i] - mean_a) * (b[i] - mean_b);
    aa += (a[i] - mean_a) * (a[i] - mean_a);
    bb += (b[i] - mean_b) * (b[i] - mean_b);
  }
  return ab / std::sqrt(aa * bb);
}

TEST(FindBestShift, GivesPearsonsCorrelation) {
  const Image clear = NoiseImage(33, 21, 2);
  // Haze and noise: half the contrast, other values on top.
  const Image noise = NoiseImage(33, 21, 3);
  Image hazy = clear;
  for (size_t i = 0; i < hazy.rgb.size(); ++i) {
    hazy.rgb[i] = static_cast<uint8_t>(clear.rgb[i] / 2 + noise.rgb[i] / 4);
  }
  const auto best = FindBestShift(hazy, clear);
  ASSERT_TRUE(best.has_value());
  EXPECT_EQ(best->dx_px, 0);
  EXPECT_EQ(best->dy_px, 0);
  EXPECT_NEAR(best->correlation, CorrelationAtZero(hazy, clear), 1e-6);
  EXPECT_LT(best->correlation, 0.99);
}

TEST(FindBestShift, HasNothingToSayOfFlatAndTinyPictures) {
  Image flat = NoiseImage(20, 20, 1);
  for (uint8_t& value : flat.rgb) value = 9;
  const Image noise = NoiseImage(20, 20, 1);
  EXPECT_FALSE(FindBestShift(flat, noise).has_value());
  EXPECT_FALSE(FindBestShift(noise, flat).has_value());
  const Image tiny = NoiseImage(15, 40, 1);
  EXPECT_FALSE(FindBestShift(tiny, tiny).has_value());
}

TEST(FindBestShift, SixteenBitsAreTheSamePicture) {
  const Image scene = NoiseImage(40, 40, 5);
  const Image clear = Window(scene, 5, 5, 24, 24);
  const Image moved = Window(scene, 4, 5, 24, 24);
  Image deep = moved;
  deep.rgb.clear();
  for (const uint8_t value : moved.rgb) {
    deep.rgb16.push_back(static_cast<uint16_t>(value * 257));
  }
  EXPECT_EQ(FindBestShift(deep, clear)->dx_px, 1);
}

}  // namespace
}  // namespace bild
