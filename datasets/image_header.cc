#include "datasets/image_header.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <vector>

#include "bild/base/status.h"
#include "fmt/format.h"

namespace bild {
namespace {

absl::Status MoreBytesWanted() {
  return absl::OutOfRangeError("ends inside its header");
}

uint32_t Byte(const std::string& bytes, size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

uint32_t BigEndian16(const std::string& bytes, size_t at) {
  return Byte(bytes, at) << 8 | Byte(bytes, at + 1);
}

uint32_t LittleEndian32(const std::string& bytes, size_t at) {
  return Byte(bytes, at) | Byte(bytes, at + 1) << 8 |
         Byte(bytes, at + 2) << 16 | Byte(bytes, at + 3) << 24;
}

bool StartsWith(const std::string& bytes, const std::string& prefix) {
  return bytes.compare(0, prefix.size(), prefix) == 0;
}

absl::Status CheckSize(int64_t width_px, int64_t height_px) {
  if (width_px <= 0 || height_px <= 0) {
    return absl::DataLossError(fmt::format(
        "has a damaged header: its size is {}x{}", width_px, height_px));
  }
  if (height_px > kMostPixels / width_px) {
    return absl::InvalidArgumentError(
        fmt::format("is {}x{}, more than the {} pixels that are read", width_px,
                    height_px, kMostPixels));
  }
  if (width_px > kMostSidePx || height_px > kMostSidePx) {
    return absl::InvalidArgumentError(
        fmt::format("is {}x{}, a side longer than the {} pixels that are read",
                    width_px, height_px, kMostSidePx));
  }
  return absl::OkStatus();
}

// What --expand_grey would have made of it.
constexpr char kGreyAdvice[] =
    " (--expand_grey makes three channels of it, on purpose)";

absl::StatusOr<ImageHeader> ParsePng(const std::string& bytes,
                                     const ImageRules& rules) {
  // Signature, then IHDR: length, type, width, height, depth, colour type.
  constexpr size_t kIhdrEnd = 8 + 8 + 13 + 4;
  if (bytes.size() < kIhdrEnd) return MoreBytesWanted();
  if (bytes.compare(8, 8, std::string("\0\0\0\x0dIHDR", 8)) != 0 ||
      BigEndian32(bytes, 29) != PngCrc(bytes.data() + 12, 17)) {
    return absl::DataLossError("has a damaged PNG header");
  }
  ImageHeader header;
  header.format = ImageFormat::kPng;
  header.width_px = BigEndian32(bytes, 16);
  header.height_px = BigEndian32(bytes, 20);
  BILD_RETURN_IF_ERROR(CheckSize(header.width_px, header.height_px));
  const uint32_t depth = Byte(bytes, 24);
  const uint32_t colour = Byte(bytes, 25);
  if (colour != 0 && colour != 2 && colour != 3 && colour != 4 && colour != 6) {
    return absl::DataLossError(fmt::format(
        "has a damaged PNG header: there is no colour type {}", colour));
  }
  header.is_palette = colour == 3;
  header.is_grey = colour == 0 || colour == 4;
  if (header.is_palette && !rules.expand_grey) {
    return absl::InvalidArgumentError(
        fmt::format("is a palette picture, expected three channels of 8 bits{}",
                    kGreyAdvice));
  }
  if (header.is_grey && (!rules.expand_grey || depth > 8)) {
    return absl::InvalidArgumentError(
        fmt::format("is a grey picture of {} bits, expected three channels of "
                    "8 bits{}",
                    depth, depth > 8 ? "" : kGreyAdvice));
  }
  header.is_16_bit = depth == 16;
  const bool is_depth_taken =
      depth == 8 || (header.is_16_bit && rules.depth16) ||
      (header.is_palette && depth <= 8) || (colour == 0 && depth <= 8);
  if (!is_depth_taken) {
    return absl::InvalidArgumentError(
        fmt::format("has {} bits a channel, expected 8 bits", depth));
  }
  // Three channels, and an alpha that only decoding can tell to be opaque.
  const int64_t decoded_bytes =
      header.width_px * header.height_px * 4 * (header.is_16_bit ? 2 : 1);
  if (decoded_bytes > kMostBytes) {
    return absl::InvalidArgumentError(fmt::format(
        "is {}x{} with 16 bits a channel, {} bytes where {} are "
        "read",
        header.width_px, header.height_px, decoded_bytes, kMostBytes));
  }
  header.has_alpha = colour == 6 || colour == 4;
  // A transparent colour is declared between the header and the pixels.
  for (size_t at = kIhdrEnd; at + 8 <= bytes.size();) {
    const std::string type = bytes.substr(at + 4, 4);
    if (type == "IDAT" || type == "IEND") break;
    if (type == "tRNS") header.has_alpha = true;
    at += 12 + static_cast<size_t>(BigEndian32(bytes, at));
  }
  return header;
}

absl::StatusOr<ImageHeader> ParseJpeg(const std::string& bytes,
                                      const ImageRules& rules) {
  size_t at = 2;
  while (true) {
    if (at + 2 > bytes.size()) return MoreBytesWanted();
    if (Byte(bytes, at) != 0xFF) {
      return absl::DataLossError(
          fmt::format("has a damaged JPEG header: no marker at byte {}", at));
    }
    const uint32_t marker = Byte(bytes, at + 1);
    if (marker == 0xFF) {  // Fill bytes before a marker.
      ++at;
      continue;
    }
    at += 2;
    const bool is_alone = marker == 0x01 || (marker >= 0xD0 && marker <= 0xD7);
    if (is_alone) continue;
    if (marker == 0xD9 || marker == 0xDA || marker == 0x00) {
      return absl::DataLossError(
          "has a damaged JPEG header: no frame before the pixels");
    }
    if (at + 2 > bytes.size()) return MoreBytesWanted();
    const uint32_t length = BigEndian16(bytes, at);
    if (length < 2) {
      return absl::DataLossError(fmt::format(
          "has a damaged JPEG header: a segment of {} bytes", length));
    }
    const bool is_frame = marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 &&
                          marker != 0xC8 && marker != 0xCC;
    if (!is_frame) {
      at += length;
      continue;
    }
    if (at + 8 > bytes.size()) return MoreBytesWanted();
    if (length < 8) {
      return absl::DataLossError("has a damaged JPEG header: a short frame");
    }
    const uint32_t depth = Byte(bytes, at + 2);
    const uint32_t channels = Byte(bytes, at + 7);
    ImageHeader header;
    header.format = ImageFormat::kJpeg;
    header.height_px = BigEndian16(bytes, at + 3);
    header.width_px = BigEndian16(bytes, at + 5);
    BILD_RETURN_IF_ERROR(CheckSize(header.width_px, header.height_px));
    if (depth != 8) {
      return absl::InvalidArgumentError(
          fmt::format("has {} bits a channel, expected 8 bits", depth));
    }
    header.is_grey = channels == 1;
    if (header.is_grey && rules.expand_grey) return header;
    if (header.is_grey) {
      return absl::InvalidArgumentError(fmt::format(
          "is a grey picture of 8 bits, expected three channels of 8 bits{}",
          kGreyAdvice));
    }
    if (channels == 4) {
      return absl::InvalidArgumentError(
          "is a CMYK or YCCK JPEG, expected three channels of 8 bits");
    }
    if (channels != 3) {
      return absl::InvalidArgumentError(fmt::format(
          "has {} channels, expected three channels of 8 bits", channels));
    }
    return header;
  }
}

absl::StatusOr<ImageHeader> ParseBmp(const std::string& bytes,
                                     const ImageRules& rules) {
  // File header of 14 bytes, then BITMAPINFOHEADER or a longer one.
  if (bytes.size() < 34) return MoreBytesWanted();
  if (LittleEndian32(bytes, 14) < 40) {
    return absl::InvalidArgumentError(
        "is a BMP of an old kind, expected a header of 40 bytes or more");
  }
  ImageHeader header;
  header.format = ImageFormat::kBmp;
  header.width_px = static_cast<int32_t>(LittleEndian32(bytes, 18));
  // A negative height says that the rows run from top to bottom.
  header.height_px =
      std::abs(int64_t{static_cast<int32_t>(LittleEndian32(bytes, 22))});
  BILD_RETURN_IF_ERROR(CheckSize(header.width_px, header.height_px));
  const uint32_t depth = Byte(bytes, 28) | Byte(bytes, 29) << 8;
  header.is_palette = depth <= 8;
  if (header.is_palette && rules.expand_grey && depth == 8 &&
      LittleEndian32(bytes, 30) == 0) {
    return header;
  }
  if (header.is_palette) {
    return absl::InvalidArgumentError(fmt::format(
        "is a palette picture ({}-bit BMP), expected three channels of 8 bits",
        depth));
  }
  if (depth != 24 || LittleEndian32(bytes, 30) != 0) {
    return absl::InvalidArgumentError(fmt::format(
        "is a {}-bit or packed BMP, expected an uncompressed 24-bit one",
        depth));
  }
  return header;
}

std::string WhatItLooksLike(const std::string& bytes) {
  if (StartsWith(bytes, "GIF8")) return "a GIF";
  if (StartsWith(bytes, "RIFF") && bytes.size() >= 12 &&
      bytes.compare(8, 4, "WEBP") == 0) {
    return "a WebP";
  }
  if (StartsWith(bytes, std::string("II*\0", 4)) ||
      StartsWith(bytes, std::string("MM\0*", 4))) {
    return "a TIFF";
  }
  std::string shown;
  for (size_t i = 0; i < std::min<size_t>(8, bytes.size()); ++i) {
    shown += fmt::format("{}{:02x}", i == 0 ? "" : " ", Byte(bytes, i));
  }
  return fmt::format("a file of another kind, starting with bytes {}", shown);
}

}  // namespace

const char* ImageFormatName(ImageFormat format) {
  switch (format) {
    case ImageFormat::kPng:
      return "PNG";
    case ImageFormat::kJpeg:
      return "JPEG";
    case ImageFormat::kBmp:
      return "BMP";
  }
  return "?";
}

bool ExtensionFits(const std::string& path, ImageFormat format) {
  const size_t dot = path.find_last_of("./");
  if (dot == std::string::npos || path[dot] != '.') return false;
  std::string extension = path.substr(dot + 1);
  for (char& c : extension) {
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  switch (format) {
    case ImageFormat::kPng:
      return extension == "png";
    case ImageFormat::kJpeg:
      return extension == "jpg" || extension == "jpeg";
    case ImageFormat::kBmp:
      return extension == "bmp";
  }
  return false;
}

absl::StatusOr<ImageHeader> ParseImageHeader(const std::string& bytes,
                                             const ImageRules& rules) {
  if (bytes.empty()) {
    return absl::DataLossError("is empty (0 bytes), expected a picture");
  }
  if (StartsWith(bytes, "\x89PNG\r\n\x1a\n")) return ParsePng(bytes, rules);
  if (StartsWith(bytes, "\xff\xd8\xff")) return ParseJpeg(bytes, rules);
  if (StartsWith(bytes, "BM")) return ParseBmp(bytes, rules);
  return absl::InvalidArgumentError(fmt::format(
      "is not a PNG, JPEG or BMP picture but {}", WhatItLooksLike(bytes)));
}

absl::Status CheckBmpReachesItsEnd(const ImageHeader& header,
                                   const std::string& start, int64_t bytes) {
  const int64_t row_bytes =
      (header.width_px * (header.is_palette ? 1 : 3) + 3) / 4 * 4;
  if (bytes >=
      int64_t{LittleEndian32(start, 10)} + row_bytes * header.height_px) {
    return absl::OkStatus();
  }
  return absl::DataLossError("is cut off: it ends before its last row");
}

}  // namespace bild
