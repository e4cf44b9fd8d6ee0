#include "backbones/restore/picture_metadata.h"

#include <cstddef>
#include <cstdint>
#include <functional>

#include "absl/status/status.h"
#include "bild/base/status.h"

namespace bild {
namespace {

constexpr char kPngSignature[] = "\x89PNG\r\n\x1a\n";
constexpr size_t kPngSignatureBytes = 8;
constexpr char kExif[] = "Exif\0";  // And the literal's own zero: 6 bytes.
constexpr char kIccProfile[] = "ICC_PROFILE";

bool StartsWith(const std::string& bytes, size_t at, const char* text,
                size_t size) {
  return at <= bytes.size() && size <= bytes.size() - at &&
         bytes.compare(at, size, text, size) == 0;
}

// Reads numbers of a TIFF block in its byte order; 0 beyond its end.
class TiffBlock {
 public:
  explicit TiffBlock(const std::string& bytes) : bytes_(bytes) {}

  bool SetByteOrder() {
    if (StartsWith(bytes_, 0, "II*\0", 4)) {
      is_little_endian_ = true;
      return true;
    }
    return StartsWith(bytes_, 0, "MM\0*", 4);
  }
  uint32_t Number(size_t at, size_t size) const {
    if (at > bytes_.size() || size > bytes_.size() - at) return 0;
    uint32_t value = 0;
    for (size_t i = 0; i < size; ++i) {
      const size_t place = is_little_endian_ ? at + size - 1 - i : at + i;
      value = (value << 8) | static_cast<uint8_t>(bytes_[place]);
    }
    return value;
  }

