#include "datasets/image_reader.h"

#include <string>
#include <vector>

#include "bild/base/seed.h"
#include "datasets/image_structure.h"
#include "datasets/image_writer.h"
#include "datasets/jpeg_decoder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "opencv2/core.hpp"
#include "opencv2/imgcodecs.hpp"
#include "tests/datasets/pictures.h"
#include "tests/testing/temporary_folder.h"

namespace bild {
namespace {

using testing::HasSubstr;

std::string EncodeByOpenCv(const char* extension, const cv::Mat& pixels) {
  std::vector<uint8_t> bytes;
  EXPECT_TRUE(cv::imencode(extension, pixels, bytes));
  return {bytes.begin(), bytes.end()};
}

// Where a PNG's IDAT chunk starts.
size_t IdatAt(const std::string& png) { return png.find("IDAT") - 4; }

TEST(ReadImage, GivesRgbInRowOrder) {
  const TemporaryFolder folder;
  Image image;
  image.width_px = 2;
  image.height_px = 2;
  image.rgb = {255, 0, 0, 0, 255, 0, 0, 0, 255, 1, 2, 3};
  WritePicture(folder / "a.png", image);
  const auto read = ReadImage(folder / "a.png");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->width_px, 2);
  EXPECT_EQ(read->height_px, 2);
  EXPECT_EQ(read->rgb, image.rgb);

  // BMP, by hand: rows from the bottom, BGR, padded to four bytes.
  std::string bmp = "BM" + std::string(52, '\0');
  bmp[10] = 54;
  bmp[14] = 40;
  bmp[18] = 2;
  bmp[22] = 2;
  bmp[26] = 1;
  bmp[28] = 24;
  bmp += std::string("\xff\0\0\x03\x02\x01\0\0", 8) +
         std::string("\0\0\xff\0\xff\0\0\0", 8);
  WriteBytes(folder / "a.bmp", bmp);
  const auto from_bmp = ReadImage(folder / "a.bmp");
  ASSERT_TRUE(from_bmp.ok()) << from_bmp.status();
  EXPECT_EQ(from_bmp->rgb, image.rgb);
}

TEST(ReadImage, DecodesJpegAsOpenCvDoes) {
  for (const auto& [width, height] :
       std::vector<std::pair<int, int>>{{37, 29}, {64, 48}, {1, 1}, {17, 2}}) {
    const std::string bytes =
        EncodeJpeg(PatternImage(width, height, 3), 95).value();
    const auto image = DecodeJpeg(bytes);
    ASSERT_TRUE(image.ok()) << image.status();
    const cv::Mat want =
        cv::imdecode(std::vector<char>(bytes.begin(), bytes.end()),
                     cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION);
    ASSERT_EQ(want.cols, width);
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        for (int c = 0; c < 3; ++c) {
          ASSERT_EQ(image->rgb[static_cast<size_t>((y * width + x) * 3 + c)],
                    want.at<cv::Vec3b>(y, x)[2 - c]);
        }
      }
    }
  }
}

TEST(ReadImage, NeverGivesAPartOfATruncatedFile) {
  const TemporaryFolder folder;
  const Image image = PatternImage(61, 47, 5);
  for (const std::string& whole :
       {EncodePng(image).value(), EncodeJpeg(image).value()}) {
    for (size_t size = 0;
         size<whole.size(); size += size + 40> whole.size() ? 1 : 17) {
      WriteBytes(folder / "cut.png", whole.substr(0, size));
      const auto read = ReadImage(folder / "cut.png");
      EXPECT_FALSE(read.ok()) << size << " of " << whole.size();
      EXPECT_THAT(std::string(read.status().message()), HasSubstr("cut.png"));
    }
    WriteBytes(folder / "whole.png", whole);
    EXPECT_TRUE(ReadImage(folder / "whole.png").ok());
  }
}

