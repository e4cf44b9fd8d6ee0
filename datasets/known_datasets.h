// The datasets that the suite knows, as rows. Links no decoder.

#ifndef DATASETS_KNOWN_DATASETS_H_
#define DATASETS_KNOWN_DATASETS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "datasets/dataset_info.h"

namespace bild {

// Every dataset by name.
const std::vector<DatasetInfo>& Datasets();

// NotFound lists the known names.
absl::StatusOr<DatasetInfo> FindDataset(const std::string& name);

// What a benchmark calls its data: which set it trains on and which it is
// tested on.
struct BenchmarkSets {
  std::string name;   // "its", "ots", "pair".
  std::string train;  // A dataset.
  std::string test;   // A dataset, unless another one is asked for; "pair"
                      // is tested on --test_root. The challenges' sets hold
                      // their own test pictures.
  // What `synthesize --like=` calls a set of this shape; empty where it has
  // none. Those that have one are benchmark targets.
  std::string synthetic_like;
  // Whether nets stand behind the DDU (backbones/ddu.h) unless --ddu=false, as
  // the paper has it for the sets of large photographs.
  bool uses_ddu = false;
};
const std::vector<BenchmarkSets>& BenchmarkDataSets();
absl::StatusOr<BenchmarkSets> FindBenchmarkSets(const std::string& name);

// InvalidArgument for a set without clear pictures: a mistake in the call, not
// in the files.
absl::Status CheckScorableSet(const DatasetInfo& info);

}  // namespace bild

#endif  // DATASETS_KNOWN_DATASETS_H_
