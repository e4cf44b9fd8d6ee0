#include "datasets/reduced_pairs.h"

#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/datasets/memory_dataset.h"

namespace bild {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(ParseResolution, KnowsThree) {
  EXPECT_EQ(ParseResolution("full").value(), Resolution::kFull);
  EXPECT_EQ(ParseResolution("half").value(), Resolution::kHalf);
  EXPECT_EQ(ParseResolution("fit1600").value(), Resolution::kFit1600);
  EXPECT_THAT(std::string(ParseResolution("third").status().message()),
              HasSubstr("'third': expected one of full, half, fit1600"));
}

TEST(ReducedSize, HalvesOrFits) {
  const auto expect = [](ImageSize size, Resolution resolution,
                         ImageSize want) {
    const ImageSize got = ReducedSize(size, resolution);
    EXPECT_EQ(got.width_px, want.width_px);
    EXPECT_EQ(got.height_px, want.height_px);
  };
  expect({1601, 1200}, Resolution::kFull, {1601, 1200});
  expect({1601, 1200}, Resolution::kHalf, {800, 600});
  expect({1, 3}, Resolution::kHalf, {1, 1});
  expect({1600, 1200}, Resolution::kFit1600, {1600, 1200});
  expect({400, 300}, Resolution::kFit1600, {400, 300});
  // 1200 * 1600 / 1601 = 1199.25; 947 * 1600 / 4056 = 373.57.
  expect({1601, 1200}, Resolution::kFit1600, {1600, 1199});
  expect({947, 4056}, Resolution::kFit1600, {374, 1600});
  // 3 * 1600 / 9600 = 0.5 and 9 * 1600 / 9600 = 1.5: to even, at least 1.
  expect({9600, 3}, Resolution::kFit1600, {1600, 1});
  expect({9600, 9}, Resolution::kFit1600, {1600, 2});
}

Image OneRow(std::vector<uint8_t> reds) {
  Image image;
  image.width_px = static_cast<int64_t>(reds.size());
  image.height_px = 1;
  for (const uint8_t red : reds) image.rgb.insert(image.rgb.end(), {red, 0, 9});
  return image;
}

TEST(Reduced, IsTheMeanOverTheExactShare) {
  // Halves of two pixels, rounded half to even: 1.5 -> 2, 2.5 -> 2.
  EXPECT_THAT(Reduced(OneRow({1, 2, 2, 3}), {2, 1}).rgb,
              ElementsAre(2, 0, 9, 2, 0, 9));
  // Five to two: (10 + 20 + 30 / 2) / 2.5 = 18, (15 + 40 + 50) / 2.5 = 42.
  EXPECT_THAT(Reduced(OneRow({10, 20, 30, 40, 50}), {2, 1}).rgb,
              ElementsAre(18, 0, 9, 42, 0, 9));
  // Columns as rows.
  Image column = OneRow({10, 20, 30, 40, 50});
  std::swap(column.width_px, column.height_px);
  EXPECT_THAT(Reduced(column, {1, 2}).rgb, ElementsAre(18, 0, 9, 42, 0, 9));
  Image deep;
  deep.width_px = deep.height_px = 2;
  deep.rgb16 = {0, 65535, 1, 0, 65535, 2, 0, 65535, 3, 65535, 65535, 4};
  // 65535 / 4 = 16383.75; (1 + 2 + 3 + 4) / 4 = 2.5.
  EXPECT_THAT(Reduced(deep, {1, 1}).rgb16, ElementsAre(16384, 65535, 2));
}

TEST(AtResolution, ReducesBothSidesOfEveryPair) {
  const auto source =
      std::make_shared<MemoryDataset>("set", NumberedPairs(2, 1));
  source->sizes["s10_10"] = {25, 21};
  EXPECT_EQ(AtResolution(source, Resolution::kFull), source);
  const auto half = AtResolution(source, Resolution::kHalf);
  EXPECT_EQ(half->name(), "set");
  EXPECT_EQ(half->pairs().size(), 2u);
  EXPECT_EQ(half->ReadSize(0).value(), (ImageSize{12, 10}));
  const ImagePair pair = half->Read(0).value();
  const ImagePair whole = source->Read(0).value();
  EXPECT_EQ(pair.hazy->rgb, Reduced(*whole.hazy, {12, 10}).rgb);
  EXPECT_EQ(pair.clear->rgb, Reduced(*whole.clear, {12, 10}).rgb);
  EXPECT_EQ(pair.clear->width_px, 12);
}

}  // namespace
}  // namespace bild
