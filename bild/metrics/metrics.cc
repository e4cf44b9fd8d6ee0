#include "bild/metrics/metrics.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "bild/base/status.h"
#include "bild/metrics/ciede2000.h"
#include "bild/metrics/compared_values.h"
#include "bild/metrics/picture_view.h"
#include "bild/metrics/psnr.h"
#include "bild/metrics/ssim.h"

namespace bild {
namespace {

// SSIM as `profile` has it, of the values that it takes PSNR of.
double SsimOf(const PictureView& restored, const PictureView& clear,
              const MetricProfile& profile) {
  const SsimForm form = {profile.window, profile.uses_sample_covariance,
                         PeakOf(profile.values)};
  if (profile.shrinks_for_ssim) {
    const int64_t ratio = ShrinkRatio(clear.height_px, clear.width_px);
    return Ssim(Shrunk(restored, ratio).View(), Shrunk(clear, ratio).View(),
                form);
  }
  if (profile.border == SsimBorder::kValid) return Ssim(restored, clear, form);
  const auto half_window_px =
      static_cast<int64_t>(WindowTaps(profile.window).size() / 2);
  return Ssim(WithBorder(restored, half_window_px, profile.border).View(),
              WithBorder(clear, half_window_px, profile.border).View(), form);
}

absl::Status CheckWindowFits(const RgbValues& picture,
                             const MetricProfile& profile,
                             const std::string& image_name) {
  const auto side_px = static_cast<int64_t>(WindowTaps(profile.window).size());
  if (std::min(picture.width_px, picture.height_px) >= side_px) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "image '", image_name, "': ", picture.width_px, "x", picture.height_px,
      " px (width x height) is smaller than the window of metric profile '",
      profile.name, "', ", side_px, "x", side_px,
      " px. Leave the image out of the list, or choose a profile with a "
      "smaller window."));
}

}  // namespace

std::string FlagsText(const ImageScore& score) {
  if (score.is_identical && score.is_capped) return "identical;capped";
  if (score.is_identical) return "identical";
  return score.is_capped ? "capped" : "";
}

absl::StatusOr<ImageScore> Score(const RgbValues& restored,
                                 const RgbValues& clear,
                                 const MetricProfile& profile,
                                 const std::string& image_name) {
  BILD_RETURN_IF_ERROR(CheckScorable(restored, clear, image_name));
  BILD_RETURN_IF_ERROR(CheckWindowFits(clear, profile, image_name));

  ComparedValues restored_values, clear_values;
  const PictureView a = ComparedView(restored, profile, &restored_values);
  const PictureView b = ComparedView(clear, profile, &clear_values);

  ImageScore score;
  const double mean_squared_error = MeanSquaredError(a, b);
  score.psnr_db = PsnrDb(mean_squared_error, profile);
  score.ssim = SsimOf(a, b, profile);
  if (!std::isfinite(mean_squared_error) || !std::isfinite(score.ssim)) {
    return absl::OutOfRangeError(absl::StrCat(
        "image '", image_name, "': values too large for metric profile '",
        profile.name,
        "': expected about 0 to 1. The restored picture has "
        "left the range that float64 can square; look at the network."));
  }
  score.is_identical = mean_squared_error == 0.0;
  score.is_capped = std::isfinite(profile.psnr_db_cap) &&
                    score.psnr_db >= profile.psnr_db_cap;
  if (profile.reports_ciede2000) {
    score.ciede2000 = MeanCiede2000(restored, clear);
  }
  return score;
}

absl::StatusOr<MeanScore> MeanOfScores(const std::vector<ImageScore>& scores) {
  if (scores.empty()) {
    return absl::FailedPreconditionError(
        "no image was scored: a mean needs at least one. Check the list of "
        "images and --data_root.");
  }
  MeanScore mean;
  double ciede2000_total = 0.0;
  for (const ImageScore& score : scores) {
    if (score.ciede2000.has_value() != scores.front().ciede2000.has_value()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "some of ", scores.size(),
          " scores have a CIEDE2000 and some have none: average the scores of "
          "one metric profile at a time."));
    }
    mean.psnr_db += score.psnr_db;
    mean.ssim += score.ssim;
    ciede2000_total += score.ciede2000.value_or(0.0);
    mean.identical_count += score.is_identical ? 1 : 0;
    mean.capped_count += score.is_capped ? 1 : 0;
  }
  mean.image_count = static_cast<int64_t>(scores.size());
  const auto count = static_cast<double>(mean.image_count);
  mean.psnr_db /= count;
  mean.ssim /= count;
  if (scores.front().ciede2000.has_value()) {
    mean.ciede2000 = ciede2000_total / count;
  }
  return mean;
}

}  // namespace bild
