// Whole pictures, from the file to the pixels. OpenCV and the libraries below
// it are not instrumented.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "datasets/image_header.h"
#include "datasets/image_reader.h"
#include "tests/fuzz/input_file.h"
#include "tests/fuzz/png_checksums.h"
#include "tests/fuzz/require.h"

namespace bild {
namespace {

// Larger pictures are granted their memory and cost time, which is no error.
constexpr int64_t kMostDecodedPixels = 1 << 16;

// Gives the picture, if it is one by these rules.
std::optional<Image> CheckByRules(const InputFile& file,
                                  const ImageRules& rules) {
  const absl::StatusOr<ImageHeader> header = InspectImage(file.path(), rules);
  if (header.ok() &&
      header->width_px * header->height_px > kMostDecodedPixels) {
    return std::nullopt;
  }
  absl::StatusOr<Image> image = ReadImage(file.path(), rules);
  if (!image.ok()) {
    FUZZ_REQUIRE(image.status().code() == absl::StatusCode::kInvalidArgument ||
                 image.status().code() == absl::StatusCode::kDataLoss);
    FUZZ_REQUIRE(
        std::string(image.status().message()).find("'" + file.path() + "' ") ==
        0);
    return std::nullopt;
  }
  FUZZ_REQUIRE(header.ok());
  FUZZ_REQUIRE(image->width_px == header->width_px);
  FUZZ_REQUIRE(image->height_px == header->height_px);
  FUZZ_REQUIRE(!header->is_16_bit || rules.depth16);
  FUZZ_REQUIRE(!(header->is_grey || header->is_palette) || rules.expand_grey);
  const auto values =
      static_cast<size_t>(image->width_px * image->height_px * 3);
  FUZZ_REQUIRE(image->rgb.size() == (header->is_16_bit ? 0 : values));
  FUZZ_REQUIRE(image->rgb16.size() == (header->is_16_bit ? values : 0));
  return *std::move(image);
}

void CheckPicture(const std::string& bytes) {
  const InputFile file(bytes);
  const std::optional<Image> plain = CheckByRules(file, {});
  for (const bool expand_grey : {false, true}) {
    for (const bool depth16 : {false, true}) {
      const std::optional<Image> image =
          CheckByRules(file, {expand_grey, depth16});
      // Taking more kinds changes nothing of the others.
      FUZZ_REQUIRE(!plain.has_value() ||
                   (image.has_value() && image->rgb == plain->rgb));
    }
  }
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
