#include "datasets/catalog.h"

#include "bild/base/status.h"
#include "datasets/folder_pairs.h"
#include "datasets/layouts.h"

namespace bild {

absl::StatusOr<std::unique_ptr<PairedDataset>> OpenDataset(
    const DatasetRequest& request) {
  BILD_ASSIGN_OR_RETURN(const DatasetInfo info, FindDataset(request.name));
  BILD_RETURN_IF_ERROR(CheckScorableSet(info));
  BILD_ASSIGN_OR_RETURN(
      const SetFolders folders,
      FindSetFolders(info, request.data_root, request.root_flag));
  FolderPairsOptions options;
  options.allow_partial = request.allow_partial;
  options.reading = request.reading;
  options.notes = request.notes;
  return OpenFolderPairs(info, folders, options);
}

}  // namespace bild
