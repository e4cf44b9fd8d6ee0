#include "tests/datasets/pictures.h"

#include <filesystem>
#include <fstream>
#include <vector>

#include "datasets/image_structure.h"
#include "datasets/image_writer.h"
#include "opencv2/core.hpp"
#include "opencv2/imgcodecs.hpp"

namespace bild {
namespace {

std::string BigEndian(uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
          static_cast<char>(value >> 8), static_cast<char>(value)};
}

std::string EncodeByOpenCv(const cv::Mat& pixels) {
  std::vector<uint8_t> encoded;
  cv::imencode(".png", pixels, encoded);
  return {encoded.begin(), encoded.end()};
}

}  // namespace

Image PatternImage(int64_t width_px, int64_t height_px, int64_t salt) {
  Image image;
  image.width_px = width_px;
  image.height_px = height_px;
  for (int64_t y = 0; y < height_px; ++y) {
    for (int64_t x = 0; x < width_px; ++x) {
      image.rgb.push_back(static_cast<uint8_t>(3 * x + y + 17 * salt));
      image.rgb.push_back(static_cast<uint8_t>(x + 5 * y + 31 * salt));
      image.rgb.push_back(static_cast<uint8_t>((x * y) % 251 + salt));
    }
  }
  return image;
}

void WriteBytes(const std::string& path, const std::string& bytes) {
  std::filesystem::create_directories(
      std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

void WritePicture(const std::string& path, const Image& image) {
  const bool is_jpeg = path.substr(path.rfind('.')) == ".jpg";
  WriteBytes(path,
             is_jpeg ? EncodeJpeg(image).value() : EncodePng(image).value());
}

std::string PngChunk(const std::string& type, const std::string& data) {
  const std::string body = type + data;
  return BigEndian(static_cast<uint32_t>(data.size())) + body +
         BigEndian(PngCrc(body.data(), body.size()));
}

std::string PngHeaderOnly(uint32_t width_px, uint32_t height_px, int depth,
                          int colour_type) {
  const std::string fields = {static_cast<char>(depth),
                              static_cast<char>(colour_type), 0, 0, 0};
  return "\x89PNG\r\n\x1a\n" +
         PngChunk("IHDR", BigEndian(width_px) + BigEndian(height_px) + fields);
}

std::string GreyPng(int width_px, int height_px, uint8_t value) {
  return EncodeByOpenCv(
      cv::Mat(height_px, width_px, CV_8UC1, cv::Scalar(value)));
}

// OpenCV writes no palettes: a grey picture of zeros is one of index 0 under
// another header.
std::string PalettePng(int width_px, int height_px,
                       const std::array<uint8_t, 3>& rgb) {
  const std::string grey = GreyPng(width_px, height_px, 0);
  const size_t header_end = 8 + 25;
  std::string table(rgb.begin(), rgb.end());
  std::string header = PngHeaderOnly(static_cast<uint32_t>(width_px),
                                     static_cast<uint32_t>(height_px), 8, 3);
  return header + PngChunk("PLTE", table) + grey.substr(header_end);
}

std::string DeepPng(int width_px, int height_px,
                    const std::array<uint16_t, 3>& rgb) {
  return EncodeByOpenCv(cv::Mat(height_px, width_px, CV_16UC3,
                                cv::Scalar(rgb[2], rgb[1], rgb[0])));
}

std::string JpegHeaderOnly(int width_px, int height_px, int depth,
                           int channels) {
  std::string bytes = "\xff\xd8\xff\xc0";
  bytes += '\0';
  bytes += static_cast<char>(8 + 3 * channels);
  for (const int field : {depth, height_px >> 8, height_px & 255, width_px >> 8,
                          width_px & 255, channels}) {
    bytes += static_cast<char>(field);
  }
  for (int i = 0; i < channels; ++i) {
    bytes += static_cast<char>(i + 1);
    bytes += '\x11';
    bytes += '\0';
  }
  return bytes;
}

}  // namespace bild
