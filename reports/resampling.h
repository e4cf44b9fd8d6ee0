// Statistics over images: would other test images change this? A bootstrap
// interval and a sign-flip test of paired differences, drawn with a hash, so
// that every machine draws the same.

#ifndef REPORTS_RESAMPLING_H_
#define REPORTS_RESAMPLING_H_

#include <cstdint>
#include <string>
#include <vector>

namespace bild {

// 32 bits for draw k of resample r; all arithmetic wraps at 32 bits.
uint32_t DrawBits(uint32_t seed, uint32_t resample, uint32_t draw);

// Differences of what is drawn or flipped together: one image, or all images of
// a scene.
using DifferenceGroups = std::vector<std::vector<double>>;

// One group per distinct name; `group_of_difference` has one name per
// difference. Where some name occurs twice, groups stand in the natural order
// of their names, so scenes by ascending number; otherwise in that of the
// differences.
DifferenceGroups GroupDifferences(
    const std::vector<double>& differences,
    const std::vector<std::string>& group_of_difference);

struct ResamplingOptions {
  uint32_t seed = 1;
  int64_t resamples = 10000;
};

struct Interval {
  double low = 0.0;
  double high = 0.0;
};

// The 95 % percentile bootstrap interval (Efron 1979) of the mean over all
// drawn differences. A resample draws as many groups as there are, with
// replacement: draw k is group (DrawBits(r, k) * n) >> 32. The bounds stand at
// q (R - 1), q = 0.025 and 0.975, of the sorted means, linear in between. At
// least one group, none empty.
Interval BootstrapInterval(const DifferenceGroups& groups,
                           const ResamplingOptions& options);

// Two-sided p of the paired sign-flip permutation test (Fisher 1935) of the
// mean: the share of flips whose |sum| is at least the observed one, within
// 1e-12 of it. A group flips as one. All 2^n flips for n <= 20 groups;
// otherwise (1 + count) / (1 + R) over R flips, where group k is negated in
// flip r if the highest of DrawBits(r, k) is set. At least one group.
double SignFlipP(const DifferenceGroups& groups,
                 const ResamplingOptions& options);

}  // namespace bild

#endif  // REPORTS_RESAMPLING_H_
