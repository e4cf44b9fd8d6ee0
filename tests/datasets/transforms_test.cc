#include "datasets/transforms.h"

#include <map>
#include <utility>

#include "ATen/ops/empty.h"
#include "ATen/ops/equal.h"
#include "ATen/ops/flip.h"
#include "ATen/ops/rot90.h"
#include "c10/util/Exception.h"
#include "gtest/gtest.h"
#include "tests/datasets/pictures.h"

namespace bild {
namespace {

at::Tensor Cut(const Image& image, const PatchWindow& window) {
  at::Tensor to = at::empty({3, window.side_px, window.side_px}, at::kFloat);
  CutWindow(image, window, to);
  return to;
}

TEST(CutWindow, PutsEachByteWhereItBelongs) {
  Image image;
  image.width_px = 4;
  image.height_px = 3;
  for (int i = 0; i < 4 * 3 * 3; ++i) {
    image.rgb.push_back(static_cast<uint8_t>(7 * i));
  }
  // The window's corner is pixel (x = 1, y = 1), byte (1 * 4 + 1) * 3 = 15.
  const at::Tensor cut = Cut(image, {1, 1, 2, false, 0});
  EXPECT_EQ(cut[0][0][0].item<float>(), 105 / 255.0f);
  EXPECT_EQ(cut[1][0][0].item<float>(), 112 / 255.0f);
  EXPECT_EQ(cut[2][0][1].item<float>(), (17 + 3) * 7 / 255.0f);
  EXPECT_EQ(cut[0][1][0].item<float>(), (15 + 12) * 7 / 255.0f);

  // Flipped, then turned anticlockwise once: the top-left value of the flipped
  // window (its right column) goes to the bottom left.
  const at::Tensor turned = Cut(image, {1, 1, 2, true, 1});
  EXPECT_EQ(turned[0][1][0].item<float>(), 18 * 7 / 255.0f);
}

TEST(CutWindow, SixteenBitsAreDividedByTheirPeak) {
  Image image;
  image.width_px = 2;
  image.height_px = 1;
  image.rgb16 = {0, 1, 65535, 257, 32768, 300};
  const at::Tensor cut = Cut(image, {1, 0, 1, false, 0});
  EXPECT_EQ(cut[0][0][0].item<float>(), 1 / 255.0f);
  EXPECT_EQ(cut[1][0][0].item<float>(), 32768 / 65535.0f);
  EXPECT_EQ(cut[2][0][0].item<float>(), 300 / 65535.0f);
}

TEST(CutWindow, FlipsAndTurnsAsLibTorchDoes) {
  const Image image = PatternImage(19, 17, 4);
  for (const int64_t side : {1, 2, 7, 17}) {
    const PatchWindow plain{2, 0, side, false, 0};
    const at::Tensor base = Cut(image, plain);
    for (const bool flip : {false, true}) {
      for (int64_t turns = 0; turns < 4; ++turns) {
        at::Tensor want = flip ? at::flip(base, {2}) : base;
        want = at::rot90(want, turns, {1, 2});
        EXPECT_TRUE(at::equal(Cut(image, {2, 0, side, flip, turns}), want))
            << side << " " << flip << " " << turns;
      }
    }
  }
}

TEST(CutWindow, ChecksItsArguments) {
  const Image image = PatternImage(6, 5, 1);
  at::Tensor to = at::empty({3, 5, 5}, at::kFloat);
  EXPECT_THROW(CutWindow(image, {2, 0, 5, false, 0}, to), c10::Error);
  EXPECT_THROW(CutWindow(image, {0, -1, 5, false, 0}, to), c10::Error);
  EXPECT_THROW(CutWindow(image, {0, 0, 4, false, 0}, to), c10::Error);
  EXPECT_NO_THROW(CutWindow(image, {1, 0, 5, false, 0}, to));
}

// 4 x 3 places, 2 flips, 4 turns: 96 equally likely windows. Each count of
// 96,000 draws is binomial with mean 1000 and standard deviation 31.5; 5 of
// these bound the largest of 96 with room, and the seed is fixed.
TEST(DrawWindow, IsUniformOverAllPlacesFlipsAndTurns) {
  SeedEngine engine(5, SeedStream::kCrop, 0, 0);
  std::map<std::vector<int64_t>, int> counts;
  for (int i = 0; i < 96000; ++i) {
    const PatchWindow w = DrawWindow({9, 8}, 6, {true, true}, &engine);
    ++counts[{w.x_px, w.y_px, w.is_flipped, w.quarter_turns}];
  }
  EXPECT_EQ(counts.size(), 96u);
  for (const auto& [window, count] : counts) {
    EXPECT_GE(window[0], 0);
    EXPECT_LE(window[0], 3);
    EXPECT_LE(window[1], 2);
    EXPECT_NEAR(count, 1000, 5 * 31.5);
  }
}

// Turning augmentation off leaves the places as they were.
TEST(DrawWindow, PlacesDoNotDependOnAugmentation) {
  SeedEngine with(1, SeedStream::kCrop, 2, 3);
  SeedEngine without(1, SeedStream::kCrop, 2, 3);
  for (int i = 0; i < 50; ++i) {
    const PatchWindow a = DrawWindow({90, 80}, 16, {true, true}, &with);
    const PatchWindow b = DrawWindow({90, 80}, 16, {false, false}, &without);
    EXPECT_EQ(a.x_px, b.x_px);
    EXPECT_EQ(a.y_px, b.y_px);
    EXPECT_FALSE(b.is_flipped);
    EXPECT_EQ(b.quarter_turns, 0);
  }
}

TEST(DrawWindow, AWholePictureHasOnePlace) {
  SeedEngine engine(1, SeedStream::kCrop, 0, 0);
  const PatchWindow window = DrawWindow({16, 16}, 16, {}, &engine);
  EXPECT_EQ(window.x_px, 0);
  EXPECT_EQ(window.y_px, 0);
  EXPECT_THROW(DrawWindow({16, 15}, 16, {}, &engine), c10::Error);
}

}  // namespace
}  // namespace bild
