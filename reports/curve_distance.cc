#include "reports/curve_distance.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <map>
#include <set>
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

std::map<int64_t, int64_t> TogetherUntil(
    const std::vector<CurvePoint>& reference,
    const std::vector<CurvePoint>& other, const std::string& name,
    double tolerance) {
  constexpr int64_t kEnd = std::numeric_limits<int64_t>::max();
  const Points wanted = PointsOf(reference, name, kEnd);
  const Points found = PointsOf(other, name, kEnd);
  double magnitude = 0.0;
  std::map<int64_t, std::set<int64_t>> steps;  // Of each seed, in either.
  std::map<int64_t, int64_t> apart_at;         // The first.
  for (const auto& [place, value] : wanted) {
    if (!std::isnan(value)) magnitude = std::max(magnitude, std::abs(value));
  }
  const auto leave = [&apart_at](int64_t seed, int64_t step) {
    const auto place = apart_at.emplace(seed, step).first;
    place->second = std::min(place->second, step);
  };
  for (const auto& [place, value] : wanted) {
    const auto [method, seed, step] = place;
    steps[seed].insert(step);
    const auto partner = found.find(place);
    const bool is_together =
        partner != found.end() &&
        (std::isnan(value)
             ? std::isnan(partner->second)
             : std::abs(value - partner->second) <= tolerance * magnitude);
    if (!is_together) leave(seed, step);
  }
  for (const auto& entry : found) {
    const auto [method, seed, step] = entry.first;
    if (wanted.count(entry.first) == 1 || steps.count(seed) == 0) continue;
    steps[seed].insert(step);
    leave(seed, step);
  }
  std::map<int64_t, int64_t> until;
  for (const auto& [seed, own] : steps) {
    const auto apart = apart_at.find(seed);
    const auto end =
        apart == apart_at.end() ? own.end() : own.find(apart->second);
    until[seed] = end == own.begin() ? 0 : *std::prev(end);
  }
  return until;
}

}  // namespace bild
