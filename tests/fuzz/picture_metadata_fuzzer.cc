// What restoring reads of a photograph beside its pixels, and puts into the
// result: EXIF orientation and colour profile.

#include <cstddef>
#include <cstdint>
#include <string>

#include "backbones/restore/picture_metadata.h"
#include "tests/fuzz/require.h"

namespace bild {
namespace {

// What an encoder writes, as far as the walk over its parts goes.
std::string EncodedPicture(ImageFormat format) {
  if (format == ImageFormat::kJpeg) {
    return std::string("\xFF\xD8\xFF\xE0\0\x04JF\xFF\xDA\0\x02\xFF\xD9", 14);
  }
  return std::string("\x89PNG\r\n\x1a\n\0\0\0\1IHDR.crc!", 21) +
         std::string("\0\0\0\2gAMA..crc!\0\0\0\0IDATcrc!", 26);
}

void CheckMetadata(const std::string& bytes) {
  const absl::StatusOr<PictureMetadata> metadata = ReadPictureMetadata(bytes);
  if (!metadata.ok()) {
    FUZZ_REQUIRE(metadata.status().code() == absl::StatusCode::kDataLoss ||
                 metadata.status().code() ==
                     absl::StatusCode::kInvalidArgument);
    FUZZ_REQUIRE(!metadata.status().message().empty());
    return;
  }
  FUZZ_REQUIRE(metadata->orientation >= 1 && metadata->orientation <= 8);
  FUZZ_REQUIRE(metadata->colour.size() <= bytes.size());

  // The colours arrive in a new picture, in place of the encoder's own.
  const absl::StatusOr<std::string> coloured =
      WithColour(EncodedPicture(metadata->format), *metadata);
  FUZZ_REQUIRE(coloured.ok());
  const absl::StatusOr<PictureMetadata> again = ReadPictureMetadata(*coloured);
  FUZZ_REQUIRE(again.ok());
  FUZZ_REQUIRE(again->format == metadata->format);
  FUZZ_REQUIRE(again->orientation == 1);
  FUZZ_REQUIRE(again->colour == metadata->colour);

  // Any picture may be the one that takes them.
  const absl::StatusOr<std::string> own = WithColour(bytes, *metadata);
  if (own.ok()) FUZZ_REQUIRE(ReadPictureMetadata(*own).ok());
}

}  // namespace
}  // namespace bild

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  bild::CheckMetadata(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