// The file is complete, but a piece of its pixels is missing: OpenCV gives a
// half-grey picture here.
TEST(ReadImage, RefusesAJpegWithAHole) {
  const TemporaryFolder folder;
  const std::string whole = EncodeJpeg(PatternImage(61, 47, 5)).value();
  for (size_t hole = 200; hole < 1000; hole += 200) {
    WriteBytes(folder / "hole.jpg", whole.substr(0, whole.size() - 2 - hole) +
                                        whole.substr(whole.size() - 2));
    const auto read = ReadImage(folder / "hole.jpg");
    EXPECT_EQ(read.status().code(), absl::StatusCode::kDataLoss);
    EXPECT_THAT(std::string(read.status().message()),
                HasSubstr("the decoder says: "));
  }
}

TEST(ReadImage, FindsEveryChangedByteOfAPng) {
  const TemporaryFolder folder;
  const Image image = PatternImage(13, 11, 2);
  const std::string whole = EncodePng(image).value();
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    WriteBytes(folder / "a.png", damaged);
    EXPECT_FALSE(ReadImage(folder / "a.png").ok()) << "byte " << at;
  }
}

// Checksums are right, but the compressed pixels end early.
TEST(ReadImage, RefusesAPngWithTooFewPixels) {
  const TemporaryFolder folder;
  const std::string whole = EncodePng(PatternImage(61, 47, 2)).value();
  const size_t at = IdatAt(whole);
  const std::string data = whole.substr(at + 8, BigEndian32(whole, at));
  for (const size_t kept : {size_t{0}, size_t{2}, data.size() / 2}) {
    WriteBytes(folder / "a.png", whole.substr(0, at) +
                                     PngChunk("IDAT", data.substr(0, kept)) +
                                     PngChunk("IEND", ""));
    const auto read = ReadImage(folder / "a.png");
    EXPECT_EQ(read.status().code(), absl::StatusCode::kDataLoss) << kept;
  }
}

TEST(ReadImage, SurvivesDamagedJpegs) {
  const TemporaryFolder folder;
  SeedEngine engine(2, SeedStream::kInit, 0, 0);
  const std::string whole = EncodeJpeg(PatternImage(33, 21, 4)).value();
  for (int round = 0; round < 1500; ++round) {
    std::string bytes = whole;
    const uint64_t changes = 1 + engine.UniformInt(4);
    for (uint64_t i = 0; i < changes; ++i) {
      bytes[engine.UniformInt(bytes.size())] = static_cast<char>(engine.Next());
    }
    const auto image = DecodeJpeg(bytes);
    if (!image.ok()) continue;
    EXPECT_EQ(static_cast<int64_t>(image->rgb.size()),
              image->width_px * image->height_px * 3);
  }
}

TEST(ReadImage, RefusesSixteenBitsGreyAndAlpha) {
  const TemporaryFolder folder;
  const struct {
    std::string bytes;
    std::string fragment;
  } cases[] = {
      {EncodeByOpenCv(".png", cv::Mat(4, 4, CV_16UC3, cv::Scalar(1, 2, 3))),
       "has 16 bits a channel, expected 8 bits"},
      {EncodeByOpenCv(".png", cv::Mat(4, 4, CV_8UC1, cv::Scalar(7))),
       "is a grey picture"},
      {EncodeByOpenCv(".jpg", cv::Mat(4, 4, CV_8UC1, cv::Scalar(7))),
       "is a grey picture"},
      {EncodeByOpenCv(".png", cv::Mat(4, 4, CV_8UC4, cv::Scalar(1, 2, 3, 254))),
       "alpha channel with value 254 at x = 0, y = 0"},
      {PngHeaderOnly(4, 4, 8, 3) + PngChunk("IEND", ""), "palette picture"},
      {"", "is empty (0 bytes)"},
      {"hello", "is not a PNG, JPEG or BMP picture"},
  };
  for (const auto& c : cases) {
    WriteBytes(folder / "a.png", c.bytes);
    const auto read = ReadImage(folder / "a.png");
    EXPECT_FALSE(read.ok());
    EXPECT_THAT(std::string(read.status().message()), HasSubstr(c.fragment));
    EXPECT_THAT(std::string(read.status().message()), HasSubstr("a.png"));
  }
}

