#include "bild/metrics/rgb_values.h"

#include <cmath>
#include <limits>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

using testing::HasSubstr;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

RgbValues Grey(int64_t width_px, int64_t height_px) {
  return {
      width_px, height_px,
      std::vector<double>(static_cast<size_t>(width_px * height_px * 3), 0.5)};
}

TEST(RgbValues, BytesAreDividedBy255) {
  const RgbValues values = FromBytes({2, 1, {0, 51, 255, 1, 128, 254}});
  EXPECT_EQ(values.width_px, 2);
  EXPECT_EQ(values.height_px, 1);
  // 128/255 as float32 would be 0.501960813999176.
  EXPECT_THAT(values.values,
              testing::ElementsAre(0.0, 0.2, 1.0, 1.0 / 255.0,
                                   0.50196078431372548, 254.0 / 255.0));
}

TEST(RgbValues, SixteenBitsAreDividedBy65535) {
  Image image{2, 1};
  image.rgb16 = {0, 13107, 65535, 1, 32768, 65534};
  const RgbValues values = FromBytes(image);
  EXPECT_EQ(values.width_px, 2);
  EXPECT_EQ(values.height_px, 1);
  // 32768/65535 as float32 would be 0.500007629394531.
  EXPECT_THAT(values.values,
              testing::ElementsAre(0.0, 0.2, 1.0, 1.0 / 65535.0,
                                   0.5000076295109483, 65534.0 / 65535.0));
}

TEST(RgbValues, RowsAreTight) {
  RgbValues values = Grey(2, 3);
  values.values[2 * 6 + 4] = 0.25;
  EXPECT_EQ(values.RowSize(), 6);
  EXPECT_EQ(values.Row(2)[4], 0.25);
}

TEST(CheckScorable, EqualFinitePicturesPass) {
  EXPECT_TRUE(CheckScorable(Grey(3, 2), Grey(3, 2), "a.png").ok());
  RgbValues far_outside = Grey(3, 2);
  far_outside.values[0] = -1e30;
  EXPECT_TRUE(CheckScorable(far_outside, Grey(3, 2), "a.png").ok());
}

TEST(CheckScorable, NamesBothSizes) {
  const absl::Status status = CheckScorable(Grey(3, 2), Grey(2, 3), "a.png");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("'a.png': the restored picture has 3x2 px and the "
                        "clear one 2x3 px"));
}

TEST(CheckScorable, WantsThreeChannels) {
  RgbValues grey = Grey(3, 2);
  grey.values.resize(6);
  const absl::Status status = CheckScorable(Grey(3, 2), grey, "a.png");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("clear picture says 3x2 px"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("it holds 6"));
}

TEST(CheckScorable, NamesTheFirstBadPixelAndItsChannel) {
  RgbValues bad = Grey(5, 4);
  bad.values[static_cast<size_t>((2 * 5 + 3) * 3 + 1)] = kNaN;
  bad.values[static_cast<size_t>((3 * 5 + 0) * 3 + 0)] = kInfinity;
  const absl::Status in_restored = CheckScorable(bad, Grey(5, 4), "a.png");
  EXPECT_EQ(in_restored.code(), kNonFinitePixel);
  EXPECT_EQ(in_restored.message(),
            "image 'a.png': the restored picture is NaN at x=3 y=2 channel G");
  const absl::Status in_clear = CheckScorable(Grey(5, 4), bad, "a.png");
  EXPECT_EQ(in_clear.code(), kNonFinitePixel);
  EXPECT_THAT(std::string(in_clear.message()), HasSubstr("the clear picture"));
}

TEST(CheckScorable, TellsTheInfinitiesApart) {
  for (const auto& [value, text] :
       {std::pair<double, const char*>{kInfinity, "is +inf at x=0 y=0"},
        {-kInfinity, "is -inf at x=0 y=0"}}) {
    RgbValues bad = Grey(1, 1);
    bad.values[2] = value;
    const absl::Status status = CheckScorable(bad, Grey(1, 1), "a.png");
    EXPECT_EQ(status.code(), kNonFinitePixel);
    EXPECT_THAT(std::string(status.message()), HasSubstr(text));
    EXPECT_THAT(std::string(status.message()), HasSubstr("channel B"));
  }
}

}  // namespace
}  // namespace bild
