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
inline std::string PixelHash(const Image& image) {
  std::string bytes = std::to_string(image.width_px) + "x" +
                      std::to_string(image.height_px) + "\n";
  bytes.append(reinterpret_cast<const char*>(image.rgb.data()),
               image.rgb.size());
  for (const uint16_t value : image.rgb16) {
    bytes += static_cast<char>(value >> 8);
    bytes += static_cast<char>(value & 255);
  }
  return Sha256Hex(bytes);
}

}  // namespace bild

#endif  // DATASETS_PIXEL_HASH_H_
