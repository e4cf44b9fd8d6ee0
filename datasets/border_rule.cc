#include "datasets/border_rule.h"

#include <algorithm>
#include <cstdint>

namespace bild {

BorderFit CompareSizes(const ImageSize& hazy, const ImageSize& clear) {
  if (hazy == clear) return BorderFit::kEqual;
  return clear.width_px == hazy.width_px + 2 * kBorderPx &&
                 clear.height_px == hazy.height_px + 2 * kBorderPx
             ? BorderFit::kBorder
             : BorderFit::kMismatch;
}

Image WithoutBorder(const Image& image) {
  Image inner;
  inner.width_px = image.width_px - 2 * kBorderPx;
  inner.height_px = image.height_px - 2 * kBorderPx;
  const auto cut = [&](const auto& from, auto* to) {
    const int64_t row_values = inner.width_px * 3;
    to->resize(static_cast<size_t>(row_values * inner.height_px));
    for (int64_t y = 0; y < inner.height_px; ++y) {
      std::copy_n(
          from.begin() + ((y + kBorderPx) * image.width_px + kBorderPx) * 3,
          row_values, to->begin() + y * row_values);
    }
  };
  if (image.rgb16.empty()) {
    cut(image.rgb, &inner.rgb);
  } else {
    cut(image.rgb16, &inner.rgb16);
  }
  return inner;
}

}  // namespace bild
