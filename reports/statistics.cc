#include "reports/statistics.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

#include "boost/math/distributions/students_t.hpp"

namespace bild {

double StudentQuantile(double q, int64_t degrees_of_freedom) {
  return boost::math::quantile(
      boost::math::students_t(static_cast<double>(degrees_of_freedom)), q);
}

SeedSummary Summarise(const std::vector<double>& values) {
  SeedSummary summary;
  summary.count = static_cast<int64_t>(values.size());
  if (values.empty()) return summary;
  const auto count = static_cast<double>(values.size());
  double sum = 0;
  for (const double value : values) sum += value;
  summary.mean = sum / count;
  if (values.size() < 2 || !std::isfinite(summary.mean)) return summary;
  double squares = 0;
  for (const double value : values) {
    squares += (value - summary.mean) * (value - summary.mean);
  }
  summary.sd = std::sqrt(squares / (count - 1));
  summary.half_width =
      StudentQuantile(0.975, summary.count - 1) * summary.sd / std::sqrt(count);
  return summary;
}

PairedDifference PairBySeed(const std::map<int64_t, double>& method,
                            const std::map<int64_t, double>& plain) {
  PairedDifference paired;
  for (const auto& [seed, value] : method) {
    const auto partner = plain.find(seed);
    if (partner == plain.end()) continue;
    paired.seeds.push_back(seed);
    paired.differences.push_back(value - partner->second);
  }
  paired.unpaired = static_cast<int64_t>(method.size() + plain.size() -
                                         2 * paired.seeds.size());
  paired.summary = Summarise(paired.differences);
  // With NaN, where there is no interval, the comparison is false.
  paired.excludes_zero =
      std::abs(paired.summary.mean) > paired.summary.half_width;
  return paired;
}

double SmallestSignFlipP(int64_t pairs) {
  return std::ldexp(2.0, static_cast<int>(-pairs));
}

std::vector<double> HolmAdjusted(const std::vector<double>& p) {
  std::vector<size_t> order(p.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&p](size_t a, size_t b) { return p[a] < p[b]; });
  std::vector<double> adjusted(p.size());
  double least = 0.0;
  for (size_t rank = 0; rank < order.size(); ++rank) {
    const double factor = static_cast<double>(p.size() - rank);
    least = std::max(least, std::min(1.0, factor * p[order[rank]]));
    adjusted[order[rank]] = least;
  }
  return adjusted;
}

}  // namespace bild
