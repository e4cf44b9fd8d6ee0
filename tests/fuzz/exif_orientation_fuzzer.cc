// The orientation tag of picture files.

#include <cstddef>
#include <cstdint>
#include <string>

#include "datasets/exif_orientation.h"
#include "tests/fuzz/require.h"

namespace bild {
namespace {

int Orientation(const std::string& bytes) {
  const int orientation = ExifOrientation(bytes);
  FUZZ_REQUIRE(orientation >= 1 && orientation <= 8);
  return orientation;
}

// A TIFF structure says the same in either kind of file.
void CheckTiff(const std::string& tiff) {
  constexpr size_t kMostBytes = 0xffff - 8;
  if (tiff.size() > kMostBytes) return;
  const auto big_endian = [](size_t number, int bytes) {
    std::string text;
    for (int i = bytes - 1; i >= 0; --i) {
      text += static_cast<char>(number >> (8 * i) & 0xff);
    }
    return text;
  };
  const std::string jpeg = "\xff\xd8\xff\xe1" + big_endian(tiff.size() + 8, 2) +
                           std::string("Exif\0\0", 6) + tiff + "\xff\xd9";
  const std::string png = "\x89PNG\r\n\x1a\n" + big_endian(tiff.size(), 4) +
                          "eXIf" + tiff + std::string(4, '\0');
  FUZZ_REQUIRE(Orientation(jpeg) == Orientation(png));
}

}  // namespace
}  // namespace bild

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  bild::Orientation(bytes);
  bild::CheckTiff(bytes);
  return 0;
}
