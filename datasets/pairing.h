// File names to pairs: which clear picture belongs to which hazy one.

#ifndef DATASETS_PAIRING_H_
#define DATASETS_PAIRING_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "datasets/dataset_info.h"
#include "datasets/paired_dataset.h"
#include "datasets/problem_report.h"

namespace bild {

// A picture by its name; `stem` is the name without folder and extension.
struct PictureFile {
  std::string path;
  std::string stem;
};

struct FolderListing {
  std::vector<PictureFile> pictures;  // Sorted by path.
  int64_t ignored = 0;                // Files and folders that are no pictures.
};

// The pictures (.png, .jpg, .jpeg, .bmp in any case) directly in `folder`.
// Names may hold anything but a newline, which would break lists of ids.
absl::StatusOr<FolderListing> ListPictures(const std::string& folder);

struct Pairing {
  std::vector<PairName> pairs;  // Sorted bytewise by id, ids unique.
  // A line for each clear picture that no hazy one needs: its path and the
  // names that were tried.
  std::vector<std::string> unused_clear;
};

// Pairs the files by the rule of `info`. Every problem (a name that does not
// read, two files for one id, a hazy picture without a clear one) is added to
// `problems`; the pairs left out of the result are those concerned.
Pairing PairPictures(const DatasetInfo& info,
                     const std::vector<PictureFile>& hazy,
                     const std::vector<PictureFile>& clear,
                     ProblemReport* problems);

}  // namespace bild

#endif  // DATASETS_PAIRING_H_
