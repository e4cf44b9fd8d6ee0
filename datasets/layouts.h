// Folder layouts: where the hazy and the clear pictures of a dataset lie below
// --data_root. One table; another arrangement is another row.

#ifndef DATASETS_LAYOUTS_H_
#define DATASETS_LAYOUTS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace bild {

struct SetFolders {
  std::string layout;      // "official", "flat-name", "ffa", "folders".
  std::string set_folder;  // Holds the two below.
  std::vector<std::string> hazy_folders;  // OTS comes in four parts.
  std::string clear_folder;
  // SYNTHETIC.json lies in the set's folder or up to two levels above it: what
  // `synthesize` wrote, never a published set.
  bool is_synthetic = false;
};

// Finds the folders of `dataset` below `data_root`, which is the folder of all
// sets or the set's own. `root_flag` names the flag in messages.
// NotFound: no such folder, or none of the layouts fits (says what was looked
// for). FailedPrecondition: a file in place of the folder; two layouts fit
// different files (shows both).
absl::StatusOr<SetFolders> FindSetFolders(const std::string& dataset,
                                          const std::string& data_root,
                                          const std::string& root_flag);

}  // namespace bild

#endif  // DATASETS_LAYOUTS_H_
