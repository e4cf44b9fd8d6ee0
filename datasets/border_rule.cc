#include "datasets/border_rule.h"

#include <algorithm>
#include <cstdint>

namespace bild {
namespace {

constexpr int64_t kBorderPx = 10;

}  // namespace

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
  const int64_t row_bytes = inner.width_px * 3;
  inner.rgb.resize(static_cast<size_t>(row_bytes * inner.height_px));
  for (int64_t y = 0; y < inner.height_px; ++y) {
    std::copy_n(
        image.rgb.begin() + ((y + kBorderPx) * image.width_px + kBorderPx) * 3,
        row_bytes, inner.rgb.begin() + y * row_bytes);
  }
  return inner;
}

}  // namespace bild
