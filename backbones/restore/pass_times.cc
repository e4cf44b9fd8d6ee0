#include "backbones/restore/pass_times.h"

#include <cmath>
#include <iterator>

#include "c10/util/Exception.h"

namespace bild {

void PassTimes::Add(double pixels, double seconds) {
  TORCH_CHECK(pixels > 0, "a window of ", pixels, " px was timed");
  seconds_per_pixel_[pixels] = seconds / pixels;
}

double PassTimes::Seconds(double pixels) const {
  TORCH_CHECK(!seconds_per_pixel_.empty(), "no window was timed");
  const auto above = seconds_per_pixel_.lower_bound(pixels);
  if (above == seconds_per_pixel_.begin()) return above->second * pixels;
  const auto below = std::prev(above);
  if (above == seconds_per_pixel_.end()) return below->second * pixels;
  const double share =
      std::log(pixels / below->first) / std::log(above->first / below->first);
  return (below->second + share * (above->second - below->second)) * pixels;
}

double PassTimes::LargestPixels() const {
  return seconds_per_pixel_.empty() ? 0.0 : seconds_per_pixel_.rbegin()->first;
}

}  // namespace bild
