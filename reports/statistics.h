// Statistics over seeds: would another seed change this? And of several tests
// at once.

#ifndef REPORTS_STATISTICS_H_
#define REPORTS_STATISTICS_H_

#include <cstdint>
#include <limits>
#include <map>
#include <vector>

namespace bild {

// A sample of S values, one per seed.
struct SeedSummary {
  int64_t count = 0;
  double mean = std::numeric_limits<double>::quiet_NaN();  // NaN for S = 0.
  // Sample standard deviation (divisor S - 1); NaN for S < 2 or where the mean
  // is not finite.
  double sd = std::numeric_limits<double>::quiet_NaN();
  // 95 % interval mean +- half_width, half_width = t(0.975, S-1) sd / sqrt(S)
  // (Student 1908). It assumes normal values; NaN where sd is.
  double half_width = std::numeric_limits<double>::quiet_NaN();
};

// Sums in the given order, in double precision.
SeedSummary Summarise(const std::vector<double>& values);

// The q-quantile of Student's t, 0 < q < 1, degrees_of_freedom >= 1.
double StudentQuantile(double q, int64_t degrees_of_freedom);

// A method against plain, seed by seed: the same seed means the same initial
// weights, data order and crops, so only the method differs within a pair.
struct PairedDifference {
  std::vector<int64_t> seeds;       // Those that both have, ascending.
  std::vector<double> differences;  // method - plain, in that order.
  SeedSummary summary;              // Of the differences.
  int64_t unpaired = 0;             // Seeds that only one of them has.
  // Does the 95 % interval leave out 0? Never for fewer than two pairs.
  bool excludes_zero = false;
};

PairedDifference PairBySeed(const std::map<int64_t, double>& method,
                            const std::map<int64_t, double>& plain);

// The smallest p that a two-sided sign-flip test over S pairs can give: 2/2^S.
double SmallestSignFlipP(int64_t pairs);

// p values of one family, adjusted so that the chance of any false finding
// among them stays below the level (Holm 1979): the i-th smallest of m times
// m - i + 1, never below a smaller one's, at most 1. In the given order.
std::vector<double> HolmAdjusted(const std::vector<double>& p);

}  // namespace bild

#endif  // REPORTS_STATISTICS_H_
