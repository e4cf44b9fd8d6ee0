// Metric profiles: the named conventions without which a PSNR is no number.

#ifndef BILD_METRICS_PROFILE_H_
#define BILD_METRICS_PROFILE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace bild {

// The window of SSIM, square and separable.
enum class SsimWindow {
  kGaussian11,  // 11 taps of exp(-i^2 / (2 * 1.5^2)), divided by their sum.
  kUniform7,    // 7 taps of 1/7.
};

// What lies around the pictures while the window of SSIM slides over them.
enum class SsimBorder {
  kValid,      // Nothing: only positions whose whole window lies inside.
  kZero,       // Zeros, half a window wide: as many positions as pixels.
  kReplicate,  // The same with the edge pixels repeated.
};

// The values that are compared.
enum class ComparedIn {
  kReal,   // RGB as it is; peak value 1.
  kBytes,  // RGB rounded to 8 bits, 0..255.
  kLuma,  // Of the bytes: Y of BT.601 in its studio range 16..235, not rounded.
  kGrey,  // Of the bytes: MATLAB's rgb2gray, rounded to 8 bits again.
};

// The peak value (L in the formulas): 1 or 255.
double PeakOf(ComparedIn values);

// One row of the table of profiles. A value belongs to exactly one profile,
// and rows of different profiles never share a table.
struct MetricProfile {
  std::string name;
  std::string use;  // What it is for, in a few words.
  // Both pictures are clamped to [0, 1] before PSNR and SSIM.
  bool clamps_to_unit = true;
  ComparedIn values = ComparedIn::kReal;
  // SSIM alone sees the pictures shrunk to about 256 px (compared_values.h).
  bool shrinks_for_ssim = false;
  SsimWindow window = SsimWindow::kGaussian11;
  SsimBorder border = SsimBorder::kValid;
  // Variances and covariance of SSIM: the sample ones, n / (n - 1) times the
  // population's, n the number of taps of the square window.
  bool uses_sample_covariance = false;
  // PSNR in dB where the mean squared error is 0; may be infinite.
  double psnr_db_of_identical = 0.0;
  // No PSNR is above this, so that it stays finite; infinity: no cap.
  double psnr_db_cap = 0.0;
  // CIEDE2000 does not depend on the profile; it is reported in one of them.
  bool reports_ciede2000 = false;
};

// All profiles, in the order in which they are documented and listed.
const std::vector<MetricProfile>& KnownProfiles();

// InvalidArgument, listing the known names, for any other name.
absl::StatusOr<MetricProfile> FindProfile(const std::string& name);

// "default,grid-bild": names between commas, at least one, none twice, kept in
// the order given; "all" alone stands for every profile. InvalidArgument
// otherwise; all unknown names are in it.
absl::StatusOr<std::vector<MetricProfile>> ParseProfiles(
    const std::string& names);

}  // namespace bild

#endif  // BILD_METRICS_PROFILE_H_
