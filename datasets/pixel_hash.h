// What makes two pictures the same whatever their files.

#ifndef DATASETS_PIXEL_HASH_H_
#define DATASETS_PIXEL_HASH_H_

#include <string>

#include "bild/base/sha256.h"
#include "datasets/image.h"

namespace bild {

// SHA-256 of "<width>x<height>\n" and the RGB bytes, in hexadecimal.
inline std::string PixelHash(const Image& image) {
  std::string bytes = std::to_string(image.width_px) + "x" +
                      std::to_string(image.height_px) + "\n";
  bytes.append(reinterpret_cast<const char*>(image.rgb.data()),
               image.rgb.size());
  return Sha256Hex(bytes);
}

}  // namespace bild

#endif  // DATASETS_PIXEL_HASH_H_
