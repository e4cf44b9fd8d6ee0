// Folder layouts: where the hazy and the clear pictures of a dataset lie below
// --data_root. One table; another arrangement is another row.

#ifndef DATASETS_LAYOUTS_H_
#define DATASETS_LAYOUTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "datasets/dataset_info.h"
#include "datasets/pairing.h"

namespace bild {

struct SetFolders {
  // "official", "flat-name", "ffa", "griddehazenet", "bild", "dehazeformer",
  // "msbdn", "airnet", "folders".
  std::string layout;
  std::string root;                       // Where it was looked for.
  std::string set_folder;                 // Holds the two below.
  std::vector<std::string> hazy_folders;  // OTS comes in four parts.
  // Empty for a set without clear pictures; the hazy folder itself where both
  // sides lie in one folder.
  std::string clear_folder;
  // SYNTHETIC.json lies in the set's folder or up to two levels above it: what
  // `synthesize` wrote, never a published set.
  bool is_synthetic = false;
};

// Finds the folders of a set below `data_root`, which is the folder of all sets
// or the set's own. `root_flag` names the flag in messages. Where folders of
// several layouts are there, those with names of the set in them count.
// NotFound: no such folder, or none of the layouts fits (says what was looked
// for). FailedPrecondition: a file in place of the folder; two layouts fit
// different files (shows both).
absl::StatusOr<SetFolders> FindSetFolders(const DatasetInfo& info,
                                          const std::string& data_root,
                                          const std::string& root_flag);

// Every arrangement that fits, none too: what FindSetFolders chooses from.
// `looked_for`, if given, receives what was not there, in words.
std::vector<SetFolders> FindArrangements(const DatasetInfo& info,
                                         const std::string& data_root,
                                         std::vector<std::string>* looked_for);

// The pictures of both sides, listed.
struct SetListing {
  std::vector<PictureFile> hazy;
  std::vector<PictureFile> clear;
  int64_t ignored = 0;  // Files and folders that are no pictures.
};
absl::StatusOr<SetListing> ListSet(const SetFolders& folders);

}  // namespace bild

#endif  // DATASETS_LAYOUTS_H_
