#include "datasets/exif_orientation.h"

#include <cstddef>
#include <cstdint>

#include "datasets/image_structure.h"

namespace bild {
namespace {

uint32_t Byte(const std::string& bytes, size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

// The tag in a TIFF structure (TIFF 6.0, section 2).
int OrientationInTiff(const std::string& tiff) {
  constexpr size_t kHeaderBytes = 8;
  constexpr size_t kEntryBytes = 12;
  constexpr uint32_t kOrientationTag = 0x0112;
  if (tiff.size() < kHeaderBytes) return 1;
  const bool is_big_endian = tiff[0] == 'M';
  const auto two = [&](size_t at) {
    return is_big_endian ? Byte(tiff, at) << 8 | Byte(tiff, at + 1)
                         : Byte(tiff, at + 1) << 8 | Byte(tiff, at);
  };
  const auto four = [&](size_t at) {
    return is_big_endian ? two(at) << 16 | two(at + 2)
                         : two(at + 2) << 16 | two(at);
  };
  const size_t directory = four(4);
  if (directory > tiff.size() || tiff.size() - directory < 2) return 1;
  const size_t entries = two(directory);
  for (size_t i = 0; i < entries; ++i) {
    const size_t at = directory + 2 + i * kEntryBytes;
    if (at + kEntryBytes > tiff.size()) return 1;
    if (two(at) != kOrientationTag) continue;
    const uint32_t value = two(at + 8);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

// The eXIf chunk stands anywhere before IEND.
int OrientationInPng(const std::string& bytes) {
  for (size_t at = 8; at + 12 <= bytes.size();) {
    const size_t length = BigEndian32(bytes, at);
    if (length > bytes.size() - at - 12) return 1;
    if (bytes.compare(at + 4, 4, "eXIf") == 0) {
      return OrientationInTiff(bytes.substr(at + 8, length));
    }
    at += length + 12;
  }
  return 1;
}

// APP1 segments stand before the pixels.
int OrientationInJpeg(const std::string& bytes) {
  const std::string sign("Exif\0\0", 6);
  for (size_t at = 2; at + 4 <= bytes.size() && Byte(bytes, at) == 0xFF;) {
    const uint32_t marker = Byte(bytes, at + 1);
    const size_t length = Byte(bytes, at + 2) << 8 | Byte(bytes, at + 3);
    if (marker == 0xDA || length < 2) return 1;
    if (marker == 0xE1 && length >= 2 + sign.size() &&
        bytes.compare(at + 4, sign.size(), sign) == 0) {
      return OrientationInTiff(
          bytes.substr(at + 4 + sign.size(), length - 2 - sign.size()));
    }
    at += 2 + length;
  }
  return 1;
}

}  // namespace

int ExifOrientation(const std::string& bytes) {
  if (bytes.compare(0, 4, "\x89PNG") == 0) return OrientationInPng(bytes);
  if (bytes.compare(0, 2, "\xff\xd8") == 0) return OrientationInJpeg(bytes);
  return 1;
}

}  // namespace bild
