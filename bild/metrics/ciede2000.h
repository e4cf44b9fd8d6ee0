// Colour difference CIEDE2000 of one picture.

#ifndef BILD_METRICS_CIEDE2000_H_
#define BILD_METRICS_CIEDE2000_H_

#include "bild/metrics/rgb_values.h"

namespace bild {

// A colour in CIE L*a*b*, white D65, observer 2 degrees. L* in 0..100.
struct Lab {
  double l, a, b;
};

// The colour of sRGB values, which are clamped to [0, 1] first. The constants
// are those of scikit-image's rgb2lab, so that anybody can check.
Lab LabOfSrgb(double red, double green, double blue);

// The difference of two colours, kL = kC = kH = 1 (Sharma, Wu, Dalal 2005: "The
// CIEDE2000 color-difference formula", equations 2 to 22). At least 0; exactly
// 0 for equal colours.
//
// Whether two hues lie more than 180 degrees apart is decided with 1e-9 degrees
// of slack: two of the published test pairs are opposite hues to the last
// digit, where the rounding of atan2 would choose.
double Ciede2000(const Lab& first, const Lab& second);

// Mean of the difference over all pixels; lower is better. Equal sizes, at
// least one pixel and finite values are the caller's duty (CheckScorable).
double MeanCiede2000(const RgbValues& restored, const RgbValues& clear);

}  // namespace bild

#endif  // BILD_METRICS_CIEDE2000_H_
