// A paired dataset in folders of picture files.

#ifndef DATASETS_FOLDER_PAIRS_H_
#define DATASETS_FOLDER_PAIRS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "datasets/dataset_info.h"
#include "datasets/image_header.h"
#include "datasets/layouts.h"
#include "datasets/paired_dataset.h"

namespace bild {

struct FolderPairsOptions {
  // Fewer pairs than a complete copy has are taken, and the name says so.
  bool allow_partial = false;
  ImageRules reading;
  // If given, receives what was noticed and is no error, a line each.
  std::vector<std::string>* notes = nullptr;
};

// Lists the folders, pairs the names, checks them against the complete copy's,
// and looks at every file's header and end (not at its pixels, but for pictures
// with an alpha channel, and the clear pictures of a set where equal pixels are
// one scene). All problems of all kinds come back together, before anything is
// used.
absl::StatusOr<std::unique_ptr<PairedDataset>> OpenFolderPairs(
    const DatasetInfo& info, const SetFolders& folders,
    const FolderPairsOptions& options);

}  // namespace bild

#endif  // DATASETS_FOLDER_PAIRS_H_
