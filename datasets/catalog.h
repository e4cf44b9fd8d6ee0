// How to open one of the known datasets (known_datasets.h).

#ifndef DATASETS_CATALOG_H_
#define DATASETS_CATALOG_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "datasets/image_header.h"
#include "datasets/known_datasets.h"  // IWYU pragma: export
#include "datasets/paired_dataset.h"

namespace bild {

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

// Opens a dataset. Every name and every header has been checked when this
// returns; pictures are decoded by Read.
absl::StatusOr<std::unique_ptr<PairedDataset>> OpenDataset(
    const DatasetRequest& request);

}  // namespace bild

#endif  // DATASETS_CATALOG_H_
