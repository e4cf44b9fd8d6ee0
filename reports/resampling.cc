#include "reports/resampling.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <utility>

#include "bild/base/natural_order.h"

namespace bild {
namespace {

constexpr size_t kExactUpTo = 20;

// Every bit of h changes half of the result's.
uint32_t Mix(uint32_t h) {
  h ^= h >> 16;
  h *= 0x7FEB352Du;
  h ^= h >> 15;
  h *= 0x846CA68Bu;
  return h ^ (h >> 16);
}

double Sum(const std::vector<double>& values) {
  double sum = 0.0;
  for (const double value : values) sum += value;
  return sum;
}

std::vector<double> GroupSums(const DifferenceGroups& groups) {
  std::vector<double> sums;
  for (const std::vector<double>& group : groups) sums.push_back(Sum(group));
  return sums;
}

// The value at q (n - 1) of the sorted values, linear in between.
double Quantile(const std::vector<double>& sorted, double q) {
  const double place = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  if (below + 1 == sorted.size()) return sorted[below];
  const double share = place - static_cast<double>(below);
  return sorted[below] + share * (sorted[below + 1] - sorted[below]);
}

// The sums of all flips but those that only turn every sign of another round.
std::vector<double> HalfOfAllFlips(const std::vector<double>& sums) {
  std::vector<double> flips = {sums.front()};
  flips.reserve(size_t{1} << (sums.size() - 1));
  for (size_t k = 1; k < sums.size(); ++k) {
    const size_t count = flips.size();
    for (size_t i = 0; i < count; ++i) {
      flips.push_back(flips[i] - sums[k]);
      flips[i] += sums[k];
    }
  }
  return flips;
}

}  // namespace

uint32_t DrawBits(uint32_t seed, uint32_t resample, uint32_t draw) {
  uint32_t h = Mix(seed + 0x9E3779B9u);
  h = Mix(h + 0x9E3779B1u * (resample + 1));
  return Mix(h + 0x85EBCA6Bu * (draw + 1));
}

DifferenceGroups GroupDifferences(
    const std::vector<double>& differences,
    const std::vector<std::string>& group_of_difference) {
  std::map<std::string, std::vector<double>, decltype(&NaturalLess)> by_name(
      &NaturalLess);
  for (size_t i = 0; i < differences.size(); ++i) {
    by_name[group_of_difference[i]].push_back(differences[i]);
  }
  DifferenceGroups groups;
  if (by_name.size() == differences.size()) {
    for (const double difference : differences) groups.push_back({difference});
    return groups;
  }
  for (auto& entry : by_name) groups.push_back(std::move(entry.second));
  return groups;
}

Interval BootstrapInterval(const DifferenceGroups& groups,
                           const ResamplingOptions& options) {
  const std::vector<double> sums = GroupSums(groups);
  const uint64_t count = groups.size();
  std::vector<double> means;
  means.reserve(static_cast<size_t>(options.resamples));
  for (uint32_t r = 0; r < static_cast<uint32_t>(options.resamples); ++r) {
    double total = 0.0;
    size_t drawn = 0;
    for (uint32_t k = 0; k < count; ++k) {
      const uint64_t bits = DrawBits(options.seed, r, k);
      const auto group = static_cast<size_t>((bits * count) >> 32);
      total += sums[group];
      drawn += groups[group].size();
    }
    means.push_back(total / static_cast<double>(drawn));
  }
  std::sort(means.begin(), means.end());
  return {Quantile(means, 0.025), Quantile(means, 0.975)};
}

double SignFlipP(const DifferenceGroups& groups,
                 const ResamplingOptions& options) {
  const std::vector<double> sums = GroupSums(groups);
  const double least = std::abs(Sum(sums)) * (1.0 - 1e-12);
  if (sums.size() <= kExactUpTo) {
    const std::vector<double> flips = HalfOfAllFlips(sums);
    const auto count =
        std::count_if(flips.begin(), flips.end(),
                      [least](double sum) { return std::abs(sum) >= least; });
    return static_cast<double>(count) / static_cast<double>(flips.size());
  }
  int64_t count = 0;
  for (uint32_t r = 0; r < static_cast<uint32_t>(options.resamples); ++r) {
    double total = 0.0;
    for (uint32_t k = 0; k < sums.size(); ++k) {
      const bool is_flipped = (DrawBits(options.seed, r, k) >> 31) == 1;
      total += is_flipped ? -sums[k] : sums[k];
    }
    if (std::abs(total) >= least) ++count;
  }
  return static_cast<double>(1 + count) /
         static_cast<double>(1 + options.resamples);
}

}  // namespace bild
