// How long a net takes for windows of any size, from those that were timed.

#ifndef BACKBONES_RESTORE_PASS_TIMES_H_
#define BACKBONES_RESTORE_PASS_TIMES_H_

#include <map>

namespace bild {

class PassTimes {
 public:
  // A window of `pixels` > 0 took `seconds`; takes the place of what was said
  // of that size before.
  void Add(double pixels, double seconds);

  // At least one window must have been timed. The seconds per pixel are
  // interpolated along the logarithm of the number of pixels, and beyond the
  // smallest and the largest timed window those of that window: small windows
  // wait for fixed costs, large ones for memory.
  double Seconds(double pixels) const;

  // Of the largest timed window; 0 without one.
  double LargestPixels() const;

 private:
  std::map<double, double> seconds_per_pixel_;  // By number of pixels.
};

}  // namespace bild

#endif  // BACKBONES_RESTORE_PASS_TIMES_H_
