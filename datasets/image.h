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

// A part of a picture: its top-left corner and size.
struct ImageWindow {
  int64_t x_px = 0;
  int64_t y_px = 0;
  int64_t width_px = 0;
  int64_t height_px = 0;
};

// A decoded picture, sRGB, rows tight, no padding. `rgb` holds it, or `rgb16`
// where 16 bits a channel were asked for (--depth16); never both.
struct Image {
  int64_t width_px = 0;
  int64_t height_px = 0;
  std::vector<uint8_t> rgb = {};     // [height, width, 3], 0..255.
  std::vector<uint16_t> rgb16 = {};  // The same, 0..65535.
};

// The pixels of a picture that somebody else holds, in the same arrangement.
// One of the pointers is null.
struct ImageView {
  int64_t width_px = 0;
  int64_t height_px = 0;
  const uint8_t* rgb = nullptr;
  const uint16_t* rgb16 = nullptr;

  int64_t values() const { return width_px * height_px * 3; }
};

inline ImageView ViewOf(const Image& image) {
  ImageView view{image.width_px, image.height_px};
  if (image.rgb16.empty()) {
    view.rgb = image.rgb.data();
  } else {
    view.rgb16 = image.rgb16.data();
  }
  return view;
}

// A hazy picture and its ground truth, equal in size (the border rule has been
// applied). Shared, because a cache may hold them too.
struct ImagePair {
  std::shared_ptr<const Image> hazy;
  std::shared_ptr<const Image> clear;
};

// The same where they lie: valid as long as somebody holds `owner`.
struct PairView {
  ImageView hazy;
  ImageView clear;
  // Where in the whole pictures both begin.
  int64_t x_px = 0;
  int64_t y_px = 0;
  std::shared_ptr<const void> owner;
};

}  // namespace bild

#endif  // DATASETS_IMAGE_H_
