#include "bild/metrics/psnr.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace bild {

double MeanSquaredError(const PictureView& restored, const PictureView& clear) {
  // Sums that do not wait for each other, so that a row runs at full speed.
  constexpr int kSums = 8;
  const int64_t row_size = clear.RowSize();
  double total = 0.0;
  for (int64_t y = 0; y < clear.height_px; ++y) {
    const double* a = restored.Row(y);
    const double* b = clear.Row(y);
    std::array<double, kSums> sums{};
    int64_t i = 0;
    for (; i + kSums <= row_size; i += kSums) {
      for (int k = 0; k < kSums; ++k) {
        const double difference = a[i + k] - b[i + k];
        sums[k] += difference * difference;
      }
    }
    for (int k = 0; i < row_size; ++i, ++k) {
      const double difference = a[i] - b[i];
      sums[k] += difference * difference;
    }
    double row_total = 0.0;
    for (const double sum : sums) row_total += sum;
    total += row_total;
  }
  return total / static_cast<double>(clear.height_px * row_size);
}

double PsnrDb(double mean_squared_error, const MetricProfile& profile) {
  if (mean_squared_error == 0.0) return profile.psnr_db_of_identical;
  const double peak = PeakOf(profile.values);
  const double psnr_db =
      10.0 * std::log10(peak * peak) - 10.0 * std::log10(mean_squared_error);
  return std::min(psnr_db, profile.psnr_db_cap);
}

}  // namespace bild
