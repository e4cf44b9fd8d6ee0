// How far the same pictures move between metric profiles.

#ifndef BENCHMARKS_PROFILE_TABLE_H_
#define BENCHMARKS_PROFILE_TABLE_H_

#include <string>
#include <vector>

#include "reports/record.h"

namespace bild {

// A Markdown table with a row per record, each of one profile over the same
// pictures: the means, and how far PSNR and SSIM are from those of `default`
// (of the first record where there is no default). Above it stands what was
// scored: net, dataset, hazy and clear images, list, resolution; below it, for
// each PSNR with a dagger, how many images equal the clear one. At least one
// record.
std::string ProfileTable(const std::vector<Record>& records);

}  // namespace bild

#endif  // BENCHMARKS_PROFILE_TABLE_H_
