// Small sets on the disk and their specs, for the tests of OpenRunData().

#ifndef TESTS_BENCHMARKS_RUN_DATA_SETS_H_
#define TESTS_BENCHMARKS_RUN_DATA_SETS_H_

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "benchmarks/run_data.h"

namespace bild {

// `scenes` scenes of 24x20 with two hazy pictures each, s10_1, s10_2, s11_1;
// another `salt`, other pictures.
void WriteScenes(const std::string& root, int scenes, int64_t salt);

// --dataset=pair; an empty test_root, none.
DataSpec PairSpec(const std::string& data_root, const std::string& test_root);

// With 3 validation pictures.
absl::StatusOr<RunData> Open(const DataSpec& spec, int64_t crop_px = 8);

std::set<std::string> Scenes(const PairedDataset& dataset,
                             const std::vector<int64_t>& indices);

}  // namespace bild

#endif  // TESTS_BENCHMARKS_RUN_DATA_SETS_H_
