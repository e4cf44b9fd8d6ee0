// Structural similarity of one picture.

#ifndef BILD_METRICS_SSIM_H_
#define BILD_METRICS_SSIM_H_

#include <vector>

#include "bild/metrics/picture_view.h"
#include "bild/metrics/profile.h"

namespace bild {

// The window's weights along one side, sum 1, symmetric; the window is their
// outer product with themselves.
std::vector<double> WindowTaps(SsimWindow window);

struct SsimForm {
  SsimWindow window = SsimWindow::kGaussian11;
  bool uses_sample_covariance = false;  // See MetricProfile.
  double peak = 1.0;                    // L in the formula.
};

// Mean structural similarity (Wang, Bovik, Sheikh, Simoncelli 2004) over all
// pixels whose whole window lies inside the picture, then over the channels:
//
//   s = (2 mu_a mu_b + C1)(2 sigma_ab + C2) /
//       ((mu_a^2 + mu_b^2 + C1)(sigma_aa + sigma_bb + C2))
//
// with the window's weighted means mu and (co)variances sigma, C1 = (0.01 L)^2,
// C2 = (0.03 L)^2. Nothing is clamped, neither the pictures nor sigma nor s.
// Equal pictures give exactly 1, exchanging the two gives the same bits, and so
// does every processor.
//
// Equal sizes and channels, no side shorter than the window, and finite values
// are the caller's duty (CheckScorable). Pixels beyond the border are the
// caller's matter, too (WithBorder).
double Ssim(const PictureView& restored, const PictureView& clear,
            const SsimForm& form);

}  // namespace bild

#endif  // BILD_METRICS_SSIM_H_
