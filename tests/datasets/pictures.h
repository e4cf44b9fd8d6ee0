// Small pictures and files of them, made by the test that needs them.

#ifndef TESTS_DATASETS_PICTURES_H_
#define TESTS_DATASETS_PICTURES_H_

#include <array>
#include <cstdint>
#include <string>

#include "datasets/image.h"

namespace bild {

// Smooth colours with some texture; another `salt` is another picture.
Image PatternImage(int64_t width_px, int64_t height_px, int64_t salt);

// Writes `bytes` to `path`, making its folders. No fsync: tests write hundreds.
void WriteBytes(const std::string& path, const std::string& bytes);

// Writes `image` as a PNG, or as a JPEG where the path says .jpg.
void WritePicture(const std::string& path, const Image& image);

// A PNG chunk with its length and checksum.
std::string PngChunk(const std::string& type, const std::string& data);

// A PNG file that ends after its header: enough to be refused by it.
std::string PngHeaderOnly(uint32_t width_px, uint32_t height_px, int depth,
                          int colour_type);

// Whole PNG files of one value: grey, a palette of one colour, 16 bits.
std::string GreyPng(int width_px, int height_px, uint8_t value);
std::string PalettePng(int width_px, int height_px,
                       const std::array<uint8_t, 3>& rgb);
std::string DeepPng(int width_px, int height_px,
                    const std::array<uint16_t, 3>& rgb);

// A JPEG file that ends after its frame header.
std::string JpegHeaderOnly(int width_px, int height_px, int depth,
                           int channels);

}  // namespace bild

#endif  // TESTS_DATASETS_PICTURES_H_
