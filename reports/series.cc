#include "reports/series.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "reports/method_order.h"

namespace bild {
namespace {

// step -> seed -> value, of one curve.
using Curve = std::map<int64_t, std::map<int64_t, double>>;

std::map<std::string, Curve> CurvesNamed(const std::vector<CurvePoint>& curves,
                                         const std::string& name) {
  std::map<std::string, Curve> found;
  for (const CurvePoint& point : curves) {
    if (point.name != name || !std::isfinite(point.value)) continue;
    found[point.method][point.step][point.seed] = point.value;
  }
  return found;
}

std::vector<SeriesPoint> PoolCurve(const Curve& curve, const Curve& errors) {
  std::set<int64_t> seeds;
  for (const auto& [step, values] : curve) {
    for (const auto& [seed, value] : values) seeds.insert(seed);
  }
  std::vector<SeriesPoint> points;
  for (const auto& [step, values] : curve) {
    if (values.size() != seeds.size()) continue;
    SeriesPoint point;
    point.step = step;
    point.seeds = static_cast<int64_t>(values.size());
    point.minimum = point.maximum = values.begin()->second;
    for (const auto& [seed, value] : values) {
      point.mean += value / static_cast<double>(values.size());
      point.minimum = std::min(point.minimum, value);
      point.maximum = std::max(point.maximum, value);
    }
    const auto found = errors.find(step);
    if (found != errors.end() && found->second.size() == values.size()) {
      double squares = 0;
      for (const auto& [seed, error] : found->second) squares += error * error;
      point.standard_error =
          std::sqrt(squares) / static_cast<double>(values.size());
    }
    points.push_back(point);
  }
  return points;
}

}  // namespace

std::vector<Series> PoolOverSeeds(const std::vector<CurvePoint>& curves,
                                  const std::string& name,
                                  const std::string& standard_error_name) {
  const std::map<std::string, Curve> values = CurvesNamed(curves, name);
  std::map<std::string, Curve> errors =
      CurvesNamed(curves, standard_error_name);
  std::vector<Series> all;
  for (const auto& [method, curve] : values) {
    Series series{method, PoolCurve(curve, errors[method])};
    if (!series.points.empty()) all.push_back(std::move(series));
  }
  std::sort(all.begin(), all.end(), [](const Series& a, const Series& b) {
    return MethodComesBefore(a.method, b.method);
  });
  return all;
}

std::vector<CurvePoint> DifferencesToPlain(
    const std::vector<CurvePoint>& curves, const std::string& name) {
  std::map<std::pair<int64_t, int64_t>, double> plain;
  for (const CurvePoint& point : curves) {
    if (point.name == name && point.method == "plain") {
      plain[{point.seed, point.step}] = point.value;
    }
  }
  std::vector<CurvePoint> differences;
  for (const CurvePoint& point : curves) {
    if (point.name != name || point.method == "plain") continue;
    const auto partner = plain.find({point.seed, point.step});
    if (partner == plain.end()) continue;
    differences.push_back(point);
    differences.back().value -= partner->second;
  }
  return differences;
}

}  // namespace bild
