#include "datasets/exif_orientation.h"

#include "datasets/image_writer.h"
#include "gtest/gtest.h"
#include "tests/datasets/pictures.h"

namespace bild {
namespace {

// A TIFF structure with one short tag.
std::string Tiff(bool is_big_endian, int tag, int value) {
  const auto two = [&](int number) {
    const std::string bytes = {static_cast<char>(number >> 8),
                               static_cast<char>(number & 255)};
    return is_big_endian ? bytes : std::string(bytes.rbegin(), bytes.rend());
  };
  const auto four = [&](int number) {
    return is_big_endian ? two(0) + two(number) : two(number) + two(0);
  };
  return (is_big_endian ? "MM" : "II") + two(42) + four(8) + two(1) + two(tag) +
         two(3) + four(1) + two(value) + two(0) + four(0);
}

std::string JpegWith(const std::string& tiff) {
  std::string jpeg = EncodeJpeg(PatternImage(9, 7, 1)).value();
  const std::string body = std::string("Exif\0\0", 6) + tiff;
  return jpeg.insert(2, std::string("\xff\xe1\0", 3) +
                            static_cast<char>(body.size() + 2) + body);
}

std::string PngWith(const std::string& tiff) {
  std::string png = EncodePng(PatternImage(9, 7, 1)).value();
  return png.insert(8 + 25, PngChunk("eXIf", tiff));
}

TEST(ExifOrientation, ReadsTheTagInBothByteOrders) {
  for (const bool is_big_endian : {false, true}) {
    for (const int value : {1, 3, 6, 8}) {
      const std::string tiff = Tiff(is_big_endian, 0x0112, value);
      EXPECT_EQ(ExifOrientation(JpegWith(tiff)), value);
      EXPECT_EQ(ExifOrientation(PngWith(tiff)), value);
    }
  }
}

TEST(ExifOrientation, IsOneWhereThereIsNone) {
  EXPECT_EQ(ExifOrientation(""), 1);
  EXPECT_EQ(ExifOrientation("\xff\xd8"), 1);
  EXPECT_EQ(ExifOrientation(EncodePng(PatternImage(9, 7, 1)).value()), 1);
  EXPECT_EQ(ExifOrientation(EncodeJpeg(PatternImage(9, 7, 1)).value()), 1);
  EXPECT_EQ(ExifOrientation(JpegWith(Tiff(true, 0x0111, 6))), 1);
  EXPECT_EQ(ExifOrientation(JpegWith(Tiff(true, 0x0112, 9))), 1);
}

TEST(ExifOrientation, SurvivesEveryCut) {
  for (const std::string& whole :
       {JpegWith(Tiff(true, 0x0112, 6)), PngWith(Tiff(false, 0x0112, 6))}) {
    for (size_t size = 0; size < 120; ++size) {
      const int orientation = ExifOrientation(whole.substr(0, size));
      EXPECT_TRUE(orientation == 1 || orientation == 6) << size;
    }
  }
}

}  // namespace
}  // namespace bild
