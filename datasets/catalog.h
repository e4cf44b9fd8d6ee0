// The datasets that the suite can open, and how to open one.

#ifndef DATASETS_CATALOG_H_
#define DATASETS_CATALOG_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "datasets/dataset_info.h"
#include "datasets/image_header.h"
#include "datasets/paired_dataset.h"

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

struct DatasetRequest {
  std::string name;  // One of Datasets().
  // The folder of all sets, or the set's own.
  std::string data_root;
  // A named set may have fewer files than the release; its name and its
  // invalid_reasons() say so.
  bool allow_partial = false;
  // Kinds of pictures that are refused otherwise.
  ImageRules reading;
  // The flag that data_root came from, for messages.
  std::string root_flag = "--data_root";
  // If given, receives what was noticed and is no error, a line each: ignored
  // files, the border rule with its count, files with a wrong extension.
  std::vector<std::string>* notes = nullptr;
};

// InvalidArgument for a set without clear pictures: a mistake in the call, not
// in the files.
absl::Status CheckScorableSet(const DatasetInfo& info);

// Opens a dataset. Every name and every header has been checked when this
// returns; pictures are decoded by Read.
absl::StatusOr<std::unique_ptr<PairedDataset>> OpenDataset(
    const DatasetRequest& request);

}  // namespace bild

#endif  // DATASETS_CATALOG_H_
