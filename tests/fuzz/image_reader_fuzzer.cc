// Whole pictures, from the file to the pixels. OpenCV and the libraries below
// it are not instrumented.

#include <cstddef>
#include <cstdint>
#include <string>

#include "datasets/image_header.h"
#include "datasets/image_reader.h"
#include "tests/fuzz/input_file.h"
#include "tests/fuzz/png_checksums.h"
#include "tests/fuzz/require.h"

namespace bild {
namespace {

// Larger pictures are granted their memory and cost time, which is no error.
constexpr int64_t kMostDecodedPixels = 1 << 16;

void CheckPicture(const std::string& bytes) {
  const InputFile file(bytes);
  const auto size = ReadImageSize(file.path());
  if (size.ok() && size->first * size->second > kMostDecodedPixels) return;
  const absl::StatusOr<Image> image = ReadImage(file.path());
  if (!image.ok()) {
    FUZZ_REQUIRE(image.status().code() == absl::StatusCode::kInvalidArgument ||
                 image.status().code() == absl::StatusCode::kDataLoss);
    FUZZ_REQUIRE(
        std::string(image.status().message()).find("'" + file.path() + "' ") ==
        0);
    return;
  }
  FUZZ_REQUIRE(size.ok());
  FUZZ_REQUIRE(image->width_px == size->first);
  FUZZ_REQUIRE(image->height_px == size->second);
  FUZZ_REQUIRE(image->rgb.size() ==
               static_cast<size_t>(image->width_px * image->height_px * 3));
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
