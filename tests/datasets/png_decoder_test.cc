#include "datasets/png_decoder.h"

#include <libdeflate.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "bild/base/seed.h"
#include "datasets/image_structure.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "opencv2/core.hpp"
#include "opencv2/imgcodecs.hpp"
#include "tests/datasets/pictures.h"

namespace bild {
namespace {

std::string BigEndian(uint32_t value) {
  std::string bytes;
  for (const int shift : {24, 16, 8, 0}) {
    bytes += static_cast<char>(value >> shift & 0xFF);
  }
  return bytes;
}

std::string Deflated(const std::string& bytes) {
  libdeflate_compressor* const compressor = libdeflate_alloc_compressor(6);
  std::string packed(bytes.size() + 1000, '\0');
  packed.resize(libdeflate_zlib_compress(compressor, bytes.data(), bytes.size(),
                                         packed.data(), packed.size()));
  libdeflate_free_compressor(compressor);
  return packed;
}

// What the PNG specification predicts byte i of a row by, from the row itself
// and the one above (null for the first).
int Prediction(int filter, const uint8_t* row, const uint8_t* above, int i) {
  const int left = i < 3 ? 0 : row[i - 3];
  const int up = above == nullptr ? 0 : above[i];
  const int corner = i < 3 || above == nullptr ? 0 : above[i - 3];
  const int sum = left + up - corner;
  const int far_left = std::abs(sum - left);
  const int far_up = std::abs(sum - up);
  const int far_corner = std::abs(sum - corner);
  switch (filter) {
    case 1:
      return left;
    case 2:
      return up;
    case 3:
      return (left + up) / 2;
    case 4:
      if (far_left <= far_up && far_left <= far_corner) return left;
      return far_up <= far_corner ? up : corner;
    default:
      return 0;
  }
}

// The rows of `image`, filtered: row y by filters[y % n].
std::string FilteredRows(const Image& image, const std::vector<int>& filters) {
  const auto width = static_cast<int>(image.width_px * 3);
  std::string rows;
  for (int64_t y = 0; y < image.height_px; ++y) {
    const int filter = filters[static_cast<size_t>(y) % filters.size()];
    const uint8_t* const row = image.rgb.data() + y * width;
    const uint8_t* const above = y == 0 ? nullptr : row - width;
    rows += static_cast<char>(filter);
    for (int i = 0; i < width; ++i) {
      rows += static_cast<char>(row[i] - Prediction(filter, row, above, i));
    }
  }
  return rows;
}

std::string Header(int64_t width_px, int64_t height_px,
                   const std::string& kind = std::string("\10\2\0\0\0", 5)) {
  return PngChunk("IHDR", BigEndian(static_cast<uint32_t>(width_px)) +
                              BigEndian(static_cast<uint32_t>(height_px)) +
                              kind);
}

std::string Png(const std::string& header, const std::string& packed) {
  // In two parts, as writers do.
  const size_t half = packed.size() / 2;
  return "\x89PNG\r\n\x1a\n" + header +
         PngChunk("IDAT", packed.substr(0, half)) +
         PngChunk("IDAT", packed.substr(half)) + PngChunk("IEND", "");
}

Image Noise(int64_t width_px, int64_t height_px, uint64_t seed) {
  SeedEngine engine(seed, SeedStream::kOrder, 0, 0);
  Image image;
  image.width_px = width_px;
  image.height_px = height_px;
  for (int64_t i = 0; i < width_px * height_px * 3; ++i) {
    image.rgb.push_back(static_cast<uint8_t>(engine.UniformInt(256)));
  }
  return image;
}

// By every filter and all of them mixed, in odd sizes: the pixels, and what
// libpng makes of the file.
TEST(DecodePlainPng, UndoesEveryFilter) {
  for (const auto& [width_px, height_px] : std::vector<std::pair<int, int>>{
           {1, 1}, {1, 9}, {2, 3}, {7, 5}, {64, 33}}) {
    for (const bool is_noise : {true, false}) {
      const Image image = is_noise ? Noise(width_px, height_px, 3)
                                   : PatternImage(width_px, height_px, 5);
      for (const std::vector<int>& filters : std::vector<std::vector<int>>{
               {0}, {1}, {2}, {3}, {4}, {4, 3, 2, 1, 0, 4, 1, 3, 0, 2}}) {
        const std::string file = Png(Header(width_px, height_px),
                                     Deflated(FilteredRows(image, filters)));
        const auto decoded = DecodePlainPng(file);
        ASSERT_TRUE(decoded.has_value());
        EXPECT_EQ(decoded->width_px, width_px);
        EXPECT_EQ(decoded->height_px, height_px);
        EXPECT_EQ(decoded->rgb, image.rgb);
        const cv::Mat encoded(1, static_cast<int>(file.size()), CV_8UC1,
                              const_cast<char*>(file.data()));
        const cv::Mat bgr = cv::imdecode(encoded, cv::IMREAD_UNCHANGED);
        ASSERT_EQ(bgr.total() * 3, image.rgb.size());
        for (size_t i = 0; i < bgr.total(); ++i) {
          for (size_t channel = 0; channel < 3; ++channel) {
            ASSERT_EQ(bgr.data[i * 3 + 2 - channel],
                      image.rgb[i * 3 + channel]);
          }
        }
      }
    }
  }
}

TEST(DecodePlainPng, LeavesOtherKindsToTheGeneralDecoder) {
  const std::string packed = Deflated(FilteredRows(Noise(4, 3, 1), {4}));
  EXPECT_TRUE(DecodePlainPng(Png(Header(4, 3), packed)).has_value());
  for (const std::string& kind :
       {std::string("\20\2\0\0\0", 5), std::string("\10\6\0\0\0", 5),
        std::string("\10\3\0\0\0", 5), std::string("\10\0\0\0\0", 5),
        std::string("\10\2\0\0\1", 5)}) {
    EXPECT_FALSE(DecodePlainPng(Png(Header(4, 3, kind), packed)).has_value());
  }
  const std::string transparent = PngChunk("tRNS", std::string(6, '\0'));
  EXPECT_FALSE(
      DecodePlainPng(Png(Header(4, 3) + transparent, packed)).has_value());
  EXPECT_FALSE(DecodePlainPng(GreyPng(4, 3, 7)).has_value());
}

TEST(DecodePlainPng, GivesNothingForADamagedPicture) {
  const Image image = Noise(9, 8, 2);
  const std::string rows = FilteredRows(image, {4, 1});
  const std::string packed = Deflated(rows);
  // Too few rows, too many, a filter that does not exist, a size that lies.
  EXPECT_FALSE(DecodePlainPng(Png(Header(9, 9), packed)).has_value());
  EXPECT_FALSE(DecodePlainPng(Png(Header(9, 7), packed)).has_value());
  EXPECT_FALSE(DecodePlainPng(Png(Header(0, 8), packed)).has_value());
  EXPECT_FALSE(DecodePlainPng(Png(Header(16384, 16384), packed)).has_value());
  EXPECT_FALSE(
      DecodePlainPng(Png(Header(0xFFFFFFFF, 0xFFFFFFFF), packed)).has_value());
  std::string wrong = rows;
  wrong[28] = 5;  // The second row's filter, after 1 + 27 bytes.
  EXPECT_FALSE(DecodePlainPng(Png(Header(9, 8), Deflated(wrong))).has_value());
  EXPECT_FALSE(DecodePlainPng("").has_value());
  const std::string file = Png(Header(9, 8), packed);
  SeedEngine engine(5, SeedStream::kOrder, 0, 0);
  for (int round = 0; round < 5000; ++round) {
    std::string mutated = file;
    for (uint64_t i = 0; i <= engine.UniformInt(3); ++i) {
      const size_t at = 8 + engine.UniformInt(mutated.size() - 8);
      if (engine.UniformInt(4) == 0) {
        mutated.erase(at, 1 + engine.UniformInt(9));
      } else {
        mutated[at] = static_cast<char>(engine.UniformInt(256));
      }
      if (mutated.size() < 60) mutated = file;
    }
    const auto decoded = DecodePlainPng(mutated);
    if (!decoded.has_value()) continue;
    // Chunk names and checksums are the caller's affair, pixels are ours.
    ASSERT_EQ(static_cast<int64_t>(decoded->rgb.size()),
              decoded->width_px * decoded->height_px * 3);
  }
}

}  // namespace
}  // namespace bild
