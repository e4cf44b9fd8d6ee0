// The JPEG decoder on damaged files. libjpeg itself is not instrumented.

#include <cstddef>
#include <cstdint>
#include <string>

#include "datasets/image_header.h"
#include "datasets/jpeg_decoder.h"
#include "tests/fuzz/require.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // Larger pictures are granted their memory and cost time, which is no error.
  constexpr int64_t kMostDecodedPixels = 1 << 16;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const auto header = bild::ParseImageHeader(bytes);
  if (header.ok() &&
      header->width_px * header->height_px > kMostDecodedPixels) {
    return 0;
  }
  const auto image = bild::DecodeJpeg(bytes);
  if (!image.ok()) {
    FUZZ_REQUIRE(!image.status().message().empty());
    return 0;
  }
  FUZZ_REQUIRE(header.ok());
  FUZZ_REQUIRE(header->format == bild::ImageFormat::kJpeg);
  FUZZ_REQUIRE(image->width_px == header->width_px);
  FUZZ_REQUIRE(image->height_px == header->height_px);
  FUZZ_REQUIRE(image->rgb.size() ==
               static_cast<size_t>(image->width_px * image->height_px * 3));
  // Nothing of an earlier picture is left in the decoder.
  const auto again = bild::DecodeJpeg(bytes);
  FUZZ_REQUIRE(again.ok() && again->rgb == image->rgb);
  return 0;
}
