// A set of picture files before anything is made of it: listed, paired,
// compared with the release, every header looked at. What `verify` reports and
// what a dataset is opened from.

#ifndef DATASETS_FOLDER_DRAFT_H_
#define DATASETS_FOLDER_DRAFT_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "datasets/dataset_info.h"
#include "datasets/image_header.h"
#include "datasets/layouts.h"
#include "datasets/paired_dataset.h"
#include "datasets/problem_report.h"

namespace bild {

struct DraftOptions {
  // Fewer pairs than a complete copy has are taken, and the name says so.
  bool allow_partial = false;
  // Kinds of pictures that are refused otherwise. depth16 is for `pair` alone.
  ImageRules reading;
};

struct FolderDraft {
  std::string name;  // "its", "its[n=312]", "synthetic_its".
  std::string layout;
  bool is_synthetic = false;
  std::vector<std::string> invalid_reasons;
  SetListing listing;
  std::vector<PairName> pairs;               // Sorted bytewise by id.
  std::vector<std::string> missing_ids;      // Of a complete copy, if known.
  std::vector<std::string> unknown_ids;      // That no complete copy has.
  std::map<std::string, ImageHeader> files;  // Usable ones among the pairs'.
  // Of the hazy pictures, one for each pair; fewer where files are unusable.
  std::vector<ImageSize> sizes;
  int64_t border_pairs = 0;  // To which the border rule applies.
  ProblemReport problems;
  ProblemReport warnings;  // Noticed and no error.
};

// Looks at names, headers and file ends, in parallel; pixels are decoded only
// of pictures with an alpha channel. Problems are in the draft; a status is
// returned only where there is nothing to draft: a folder that cannot be
// listed, no picture, a line break in a name, depth16 for a named set.
absl::StatusOr<FolderDraft> DraftFolder(const DatasetInfo& info,
                                        const SetFolders& folders,
                                        const DraftOptions& options);

// The ids that a complete copy has, as far as they are known: all of them, or
// those of `scenes`; none for `pair` and sets whose names are not known.
std::set<std::string> CompleteIds(const DatasetInfo& info,
                                  const std::set<std::string>& scenes);

// 13990 as "13,990".
std::string WithThousands(int64_t n);

// "7_3, 7_4 and 12 more"; the first ten.
std::string ShortList(const std::vector<std::string>& ids);

}  // namespace bild

#endif  // DATASETS_FOLDER_DRAFT_H_
