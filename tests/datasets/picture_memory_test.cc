// Headers that promise more pixels than their files hold, and memory that runs
// out.

#include <sys/resource.h>

#include <cstdint>
#include <new>
#include <string>
#include <vector>

#include "datasets/image_reader.h"
#include "datasets/image_writer.h"
#include "datasets/jpeg_decoder.h"
#include "datasets/within_memory.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "opencv2/core.hpp"
#include "opencv2/imgcodecs.hpp"
#include "tests/datasets/pictures.h"

namespace bild {
namespace {

using testing::HasSubstr;

std::string Encode(const char* extension, const cv::Mat& pixels,
                   const std::vector<int>& options = {}) {
  std::vector<uint8_t> bytes;
  EXPECT_TRUE(cv::imencode(extension, pixels, bytes, options));
  return {bytes.begin(), bytes.end()};
}

// A JPEG whose frame says another size.
std::string WithSize(std::string jpeg, int width_px, int height_px) {
  size_t at = jpeg.find("\xff\xc0");
  if (at == std::string::npos) at = jpeg.find("\xff\xc2");
  const int fields[] = {height_px >> 8, height_px & 255, width_px >> 8,
                        width_px & 255};
  for (size_t i = 0; i < 4; ++i) {
    jpeg[at + 5 + i] = static_cast<char>(fields[i]);
  }
  return jpeg;
}

// The most memory that this process ever had.
int64_t PeakBytes() {
  rusage usage;
  ::getrusage(RUSAGE_SELF, &usage);
  return int64_t{usage.ru_maxrss} << 10;
}

TEST(LyingHeaders, AJpegTooShortForItsSizeTakesNoMemory) {
  const cv::Mat grey(40, 40, CV_8UC3, cv::Scalar(90, 120, 130));
  for (const int is_progressive : {0, 1}) {
    const std::string jpeg = WithSize(
        Encode(".jpg", grey, {cv::IMWRITE_JPEG_PROGRESSIVE, is_progressive}),
        16383, 16383);
    const int64_t before = PeakBytes();
    const absl::Status status = DecodeImage(jpeg, "a.jpg").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    EXPECT_THAT(std::string(status.message()),
                HasSubstr("bytes cannot hold 16383x16383 pixels"));
    EXPECT_THAT(std::string(status.message()), HasSubstr("'a.jpg'"));
    EXPECT_LT(PeakBytes() - before, 50 << 20);
  }
}

// Comments make the file long enough; there are no more pixels for that.
TEST(LyingHeaders, APaddedJpegTakesMemoryForWhatItDecodes) {
  std::string jpeg =
      WithSize(EncodeJpeg(PatternImage(40, 40, 1)).value(), 16383, 16383);
  const std::string comment = "\xff\xfe\xff\xff" + std::string(0xffff - 2, ' ');
  for (int i = 0; i < 9; ++i) jpeg.insert(2, comment);
  const int64_t before = PeakBytes();
  const absl::Status status = DecodeJpeg(jpeg).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("the decoder says: "));
  // 805 MB would be needed for all of it.
  EXPECT_LT(PeakBytes() - before, 300 << 20);
}

// One colour is what a JPEG holds most of in a byte.
TEST(LyingHeaders, ALargePictureOfOneColourIsNoLie) {
  const cv::Mat grey(2048, 2048, CV_8UC3, cv::Scalar(90, 120, 130));
  for (const int is_progressive : {0, 1}) {
    const auto image = DecodeJpeg(
        Encode(".jpg", grey, {cv::IMWRITE_JPEG_PROGRESSIVE, is_progressive}));
    ASSERT_TRUE(image.ok()) << image.status();
    EXPECT_EQ(image->rgb.size(), 2048u * 2048 * 3);
  }
}

// Beyond the size that is taken at once.
TEST(LyingHeaders, RoomIsMadeUpToTheLastRow) {
  cv::Mat pixels(4800, 5000, CV_8UC3, cv::Scalar(90, 120, 130));
  pixels.rowRange(4600, 4800).setTo(cv::Scalar(10, 20, 200));
  const auto image = DecodeJpeg(Encode(".jpg", pixels));
  ASSERT_TRUE(image.ok()) << image.status();
  ASSERT_EQ(image->rgb.size(), 5000u * 4800 * 3);
  EXPECT_EQ(image->rgb.capacity(), image->rgb.size());
  EXPECT_NEAR(image->rgb.front(), 130, 2);
  EXPECT_NEAR(image->rgb[image->rgb.size() - 3], 200, 2);
}

TEST(LyingHeaders, OtherKindsTakeNoMemoryEither) {
  const std::string palette = PalettePng(4, 4, {1, 2, 3});
  const std::string deep = DeepPng(4, 4, {1, 2, 3});
  constexpr size_t kHeaderEnd = 8 + 25;
  std::string bmp = Encode(".bmp", cv::Mat(4, 4, CV_8UC3, cv::Scalar(1, 2, 3)));
  bmp[18] = bmp[22] = 0;
  bmp[19] = bmp[23] = 0x40;  // 16384x16384.
  const struct {
    std::string bytes;
    std::string fragment;
  } cases[] = {
      {PngHeaderOnly(16384, 16384, 8, 3) + palette.substr(kHeaderEnd),
       "bytes cannot hold 16384x16384 pixels"},
      {PngHeaderOnly(16384, 16383, 16, 2) + deep.substr(kHeaderEnd),
       "bytes cannot hold 16384x16383 pixels"},
      {bmp, "it ends before its last row"},
  };
  for (const auto& c : cases) {
    const int64_t before = PeakBytes();
    const absl::Status status =
        DecodeImage(c.bytes, "a.png", {true, true}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.fragment));
    EXPECT_LT(PeakBytes() - before, 50 << 20);
  }
}

TEST(WithinMemory, NamesThePictureThatDoesNotFit) {
  const auto work = []() -> absl::StatusOr<Image> { throw std::bad_alloc(); };
  const absl::Status status = WithinMemory("large.png", work).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("'large.png' does not fit in memory"));
  EXPECT_TRUE(WithinMemory("a", [] { return absl::OkStatus(); }).ok());
}

}  // namespace
}  // namespace bild
