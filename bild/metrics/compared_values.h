// A picture in the values that a metric profile compares: clamped, rounded to
// 8 bits, as one channel, shrunk, or with a border around it.

#ifndef BILD_METRICS_COMPARED_VALUES_H_
#define BILD_METRICS_COMPARED_VALUES_H_

#include <cstdint>
#include <vector>

#include "bild/metrics/picture_view.h"
#include "bild/metrics/profile.h"
#include "bild/metrics/rgb_values.h"

namespace bild {

struct ComparedValues {
  int64_t width_px = 0;
  int64_t height_px = 0;
  int64_t channels = 0;        // 1 or 3.
  std::vector<double> values;  // [height, width, channels].

  PictureView View() const {
    return {width_px, height_px, channels, values.data()};
  }
};

// 255 times the value clamped to [0, 1], rounded, halves to even: 0.1 gives 26
// and 0.3 gives 76.
double ByteOf(double value);

// What `profile` takes PSNR of. `storage` holds the values where they are not
// those of `picture` itself, as they are for a real-valued profile and a
// picture within [0, 1]. The view lives as long as both.
PictureView ComparedView(const RgbValues& picture, const MetricProfile& profile,
                         ComparedValues* storage);

// The divisor k of DehazeFormer's evaluation: the shorter side in units of 256
// px, rounded, halves to even (640 px give 2), and at least 1.
int64_t ShrinkRatio(int64_t height_px, int64_t width_px);

// The picture at floor(H / k) rows and floor(W / k) columns; row i is the mean
// of rows floor(i H / h) to ceil((i+1) H / h) - 1, columns alike (PyTorch's
// adaptive average pooling). Neighbours overlap where k does not divide a side.
ComparedValues Shrunk(const PictureView& picture, int64_t ratio);

// The picture with `border_px` more pixels on each side, zeros or its edge
// pixels again. `border` is not kValid.
ComparedValues WithBorder(const PictureView& picture, int64_t border_px,
                          SsimBorder border);

}  // namespace bild

#endif  // BILD_METRICS_COMPARED_VALUES_H_
