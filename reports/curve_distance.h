// How far the curves of two runs are apart that should be the same run.

#ifndef REPORTS_CURVE_DISTANCE_H_
#define REPORTS_CURVE_DISTANCE_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "reports/result_rows.h"

namespace bild {

// One curve name, over all seeds, methods and steps that both runs have.
struct CurveDistance {
  std::string name;
  double largest = 0.0;  // |a - b| where it is largest.
  int64_t step = 0;      // Where that is.
  int64_t seed = 0;
  double magnitude = 0.0;  // Largest |reference| of the curve.
  int64_t points = 0;
  int64_t unmatched = 0;  // Points that only one of them has.

  // The largest difference as a share of the curve's magnitude; 0 where both
  // are 0.
  double Relative() const;
};

// The curves named, in that order; points up to `last_step` count. A point is
// undefined (NaN) in both or counts as unmatched.
std::vector<CurveDistance> CurveDistances(
    const std::vector<CurvePoint>& reference,
    const std::vector<CurvePoint>& other, const std::vector<std::string>& names,
    int64_t last_step);

// For every seed of `reference` the last step before the curve `name` of the
// two runs is more than `tolerance` of its magnitude apart for the first time,
// under any method: 0 where the first point is already. The magnitude is the
// largest |reference| over all seeds and steps, as above. A point that only one
// of them has, or that is undefined in one alone, is apart.
std::map<int64_t, int64_t> TogetherUntil(
    const std::vector<CurvePoint>& reference,
    const std::vector<CurvePoint>& other, const std::string& name,
    double tolerance);

}  // namespace bild

#endif  // REPORTS_CURVE_DISTANCE_H_
