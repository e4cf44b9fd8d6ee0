#include "bild/metrics/compared_values.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::Pointwise;

MetricProfile Profile(const std::string& name) {
  return FindProfile(name).value();
}

std::vector<double> ComparedBy(const std::string& name,
                               const RgbValues& picture) {
  ComparedValues storage;
  const PictureView view = ComparedView(picture, Profile(name), &storage);
  EXPECT_EQ(view.width_px, picture.width_px);
  EXPECT_EQ(view.height_px, picture.height_px);
  return {view.values, view.values + view.height_px * view.RowSize()};
}

TEST(ByteOf, RoundsHalvesToEven) {
  EXPECT_EQ(ByteOf(0.1), 26.0);  // 25.5
  EXPECT_EQ(ByteOf(0.3), 76.0);  // 76.5
  EXPECT_EQ(ByteOf(0.5), 128.0);
  EXPECT_EQ(ByteOf(-3.0), 0.0);
  EXPECT_EQ(ByteOf(1.001), 255.0);
  for (int k = 0; k <= 255; ++k) EXPECT_EQ(ByteOf(k / 255.0), k);
}

TEST(ComparedView, RealValuesAreClampedOnlyWhereTheProfileDoes) {
  const RgbValues picture{1, 2, {-0.5, 0.25, 1.5, 0.0, 1.0, 0.125}};
  EXPECT_THAT(ComparedBy("default", picture),
              ElementsAre(0.0, 0.25, 1.0, 0.0, 1.0, 0.125));
  EXPECT_EQ(ComparedBy("ffa", picture), ComparedBy("default", picture));
  EXPECT_EQ(ComparedBy("dehazeformer", picture),
            ComparedBy("default", picture));
  EXPECT_EQ(ComparedBy("grid-bild", picture), picture.values);
}

TEST(ComparedView, CopiesNothingThatIsInside) {
  const RgbValues picture{1, 1, {0.0, 0.5, 1.0}};
  ComparedValues storage;
  EXPECT_EQ(ComparedView(picture, Profile("default"), &storage).values,
            picture.values.data());
}

// Red, green, blue, white and a value beyond it.
TEST(ComparedView, BytesLumaAndGrey) {
  const RgbValues picture{
      5, 1, {1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1, 7, 0.1, -1}};
  EXPECT_THAT(
      ComparedBy("basicsr-rgb", picture),
      ElementsAre(255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255, 255, 26, 0));
  EXPECT_THAT(ComparedBy("basicsr-y", picture),
              Pointwise(DoubleNear(1e-12), {81.481, 144.553, 40.966, 235.0,
                                            81.481 + 128.553 * 26.0 / 255.0}));
  // 76.23, 149.70, 29.08, 255, 76.23 + 15.26, each rounded.
  EXPECT_THAT(ComparedBy("matlab-gray", picture),
              ElementsAre(76, 150, 29, 255, 91));
}

TEST(ShrinkRatio, RoundsHalvesToEvenAndIsAtLeastOne) {
  EXPECT_EQ(ShrinkRatio(100, 4000), 1);
  EXPECT_EQ(ShrinkRatio(384, 4000), 2);  // 1.5
  EXPECT_EQ(ShrinkRatio(4000, 640), 2);  // 2.5
  EXPECT_EQ(ShrinkRatio(896, 900), 4);   // 3.5
  EXPECT_EQ(ShrinkRatio(1200, 1600), 5);
}

// Five rows to two, which share the middle one; four columns to two.
TEST(Shrunk, IsTheMeanOfWhatARowCovers) {
  std::vector<double> values;
  for (int y = 0; y < 5; ++y) {
    for (int x = 0; x < 4; ++x) values.push_back(10.0 * y + x);
  }
  const ComparedValues small = Shrunk({4, 5, 1, values.data()}, 2);
  EXPECT_EQ(small.width_px, 2);
  EXPECT_EQ(small.height_px, 2);
  EXPECT_THAT(small.values, ElementsAre(10.5, 12.5, 30.5, 32.5));
}

TEST(Shrunk, KeepsChannelsApart) {
  const RgbValues picture{2, 2, {0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14}};
  EXPECT_THAT(Shrunk(picture, 2).values, ElementsAre(6, 7, 8));
  EXPECT_EQ(Shrunk(picture, 1).values, picture.values);
}

TEST(WithBorder, ZerosOrEdges) {
  const std::vector<double> values = {1, 2, 3, 4};
  const PictureView picture(2, 2, 1, values.data());
  EXPECT_THAT(WithBorder(picture, 1, SsimBorder::kZero).values,
              ElementsAre(0, 0, 0, 0, 0, 1, 2, 0, 0, 3, 4, 0, 0, 0, 0, 0));
  const ComparedValues repeated =
      WithBorder(picture, 1, SsimBorder::kReplicate);
  EXPECT_THAT(repeated.values,
              ElementsAre(1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4));
  EXPECT_EQ(repeated.width_px, 4);
  EXPECT_EQ(repeated.height_px, 4);
}

TEST(WithBorder, KeepsChannelsApart) {
  const RgbValues picture{1, 1, {1, 2, 3}};
  EXPECT_THAT(WithBorder(picture, 1, SsimBorder::kReplicate).values,
              ElementsAre(1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3,
                          1, 2, 3, 1, 2, 3, 1, 2, 3));
}

}  // namespace
}  // namespace bild