TEST(ReadImage, ExpandsGreyAndPaletteWhereThatIsAsked) {
  const TemporaryFolder folder;
  ImageRules rules;
  rules.expand_grey = true;
  const auto read = [&](const std::string& bytes) {
    WriteBytes(folder / "a.png", bytes);
    return ReadImage(folder / "a.png", rules);
  };
  const std::vector<uint8_t> sevens(4 * 3 * 3, 7);
  const cv::Mat grey(3, 4, CV_8UC1, cv::Scalar(7));
  for (const char* extension : {".png", ".bmp"}) {
    const auto image = read(EncodeByOpenCv(extension, grey));
    ASSERT_TRUE(image.ok()) << image.status();
    EXPECT_EQ(image->rgb, sevens) << extension;
  }
  const auto jpeg = read(EncodeByOpenCv(".jpg", grey));
  ASSERT_TRUE(jpeg.ok()) << jpeg.status();
  ASSERT_EQ(jpeg->rgb.size(), sevens.size());
  EXPECT_EQ(jpeg->rgb[0], jpeg->rgb[1]);
  EXPECT_EQ(jpeg->rgb[0], jpeg->rgb[2]);
  const auto palette = read(PalettePng(5, 4, {200, 100, 50}));
  ASSERT_TRUE(palette.ok()) << palette.status();
  ASSERT_EQ(palette->rgb.size(), 60u);
  EXPECT_EQ(palette->rgb[57], 200);
  EXPECT_EQ(palette->rgb[58], 100);
  EXPECT_EQ(palette->rgb[59], 50);
  // Not what was asked for.
  const auto deep =
      read(EncodeByOpenCv(".png", cv::Mat(2, 2, CV_16UC1, cv::Scalar(7))));
  EXPECT_THAT(std::string(deep.status().message()),
              HasSubstr("grey picture of 16 bits"));
  const auto cmyk = read(JpegHeaderOnly(4, 4, 8, 4) + "\xff\xd9");
  EXPECT_THAT(std::string(cmyk.status().message()), HasSubstr("CMYK or YCCK"));
}

TEST(ReadImage, Keeps16BitsWhereThatIsAsked) {
  const TemporaryFolder folder;
  ImageRules rules;
  rules.depth16 = true;
  WriteBytes(folder / "a.png", DeepPng(3, 2, {1, 258, 65535}));
  const auto deep = ReadImage(folder / "a.png", rules);
  ASSERT_TRUE(deep.ok()) << deep.status();
  EXPECT_TRUE(deep->rgb.empty());
  ASSERT_EQ(deep->rgb16.size(), 18u);
  EXPECT_EQ(deep->rgb16[15], 1);
  EXPECT_EQ(deep->rgb16[16], 258);
  EXPECT_EQ(deep->rgb16[17], 65535);
  // 8 bits stay 8 bits.
  WritePicture(folder / "b.png", PatternImage(4, 4, 1));
  EXPECT_EQ(ReadImage(folder / "b.png", rules)->rgb.size(), 48u);
  WriteBytes(folder / "c.png",
             EncodeByOpenCv(
                 ".png", cv::Mat(2, 2, CV_16UC4, cv::Scalar(1, 2, 3, 65534))));
  EXPECT_THAT(
      std::string(ReadImage(folder / "c.png", rules).status().message()),
      HasSubstr("alpha channel with value 65534"));
}

TEST(ReadImage, DropsAlphaThatIsOpaque) {
  const TemporaryFolder folder;
  WriteBytes(
      folder / "a.png",
      EncodeByOpenCv(".png", cv::Mat(2, 3, CV_8UC4, cv::Scalar(3, 2, 1, 255))));
  const auto read = ReadImage(folder / "a.png");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->rgb, (std::vector<uint8_t>{1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3,
                                             1, 2, 3, 1, 2, 3}));
}

