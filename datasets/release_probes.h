// A few PSNR values by which a release is known: a set with the right names and
// other values is another release.

#ifndef DATASETS_RELEASE_PROBES_H_
#define DATASETS_RELEASE_PROBES_H_

#include <string>
#include <vector>

#include "datasets/image.h"

namespace bild {

// PSNR(hazy, clear) of one pair, or the mean over a complete set, measured on
// the releases' own files.
struct ReleaseProbe {
  std::string id;  // Empty: the mean of all pairs.
  double psnr_db = 0.0;
};

// How far a copy that decodes to the same pixels may be off: rounding.
constexpr double kProbeToleranceDb = 0.001;

// The probes of a dataset; none where none were measured.
std::vector<ReleaseProbe> ReleaseProbes(const std::string& dataset);

// PSNR of the hazy picture itself, as the metric profile `default` has it:
// 10 log10(1 / mean squared error) of values in [0, 1], over all pixels and
// channels; 100 for equal pictures. Sizes are equal (the caller's duty).
double HazyPsnrDb(const Image& hazy, const Image& clear);

}  // namespace bild

#endif  // DATASETS_RELEASE_PROBES_H_
