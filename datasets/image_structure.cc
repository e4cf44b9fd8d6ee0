#include "datasets/image_structure.h"

#include <libdeflate.h>

#include "fmt/format.h"

namespace bild {
namespace {

unsigned char At(const std::string& bytes, size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

absl::Status CutOff(const std::string& missing) {
  return absl::DataLossError("is cut off: it ends before " + missing);
}

}  // namespace

uint32_t PngCrc(const char* data, size_t size) {
  return libdeflate_crc32(0, data, size);
}

uint32_t BigEndian32(const std::string& bytes, size_t at) {
  return uint32_t{At(bytes, at)} << 24 | uint32_t{At(bytes, at + 1)} << 16 |
         uint32_t{At(bytes, at + 2)} << 8 | uint32_t{At(bytes, at + 3)};
}

absl::StatusOr<std::string> PngOfPixelsOnly(const std::string& bytes) {
  constexpr size_t kSignatureBytes = 8;
  std::string kept = bytes.substr(0, kSignatureBytes);
  bool has_pixels = false;
  for (size_t at = kSignatureBytes;;) {
    if (bytes.size() < at + 12) return CutOff("its IEND chunk");
    const size_t length = BigEndian32(bytes, at);
    const std::string type = bytes.substr(at + 4, 4);
    for (const char c : type) {
      const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      if (!is_letter) {
        return absl::DataLossError(
            fmt::format("is damaged: no PNG chunk at byte {}", at));
      }
    }
    if (length > bytes.size() - at - 12) {
      return CutOff(fmt::format("the end of chunk {} at byte {}", type, at));
    }
    if (PngCrc(bytes.data() + at + 4, length + 4) !=
        BigEndian32(bytes, at + 8 + length)) {
      return absl::DataLossError(fmt::format(
          "is damaged: chunk {} at byte {} fails its checksum", type, at));
    }
    const bool is_needed = type == "IHDR" || type == "PLTE" || type == "IDAT" ||
                           type == "tRNS" || type == "IEND";
    const bool is_critical = type[0] >= 'A' && type[0] <= 'Z';
    if (is_critical && !is_needed) {
      return absl::DataLossError(fmt::format(
          "is no standard PNG: unknown critical chunk {} at byte {}", type,
          at));
    }
    if (is_needed) kept.append(bytes, at, length + 12);
    if (type == "IDAT") has_pixels = true;
    if (type == "IEND") break;
    at += length + 12;
  }
  if (!has_pixels) {
    return absl::DataLossError("is damaged: a PNG without an IDAT chunk");
  }
  return kept;
}

absl::Status CheckPngHoldsItsPixels(const std::string& bytes) {
  const size_t width_px = BigEndian32(bytes, 16);
  const size_t height_px = BigEndian32(bytes, 20);
  const size_t depth = At(bytes, 24);
  const unsigned char colour = At(bytes, 25);
  const size_t channels = colour == 2   ? 3
                          : colour == 4 ? 2
                          : colour == 6 ? 4
                                        : 1;
  const size_t raw_bytes = width_px * height_px * channels * depth / 8;
  if (raw_bytes / kMostBytesOfADeflatedByte <= bytes.size()) {
    return absl::OkStatus();
  }
  return absl::DataLossError(
      fmt::format("is damaged: {} bytes cannot hold {}x{} pixels", bytes.size(),
                  width_px, height_px));
}

absl::Status CheckJpegReachesItsEnd(const std::string& bytes) {
  size_t at = 2;  // After the start-of-image marker.
  while (true) {
    // Between markers lie pixels (where FF is followed by 00 or is a restart)
    // or, after damage, anything; both are passed over.
    at = bytes.find('\xff', at);
    if (at == std::string::npos || at + 1 >= bytes.size()) {
      return CutOff("its end marker");
    }
    const unsigned char marker = At(bytes, at + 1);
    if (marker == 0xD9) return absl::OkStatus();
    if (marker == 0xFF) {
      ++at;
      continue;
    }
    at += 2;
    const bool is_alone =
        marker == 0x00 || marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8);
    if (is_alone) continue;
    if (at + 2 > bytes.size()) return CutOff("its end marker");
    at += static_cast<size_t>(At(bytes, at)) << 8 | At(bytes, at + 1);
  }
}

}  // namespace bild
