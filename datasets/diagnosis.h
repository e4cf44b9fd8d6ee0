// What a folder looks like to somebody who knows the datasets: what `doctor`
// says.

#ifndef DATASETS_DIAGNOSIS_H_
#define DATASETS_DIAGNOSIS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace bild {

enum class FindingGrade {
  kUsable,   // Opens as it is, perhaps with --allow_partial.
  kNearly,   // A known set but for something that `words` say.
  kUnknown,  // Pictures that belong to no set.
};

struct Finding {
  std::string folder;   // Relative to the folder asked about; "." is itself.
  std::string dataset;  // Of the catalogue; empty where none fits.
  FindingGrade grade = FindingGrade::kUnknown;
  std::vector<std::string> words;  // Sentences, a line each.
};

// Looks at `root` and the folders below it, five levels deep: sets in known
// layouts, and pictures that are in none. Opens headers, decodes nothing but
// pictures with an alpha channel. NotFound or FailedPrecondition where `root`
// is no folder.
absl::StatusOr<std::vector<Finding>> Diagnose(const std::string& root);

}  // namespace bild

#endif  // DATASETS_DIAGNOSIS_H_
