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

// One row of the table of profiles. A value belongs to exactly one profile,
// and rows of different profiles never share a table.
struct MetricProfile {
  std::string name;
  std::string use;  // What it is for, in a few words.
  // Both pictures are clamped to [0, 1] before PSNR and SSIM.
  bool clamps_to_unit = true;
  SsimWindow window = SsimWindow::kGaussian11;
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
// the order given. InvalidArgument otherwise; all unknown names are in it.
absl::StatusOr<std::vector<MetricProfile>> ParseProfiles(
    const std::string& names);

}  // namespace bild

#endif  // BILD_METRICS_PROFILE_H_
