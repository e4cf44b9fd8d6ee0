// Curves over training steps, pooled over the seeds of a method.

#ifndef REPORTS_SERIES_H_
#define REPORTS_SERIES_H_

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "reports/result_rows.h"

namespace bild {

// One step of a method's curve.
struct SeriesPoint {
  int64_t step = 0;
  int64_t seeds = 0;
  double mean = 0;
  double minimum = 0;
  double maximum = 0;
  // Of the mean, where the curve came with one; NaN otherwise.
  double standard_error = std::numeric_limits<double>::quiet_NaN();
};
struct Series {
  std::string method;
  std::vector<SeriesPoint> points;  // Ascending steps.
};

// The curve `name` of every method, in the methods' usual order. Only steps at
// which every seed of the method has a finite value count, so that a mean
// is always over the same seeds. Where `standard_error_name` is not empty, its
// values e_s give the error of the mean over S seeds, sqrt(sum e_s^2) / S.
std::vector<Series> PoolOverSeeds(const std::vector<CurvePoint>& curves,
                                  const std::string& name,
                                  const std::string& standard_error_name);

// The curve `name` of every method but plain, minus plain's at the same seed
// and step; points without such a partner are left out.
std::vector<CurvePoint> DifferencesToPlain(
    const std::vector<CurvePoint>& curves, const std::string& name);

}  // namespace bild

#endif  // REPORTS_SERIES_H_
