// What a restored picture scores under a metric profile, and the mean over a
// list of pictures.
//
// Everything is float64, works on one thread and keeps nothing, so a result
// depends on the two pictures alone. A 4000x3000 px picture is exact to 1e-9.

#ifndef BILD_METRICS_METRICS_H_
#define BILD_METRICS_METRICS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bild/metrics/profile.h"
#include "bild/metrics/rgb_values.h"

namespace bild {

struct ImageScore {
  double psnr_db = 0.0;  // +inf where the profile says so.
  double ssim = 0.0;     // At most 1.
  // Mean difference, at least 0; only where the profile reports it.
  std::optional<double> ciede2000;
  // The mean squared error is 0, after what the profile does to the pictures.
  bool is_identical = false;
  // The profile's cap on PSNR holds; so it does for identical pictures.
  bool is_capped = false;
};

// The column `flags` of per_image.csv: "identical", "capped", both with a
// semicolon between, or nothing.
std::string FlagsText(const ImageScore& score);

// Scores one picture against its clear one. `image_name` is for the messages.
//
//   InvalidArgument     sizes differ, or not three channels
//   kNonFinitePixel     NaN or infinity in one of them (rgb_values.h): a caller
//                       with several pictures goes on, to list all of them
//   FailedPrecondition  a side is shorter than the profile's window: there is
//                       no SSIM, and PSNR is not reported alone
//   OutOfRange          values so large (about 1e75) that float64 overflows
absl::StatusOr<ImageScore> Score(const RgbValues& restored,
                                 const RgbValues& clear,
                                 const MetricProfile& profile,
                                 const std::string& image_name);

struct MeanScore {
  int64_t image_count = 0;
  double psnr_db = 0.0;  // Mean of the PSNRs, not PSNR of the mean error.
  double ssim = 0.0;
  std::optional<double> ciede2000;
  int64_t identical_count = 0;
  int64_t capped_count = 0;
};

// The arithmetic mean over images, summed in the order of the list; one
// infinite PSNR makes the mean infinite. FailedPrecondition for no image: a
// mean over nothing is not 0. All scores come from one profile; InvalidArgument
// where only some of them have a CIEDE2000.
absl::StatusOr<MeanScore> MeanOfScores(const std::vector<ImageScore>& scores);

}  // namespace bild

#endif  // BILD_METRICS_METRICS_H_
