// What a picture file says about itself before it is decoded.

#include <cstddef>
#include <cstdint>
#include <string>

#include "datasets/image_header.h"
#include "datasets/image_structure.h"
#include "tests/fuzz/input_file.h"
#include "tests/fuzz/png_checksums.h"
#include "tests/fuzz/require.h"

namespace bild {
namespace {

void CheckRefusal(const absl::Status& status) {
  FUZZ_REQUIRE(status.code() == absl::StatusCode::kInvalidArgument ||
               status.code() == absl::StatusCode::kDataLoss);
  FUZZ_REQUIRE(!status.message().empty() && status.message().size() < 300);
  for (const char c : status.message()) {
    FUZZ_REQUIRE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  }
}

void CheckStructure(const std::string& bytes) {
  if (bytes.compare(0, 8, "\x89PNG\r\n\x1a\n") == 0) {
    const absl::StatusOr<std::string> kept = PngOfPixelsOnly(bytes);
    if (!kept.ok()) return CheckRefusal(kept.status());
    FUZZ_REQUIRE(kept->size() <= bytes.size());
    // Nothing is left to leave out.
    const absl::StatusOr<std::string> again = PngOfPixelsOnly(*kept);
    FUZZ_REQUIRE(again.ok() && *again == *kept);
    // Without its last chunk the file is cut off.
    FUZZ_REQUIRE(!PngOfPixelsOnly(kept->substr(0, kept->size() - 12)).ok());
  } else if (bytes.compare(0, 3, "\xff\xd8\xff") == 0) {
    const absl::Status end = CheckJpegReachesItsEnd(bytes);
    if (!end.ok()) return CheckRefusal(end);
    // Bytes behind a whole file change nothing.
    FUZZ_REQUIRE(CheckJpegReachesItsEnd(bytes + '\0').ok());
  }
}

void CheckPicture(const std::string& bytes) {
  const absl::StatusOr<ImageHeader> header = ParseImageHeader(bytes);
  const InputFile file(bytes);
  const absl::StatusOr<ImageHeader> inspected = InspectImage(file.path());
  if (!inspected.ok()) CheckRefusal(inspected.status());
  if (header.ok()) {
    FUZZ_REQUIRE(header->width_px > 0 && header->height_px > 0);
    FUZZ_REQUIRE(header->height_px <= kMostPixels / header->width_px);
  } else {
    FUZZ_REQUIRE(!inspected.ok());
    if (header.status().code() != absl::StatusCode::kOutOfRange) {
      CheckRefusal(header.status());
    }
  }
  if (inspected.ok()) {
    FUZZ_REQUIRE(inspected->format == header->format);
    FUZZ_REQUIRE(inspected->width_px == header->width_px);
    FUZZ_REQUIRE(inspected->height_px == header->height_px);
    FUZZ_REQUIRE(inspected->has_alpha == header->has_alpha);
  }
  // A prefix says the same, or that the header goes on, or (of a few bytes)
  // that it is no picture; never another size.
  const absl::StatusOr<ImageHeader> prefix =
      ParseImageHeader(bytes.substr(0, bytes.size() / 2));
  if (prefix.ok()) {
    FUZZ_REQUIRE(header.ok());
    FUZZ_REQUIRE(prefix->format == header->format);
    FUZZ_REQUIRE(prefix->width_px == header->width_px);
    FUZZ_REQUIRE(prefix->height_px == header->height_px);
  }
  CheckStructure(bytes);
}

}  // namespace
}  // namespace bild

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  bild::CheckPicture(bytes);
  const std::string repaired = bild::WithPngChecksums(bytes);
  if (repaired != bytes) bild::CheckPicture(repaired);
  return 0;
}
