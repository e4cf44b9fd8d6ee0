// Peak signal-to-noise ratio of one picture.

#ifndef BILD_METRICS_PSNR_H_
#define BILD_METRICS_PSNR_H_

#include "bild/metrics/profile.h"
#include "bild/metrics/rgb_values.h"

namespace bild {

// Mean of (restored - clear)^2 over all pixels and channels, nothing clamped.
// Equal sizes and at least one pixel are the caller's duty (CheckScorable).
double MeanSquaredError(const RgbValues& restored, const RgbValues& clear);

// 10 log10(1 / MSE) in dB for a peak value of 1; an MSE of 0 and the cap are
// the profile's matter.
double PsnrDb(double mean_squared_error, const MetricProfile& profile);

}  // namespace bild

#endif  // BILD_METRICS_PSNR_H_
