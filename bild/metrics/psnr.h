// Peak signal-to-noise ratio of one picture.

#ifndef BILD_METRICS_PSNR_H_
#define BILD_METRICS_PSNR_H_

#include "bild/metrics/picture_view.h"
#include "bild/metrics/profile.h"

namespace bild {

// Mean of (restored - clear)^2 over all pixels and channels, nothing clamped.
// Equal sizes and at least one pixel are the caller's duty (CheckScorable).
double MeanSquaredError(const PictureView& restored, const PictureView& clear);

// 10 log10(L^2 / MSE) in dB, L the profile's peak value; an MSE of 0 and the
// cap are the profile's matter, too.
double PsnrDb(double mean_squared_error, const MetricProfile& profile);

}  // namespace bild

#endif  // BILD_METRICS_PSNR_H_
