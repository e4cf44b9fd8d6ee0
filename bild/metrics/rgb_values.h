// Pictures as the metrics see them: float64 RGB, at full size.

#ifndef BILD_METRICS_RGB_VALUES_H_
#define BILD_METRICS_RGB_VALUES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "datasets/image.h"

namespace bild {

// A picture in float64, sRGB, rows tight. A restored one is what the network
// returned, widened exactly from its precision and not clamped: it may leave
// [0, 1]. Peak value (L in the formulas) 1.
struct RgbValues {
  static constexpr int64_t kChannels = 3;

  int64_t width_px = 0;
  int64_t height_px = 0;
  std::vector<double> values;  // [height, width, 3].

  // Values in one row.
  int64_t RowSize() const { return width_px * kChannels; }
  const double* Row(int64_t y) const { return values.data() + y * RowSize(); }
};

// k/255, divided in float64; k/65535 for a picture of 16 bits a channel.
RgbValues FromBytes(const Image& image);

// What of a pair can be scored at all; `image_name` is for the message.
//
//   InvalidArgument  sizes differ (both are named), or `values` does not hold
//                    height * width * 3 numbers
//   kNonFinitePixel  a NaN or an infinity: the first bad pixel, in reading
//                    order, and its channel are named. Of the two pictures
//                    `restored` is looked at first. The text is one short
//                    line without a full stop, for a list of all such images
inline constexpr absl::StatusCode kNonFinitePixel = absl::StatusCode::kDataLoss;
absl::Status CheckScorable(const RgbValues& restored, const RgbValues& clear,
                           const std::string& image_name);

}  // namespace bild

#endif  // BILD_METRICS_RGB_VALUES_H_