TEST(ReadImage, ATransparentColourCountsWhereItIsUsed) {
  const TemporaryFolder folder;
  Image image = PatternImage(3, 2, 1);
  const std::string png = EncodePng(image).value();
  const auto with_transparent = [&](uint8_t r, uint8_t g, uint8_t b) {
    const std::string key = {0, static_cast<char>(r), 0, static_cast<char>(g),
                             0, static_cast<char>(b)};
    std::string bytes = png;
    return bytes.insert(IdatAt(png), PngChunk("tRNS", key));
  };
  WriteBytes(folder / "unused.png", with_transparent(1, 2, 3));
  const auto unused = ReadImage(folder / "unused.png");
  ASSERT_TRUE(unused.ok()) << unused.status();
  EXPECT_EQ(unused->rgb, image.rgb);
  WriteBytes(folder / "used.png",
             with_transparent(image.rgb[3], image.rgb[4], image.rgb[5]));
  EXPECT_THAT(std::string(ReadImage(folder / "used.png").status().message()),
              HasSubstr("alpha channel with value 0 at x = 1, y = 0"));
}

TEST(ReadImage, IgnoresOrientationAndGamma) {
  const TemporaryFolder folder;
  const Image image = PatternImage(24, 16, 9);
  const std::string jpeg = EncodeJpeg(image).value();
  // EXIF, big endian, one entry: orientation 6 (turn by 90 degrees).
  const std::string exif =
      std::string("Exif\0\0MM\0*\0\0\0\x08\0\x01", 16) +
      std::string("\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0", 16);
  std::string turned = jpeg;
  turned.insert(2, std::string("\xff\xe1\0", 3) +
                       static_cast<char>(exif.size() + 2) + exif);
  WriteBytes(folder / "turned.jpg", turned);
  const auto read = ReadImage(folder / "turned.jpg");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->width_px, 24);
  EXPECT_EQ(read->rgb, DecodeJpeg(jpeg)->rgb);

  std::string png = EncodePng(image).value();
  png.insert(IdatAt(png), PngChunk("gAMA", std::string("\0\0\x27\x10", 4)) +
                              PngChunk("eXIf", exif.substr(6)));
  WriteBytes(folder / "gamma.png", png);
  const auto from_png = ReadImage(folder / "gamma.png");
  ASSERT_TRUE(from_png.ok()) << from_png.status();
  EXPECT_EQ(from_png->rgb, image.rgb);
}

TEST(ReadImage, BelievesTheBytesNotTheName) {
  const TemporaryFolder folder;
  WriteBytes(folder / "a.png", EncodeJpeg(PatternImage(8, 8, 1)).value());
  EXPECT_TRUE(ReadImage(folder / "a.png").ok());
}

TEST(ReadImageSize, NeedsTheHeaderAlone) {
  const TemporaryFolder folder;
  WritePicture(folder / "a.jpg", PatternImage(23, 45, 1));
  const auto size = ReadImageSize(folder / "a.jpg");
  ASSERT_TRUE(size.ok()) << size.status();
  EXPECT_EQ(size->first, 23);
  EXPECT_EQ(size->second, 45);
}

TEST(CheckDecoder, PassesHere) {
  EXPECT_TRUE(CheckDecoder().ok()) << CheckDecoder();
}

TEST(WriteImage, RefusesAPictureThatIsNotOne) {
  const TemporaryFolder folder;
  Image image = PatternImage(4, 4, 1);
  image.rgb.pop_back();
  EXPECT_EQ(WriteImagePng(folder / "a.png", image).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(NamesIn(folder.path()).empty());
  EXPECT_TRUE(
      WriteImageJpeg(folder / "a.jpg", PatternImage(4, 4, 1), 100).ok());
  EXPECT_EQ(WriteImagePng(folder / "no/a.png", PatternImage(4, 4, 1)).code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace bild
