// Interleaved values of a picture, seen and not owned: what PSNR and SSIM work
// on, whether three channels or one.

#ifndef BILD_METRICS_PICTURE_VIEW_H_
#define BILD_METRICS_PICTURE_VIEW_H_

#include <cstdint>

#include "bild/metrics/rgb_values.h"

namespace bild {

struct PictureView {
  int64_t width_px = 0;
  int64_t height_px = 0;
  int64_t channels = 0;            // 1 or 3.
  const double* values = nullptr;  // [height, width, channels].

  PictureView(int64_t width, int64_t height, int64_t channel_count,
              const double* data)
      : width_px(width),
        height_px(height),
        channels(channel_count),
        values(data) {}
  // Implicit: an RGB picture may be compared as it is.
  PictureView(const RgbValues& picture)  // NOLINT(runtime/explicit)
      : PictureView(picture.width_px, picture.height_px, RgbValues::kChannels,
                    picture.values.data()) {}

  // Values in one row.
  int64_t RowSize() const { return width_px * channels; }
  const double* Row(int64_t y) const { return values + y * RowSize(); }
};

}  // namespace bild

#endif  // BILD_METRICS_PICTURE_VIEW_H_
