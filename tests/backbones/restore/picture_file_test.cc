// Depth, transparency, orientation and colour profiles of a user's pictures.

#include "backbones/restore/picture_file.h"

#include <cstdint>
#include <string>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/full.h"
#include "ATen/ops/tensor.h"
#include "bild/base/seed.h"
#include "datasets/image_structure.h"
#include "gtest/gtest.h"
#include "opencv2/core.hpp"
#include "opencv2/imgcodecs.hpp"
#include "tests/testing/random_tensor.h"

namespace bild {
namespace {

std::string Encode(const std::string& extension, const cv::Mat& pixels) {
  std::vector<uint8_t> bytes;
  EXPECT_TRUE(cv::imencode(extension, pixels, bytes));
  return std::string(bytes.begin(), bytes.end());
}

std::string BigEndian(uint32_t value, int size) {
  std::string bytes;
  for (int i = size - 1; i >= 0; --i) {
    bytes += static_cast<char>((value >> (8 * i)) & 255);
  }
  return bytes;
}

std::string Chunk(const std::string& type, const std::string& content) {
  const std::string body = type + content;
  return BigEndian(static_cast<uint32_t>(content.size()), 4) + body +
         BigEndian(PngCrc(body.data(), body.size()), 4);
}

// An EXIF block with one entry, the orientation.
std::string Tiff(int orientation, bool is_little_endian) {
  if (is_little_endian) {
    return std::string("II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0", 18) +
           std::string(1, static_cast<char>(orientation)) +
           std::string(7, '\0');
  }
  return std::string("MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0", 19) +
         std::string(1, static_cast<char>(orientation)) + std::string(6, '\0');
}

std::string InsertIntoPng(const std::string& png, const std::string& chunk) {
  constexpr size_t kAfterHeader = 8 + 25;
  return png.substr(0, kAfterHeader) + chunk + png.substr(kAfterHeader);
}

std::string Segment(char marker, const std::string& content) {
  return std::string("\xFF") + marker +
         BigEndian(static_cast<uint32_t>(content.size() + 2), 2) + content;
}

// Two rows of three pixels: 0..5, in every channel.
cv::Mat Numbers(int type) {
  cv::Mat pixels(2, 3, type);
  for (int i = 0; i < 6; ++i) {
    pixels.at<cv::Vec3b>(i / 3, i % 3) =
        cv::Vec3b::all(static_cast<uint8_t>(i));
  }
  return pixels;
}

at::Tensor Red255(const Picture& picture) {
  return (picture.rgb01[0][0] * 255.0).round();
}

TEST(DecodePicture, TurnsAsExifAsks) {
  const std::string png = Encode(".png", Numbers(CV_8UC3));
  const auto rows = [](std::vector<double> values, int64_t height) {
    return at::tensor(values, at::kFloat).view({height, -1});
  };
  const std::vector<at::Tensor> want = {
      rows({0, 1, 2, 3, 4, 5}, 2), rows({2, 1, 0, 5, 4, 3}, 2),
      rows({5, 4, 3, 2, 1, 0}, 2), rows({3, 4, 5, 0, 1, 2}, 2),
      rows({0, 3, 1, 4, 2, 5}, 3), rows({3, 0, 4, 1, 5, 2}, 3),
      rows({5, 2, 4, 1, 3, 0}, 3), rows({2, 5, 1, 4, 0, 3}, 3)};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    for (const bool is_little_endian : {false, true}) {
      SCOPED_TRACE(orientation);
      const auto picture = DecodePicture(InsertIntoPng(
          png, Chunk("eXIf", Tiff(orientation, is_little_endian))));
      ASSERT_TRUE(picture.ok()) << picture.status();
      EXPECT_EQ(picture->metadata.orientation, orientation);
      EXPECT_TRUE(
          Red255(*picture).equal(want[static_cast<size_t>(orientation - 1)]));
    }
  }
  // What is no orientation counts as none.
  for (const int orientation : {0, 9}) {
    EXPECT_EQ(DecodePicture(
                  InsertIntoPng(png, Chunk("eXIf", Tiff(orientation, true))))
                  ->metadata.orientation,
              1);
  }
}

TEST(DecodePicture, OrientationOfAJpeg) {
  const cv::Mat pixels(16, 24, CV_8UC3, cv::Scalar(10, 20, 30));
  const std::string jpeg = Encode(".jpg", pixels);
  const std::string turned =
      jpeg.substr(0, 2) +
      Segment('\xE1', std::string("Exif\0\0", 6) + Tiff(6, false)) +
      jpeg.substr(2);
  const auto picture = DecodePicture(turned);
  ASSERT_TRUE(picture.ok()) << picture.status();
  EXPECT_EQ(picture->rgb01.sizes(), (std::vector<int64_t>{1, 3, 24, 16}));
  EXPECT_NEAR(picture->rgb01[0][0][0][0].item<double>() * 255, 30, 2);
  EXPECT_NEAR(picture->rgb01[0][2][0][0].item<double>() * 255, 10, 2);
  const auto size = ReadPictureSize(turned);
  ASSERT_TRUE(size.ok());
  EXPECT_EQ(size->width_px, 24);
}

TEST(EncodePicture, KeepsDepthAndTransparency) {
  SeedEngine engine = TestEngine(1);
  for (const int depth : {CV_8U, CV_16U}) {
    for (const int channels : {1, 3, 4}) {
      SCOPED_TRACE(testing::Message() << depth << ' ' << channels);
      cv::Mat pixels(7, 5, CV_MAKETYPE(depth, channels));
      for (int y = 0; y < 7; ++y) {
        for (int x = 0; x < 5 * channels; ++x) {
          const auto value = static_cast<uint16_t>(engine.UniformInt(65536));
          if (depth == CV_8U) {
            pixels.ptr<uint8_t>(y)[x] = static_cast<uint8_t>(value);
          } else {
            pixels.ptr<uint16_t>(y)[x] = value;
          }
        }
      }
      const auto picture = DecodePicture(Encode(".png", pixels));
      ASSERT_TRUE(picture.ok()) << picture.status();
      EXPECT_EQ(picture->depth_bits, depth == CV_8U ? 8 : 16);
      EXPECT_EQ(picture->alpha01.defined(), channels == 4);
      const auto again = EncodePicture(*picture, picture->rgb01, 95);
      ASSERT_TRUE(again.ok()) << again.status();
      const cv::Mat bytes(1, static_cast<int>(again->size()), CV_8UC1,
                          const_cast<char*>(again->data()));
      cv::Mat back = cv::imdecode(bytes, cv::IMREAD_UNCHANGED);
      EXPECT_EQ(back.depth(), depth);
      if (channels == 1) cv::extractChannel(back, back, 1);
      EXPECT_EQ(cv::norm(back, pixels, cv::NORM_INF), 0.0);
    }
  }
}

TEST(EncodePicture, RoundsHalfToEvenAndClamps) {
  Picture picture;
  const at::Tensor values =
      at::tensor({-0.5, 0.5 / 255, 1.5 / 255, 0.1, 2.0}, at::kDouble);
  const auto png = EncodePicture(
      picture, values.view({1, 1, 1, 5}).expand({1, 3, 1, 5}), 95);
  ASSERT_TRUE(png.ok()) << png.status();
  EXPECT_TRUE(
      Red255(*DecodePicture(*png))
          .equal(at::tensor({0, 0, 2, 26, 255}, at::kFloat).view({1, 5})));
  const auto refused = EncodePicture(
      picture, at::full({1, 3, 2, 2}, std::nan(""), at::kFloat), 95);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(EncodePicture, CarriesTheColourProfile) {
  const std::string profile = "a profile, as far as anybody here knows";
  // PNG: iCCP and gAMA as they are, once.
  const std::string chunks =
      Chunk("iCCP", "name" + std::string(2, '\0') + profile) +
      Chunk("gAMA", BigEndian(45455, 4));
  const auto from_png =
      DecodePicture(InsertIntoPng(Encode(".png", Numbers(CV_8UC3)), chunks));
  ASSERT_TRUE(from_png.ok()) << from_png.status();
  EXPECT_EQ(from_png->metadata.colour, chunks);
  const auto png = EncodePicture(*from_png, from_png->rgb01, 95);
  ASSERT_TRUE(png.ok());
  EXPECT_NE(png->find(chunks), std::string::npos);
  EXPECT_EQ(ReadPictureMetadata(*png)->colour, chunks);
  EXPECT_TRUE(PngOfPixelsOnly(*png).ok());

  // JPEG: all parts of the profile, after the JFIF segment.
  const std::string jpeg = Encode(".jpg", Numbers(CV_8UC3));
  const std::string segments =
      Segment('\xE2', std::string("ICC_PROFILE\0\1\2", 14) + profile) +
      Segment('\xE2', std::string("ICC_PROFILE\0\2\2", 14) + profile);
  const auto from_jpeg =
      DecodePicture(jpeg.substr(0, 2) + segments + jpeg.substr(2));
  ASSERT_TRUE(from_jpeg.ok()) << from_jpeg.status();
  EXPECT_EQ(from_jpeg->metadata.colour, segments);
  const auto encoded = EncodePicture(*from_jpeg, from_jpeg->rgb01, 95);
  ASSERT_TRUE(encoded.ok());
  EXPECT_EQ(ReadPictureMetadata(*encoded)->colour, segments);
  EXPECT_EQ(encoded->substr(0, 4), "\xFF\xD8\xFF\xE0");
  EXPECT_TRUE(DecodePicture(*encoded).ok());
}

// Damaged files are refused or read, never anything else.
TEST(DecodePicture, SurvivesMutations) {
  const std::string png = InsertIntoPng(Encode(".png", Numbers(CV_8UC3)),
                                        Chunk("eXIf", Tiff(6, true)));
  const std::string jpeg_only = Encode(".jpg", Numbers(CV_8UC3));
  const std::string jpeg =
      jpeg_only.substr(0, 2) +
      Segment('\xE1', std::string("Exif\0\0", 6) + Tiff(6, false)) +
      jpeg_only.substr(2);
  SeedEngine engine = TestEngine(7);
  for (int trial = 0; trial < 3000; ++trial) {
    std::string bytes = trial % 2 == 0 ? png : jpeg;
    for (uint64_t edits = 1 + engine.UniformInt(4); edits > 0; --edits) {
      bytes[engine.UniformInt(bytes.size())] =
          static_cast<char>(engine.UniformInt(256));
    }
    if (engine.UniformInt(3) == 0) {
      bytes.resize(engine.UniformInt(bytes.size()));
    }
    const auto picture = DecodePicture(bytes);
    if (!picture.ok()) {
      EXPECT_FALSE(picture.status().message().empty());
    }
  }
}

}  // namespace
}  // namespace bild
