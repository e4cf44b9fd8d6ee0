// What makes two pictures the same whatever their files.

#ifndef DATASETS_PIXEL_HASH_H_
#define DATASETS_PIXEL_HASH_H_

#include <cstdint>
#include <string>

#include "bild/base/sha256.h"
#include "datasets/image.h"

namespace bild {

// SHA-256 of "<width>x<height>\n" and the RGB bytes, in hexadecimal. A picture
// of 16 bits a channel goes in as its values, high byte first.
inline std::string PixelHash(const ImageView& image) {
  std::string bytes = std::to_string(image.width_px) + "x" +
                      std::to_string(image.height_px) + "\n";
  const auto count = static_cast<size_t>(image.values());
  if (image.rgb16 == nullptr) {
    bytes.append(reinterpret_cast<const char*>(image.rgb), count);
  } else {
    bytes.reserve(bytes.size() + 2 * count);
    for (size_t i = 0; i < count; ++i) {
      bytes += static_cast<char>(image.rgb16[i] >> 8);
      bytes += static_cast<char>(image.rgb16[i] & 255);
    }
  }
  return Sha256Hex(bytes);
}
inline std::string PixelHash(const Image& image) {
  return PixelHash(ViewOf(image));
}

}  // namespace bild

#endif  // DATASETS_PIXEL_HASH_H_
