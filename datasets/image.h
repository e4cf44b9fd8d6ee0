// 8-bit RGB pictures in memory: what readers give and everything else takes.

#ifndef DATASETS_IMAGE_H_
#define DATASETS_IMAGE_H_

#include <cstdint>
#include <memory>
#include <vector>

namespace bild {

struct ImageSize {
  int64_t width_px = 0;
  int64_t height_px = 0;
  friend bool operator==(const ImageSize& a, const ImageSize& b) {
    return a.width_px == b.width_px && a.height_px == b.height_px;
  }
};

// A decoded picture, sRGB, rows tight, no padding. `rgb` holds it, or `rgb16`
// where 16 bits a channel were asked for (--depth16); never both.
struct Image {
  int64_t width_px = 0;
  int64_t height_px = 0;
  std::vector<uint8_t> rgb = {};     // [height, width, 3], 0..255.
  std::vector<uint16_t> rgb16 = {};  // The same, 0..65535.
};

// A hazy picture and its ground truth, equal in size (the border rule has been
// applied). Shared, because a cache may hold them too.
struct ImagePair {
  std::shared_ptr<const Image> hazy;
  std::shared_ptr<const Image> clear;
};

}  // namespace bild

#endif  // DATASETS_IMAGE_H_
