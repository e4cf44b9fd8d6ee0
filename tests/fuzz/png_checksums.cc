#include "tests/fuzz/png_checksums.h"

#include <cstddef>
#include <cstdint>

#include "datasets/image_structure.h"

namespace bild {

std::string WithPngChecksums(std::string bytes) {
  if (bytes.compare(0, 4, "\x89PNG") != 0) return bytes;
  size_t at = 8;
  while (at + 12 <= bytes.size()) {
    const size_t length = BigEndian32(bytes, at);
    if (length > bytes.size() - at - 12) break;
    const uint32_t crc = PngCrc(bytes.data() + at + 4, length + 4);
    for (size_t i = 0; i < 4; ++i) {
      bytes[at + 8 + length + i] = static_cast<char>(crc >> (24 - 8 * i));
    }
    at += length + 12;
  }
  return bytes;
}

}  // namespace bild
