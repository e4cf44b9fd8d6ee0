#include "reports/curve_distance.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

namespace bild {
namespace {

// (method, seed, step) to value.
using Points = std::map<std::tuple<std::string, int64_t, int64_t>, double>;

Points PointsOf(const std::vector<CurvePoint>& curves, const std::string& name,
                int64_t last_step) {
  Points points;
  for (const CurvePoint& point : curves) {
    if (point.name != name || point.step > last_step) continue;
    points[{point.method, point.seed, point.step}] = point.value;
  }
  return points;
}

}  // namespace

double CurveDistance::Relative() const {
  return largest == 0.0 ? 0.0 : largest / magnitude;
}

std::vector<CurveDistance> CurveDistances(
    const std::vector<CurvePoint>& reference,
    const std::vector<CurvePoint>& other, const std::vector<std::string>& names,
    int64_t last_step) {
  std::vector<CurveDistance> distances;
  for (const std::string& name : names) {
    const Points wanted = PointsOf(reference, name, last_step);
    const Points found = PointsOf(other, name, last_step);
    CurveDistance distance;
    distance.name = name;
    for (const auto& [place, value] : wanted) {
      const auto partner = found.find(place);
      if (partner == found.end() ||
          std::isnan(value) != std::isnan(partner->second)) {
        ++distance.unmatched;
        continue;
      }
      ++distance.points;
      if (std::isnan(value)) continue;
      distance.magnitude = std::max(distance.magnitude, std::abs(value));
      const double apart = std::abs(value - partner->second);
      if (apart > distance.largest) {
        distance.largest = apart;
        distance.seed = std::get<1>(place);
        distance.step = std::get<2>(place);
      }
    }
    for (const auto& entry : found) {
      if (wanted.count(entry.first) == 0) ++distance.unmatched;
    }
    distances.push_back(distance);
  }
  return distances;
}

}  // namespace bild
