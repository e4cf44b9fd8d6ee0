#include "bild/metrics/psnr.h"

#include <algorithm>
#include <cmath>

namespace bild {

double MeanSquaredError(const RgbValues& restored, const RgbValues& clear) {
  const int64_t row_size = clear.RowSize();
  double total = 0.0;
  for (int64_t y = 0; y < clear.height_px; ++y) {
    const double* a = restored.Row(y);
    const double* b = clear.Row(y);
    double row_total = 0.0;
    for (int64_t i = 0; i < row_size; ++i) {
      const double difference = a[i] - b[i];
      row_total += difference * difference;
    }
    total += row_total;
  }
  return total / static_cast<double>(clear.height_px * row_size);
}

double PsnrDb(double mean_squared_error, const MetricProfile& profile) {
  if (mean_squared_error == 0.0) return profile.psnr_db_of_identical;
  return std::min(-10.0 * std::log10(mean_squared_error), profile.psnr_db_cap);
}

}  // namespace bild