 private:
  const std::string& bytes_;
  bool is_little_endian_ = false;
};

// Tag 274 of the first directory of an EXIF block; 1 where there is none.
int Orientation(const std::string& tiff) {
  constexpr uint32_t kOrientationTag = 274;
  constexpr uint32_t kShort = 3;
  constexpr size_t kEntryBytes = 12;
  TiffBlock block(tiff);
  if (!block.SetByteOrder()) return 1;
  const size_t directory = block.Number(4, 4);
  const uint32_t entries = block.Number(directory, 2);
  for (uint32_t i = 0; i < entries; ++i) {
    const size_t entry = directory + 2 + i * kEntryBytes;
    if (entry + kEntryBytes > tiff.size()) return 1;
    if (block.Number(entry, 2) != kOrientationTag) continue;
    const uint32_t value = block.Number(entry + 8, 2);
    const bool is_valid = block.Number(entry + 2, 2) == kShort &&
                          block.Number(entry + 4, 4) == 1 && value >= 1 &&
                          value <= 8;
    return is_valid ? static_cast<int>(value) : 1;
  }
  return 1;
}

// A segment or chunk: where it starts, how long it is with everything around
// it, and its content.
struct Part {
  size_t start, size;
  size_t content, content_size;
  std::string type;  // PNG: "iCCP"; JPEG: one byte, the marker.
};
using OnPart = std::function<void(const Part&)>;

// Every chunk before the pixels.
absl::Status WalkPng(const std::string& bytes, const OnPart& on_part) {
  size_t at = kPngSignatureBytes;
  while (true) {
    if (bytes.size() < at + 12) {
      return absl::DataLossError("is cut off before its pixels");
    }
    const size_t content_size = BigEndian32(bytes, at);
    const std::string type = bytes.substr(at + 4, 4);
    if (type == "IDAT") return absl::OkStatus();
    if (content_size > bytes.size() - at - 12) {
      return absl::DataLossError("is cut off in its '" + type + "' chunk");
    }
    on_part({at, content_size + 12, at + 8, content_size, type});
    at += content_size + 12;
  }
}

// Every segment before the first scan.
absl::Status WalkJpeg(const std::string& bytes, const OnPart& on_part) {
  constexpr uint8_t kStartOfScan = 0xDA;
  size_t at = 2;
  while (true) {
    while (at + 1 < bytes.size() && static_cast<uint8_t>(bytes[at]) == 0xFF &&
           static_cast<uint8_t>(bytes[at + 1]) == 0xFF) {
      ++at;  // Fill bytes.
    }
    if (bytes.size() < at + 4 || static_cast<uint8_t>(bytes[at]) != 0xFF) {
      return absl::DataLossError("is cut off or damaged before its pixels");
    }
    const auto marker = static_cast<uint8_t>(bytes[at + 1]);
    if (marker == kStartOfScan) return absl::OkStatus();
    const size_t size =
        static_cast<size_t>(static_cast<uint8_t>(bytes[at + 2])) * 256 +
        static_cast<uint8_t>(bytes[at + 3]);
    if (size < 2 || size + 2 > bytes.size() - at) {
      return absl::DataLossError("is cut off or damaged before its pixels");
    }
    on_part({at, size + 2, at + 4, size - 2, std::string(1, bytes[at + 1])});
    at += size + 2;
  }
}

bool IsPng(const std::string& bytes) {
  return StartsWith(bytes, 0, kPngSignature, kPngSignatureBytes);
}
bool IsJpeg(const std::string& bytes) {
  return StartsWith(bytes, 0, "\xFF\xD8\xFF", 3);
}

bool IsPngColour(const std::string& type) {
  return type == "iCCP" || type == "sRGB" || type == "gAMA" || type == "cHRM";
}
bool IsJpegColour(const std::string& bytes, const Part& part) {
  return part.type == "\xE2" &&
         StartsWith(bytes, part.content, kIccProfile, sizeof kIccProfile);
}

}  // namespace

absl::StatusOr<PictureMetadata> ReadPictureMetadata(const std::string& bytes) {
  PictureMetadata metadata;
  if (IsPng(bytes)) {
    metadata.format = ImageFormat::kPng;
    BILD_RETURN_IF_ERROR(WalkPng(bytes, [&](const Part& part) {
      if (IsPngColour(part.type)) {
        metadata.colour += bytes.substr(part.start, part.size);
      } else if (part.type == "eXIf") {
        metadata.orientation =
            Orientation(bytes.substr(part.content, part.content_size));
      }
    }));
    return metadata;
  }
  if (!IsJpeg(bytes)) {
    return absl::InvalidArgumentError("is neither a PNG nor a JPEG file");
  }
  metadata.format = ImageFormat::kJpeg;
  BILD_RETURN_IF_ERROR(WalkJpeg(bytes, [&](const Part& part) {
    if (IsJpegColour(bytes, part)) {
      metadata.colour += bytes.substr(part.start, part.size);
    } else if (part.type == "\xE1" &&
               StartsWith(bytes, part.content, kExif, sizeof kExif)) {
      metadata.orientation = Orientation(bytes.substr(
          part.content + sizeof kExif, part.content_size - sizeof kExif));
    }
  }));
  return metadata;
}

absl::StatusOr<std::string> WithColour(const std::string& encoded,
                                       const PictureMetadata& metadata) {
  std::string result;
  size_t copied = 0;
  const auto leave_out = [&](const Part& part) {
    result += encoded.substr(copied, part.start - copied);
    copied = part.start + part.size;
  };
  const auto insert_after = [&](const Part& part) {
    result += encoded.substr(copied, part.start + part.size - copied);
    result += metadata.colour;
    copied = part.start + part.size;
  };
  if (metadata.format == ImageFormat::kPng) {
    BILD_RETURN_IF_ERROR(WalkPng(encoded, [&](const Part& part) {
      if (part.type == "IHDR") insert_after(part);
      if (IsPngColour(part.type)) leave_out(part);
    }));
  } else {
    bool is_inserted = false;
    BILD_RETURN_IF_ERROR(WalkJpeg(encoded, [&](const Part& part) {
      if (IsJpegColour(encoded, part)) leave_out(part);
      // After the JFIF segment, which must be the first.
      if (!is_inserted && part.type == "\xE0") {
        insert_after(part);
        is_inserted = true;
      }
    }));
    if (!is_inserted) {
      return absl::InternalError("the JPEG encoder wrote no JFIF segment");
    }
  }
  return result + encoded.substr(copied);
}

}  // namespace bild
