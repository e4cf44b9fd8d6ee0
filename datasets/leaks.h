// Training scenes that are in the test set as well, under the same name or not.

#ifndef DATASETS_LEAKS_H_
#define DATASETS_LEAKS_H_

#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "datasets/paired_dataset.h"

namespace bild {

struct Leaks {
  std::set<std::string> scenes;  // Of the training set; for MakeSplit to drop.
  std::vector<std::string> reasons;  // One line a rule that found some.
};

// Finds the scenes of `train` that must not be trained on:
//   ots_beta   every scene that SOTS outdoor has (same numbering, same
//   pictures:
//              75 of 2,061), whatever the test set
//   from NYU2  ("NYU2_<n>", or plain numbers): 1400..1449 when the test set is
//              SOTS indoor, by its name or because its scenes are these numbers
//   pair and synthetic sets: scenes whose clear picture has the very pixels of
//              one in the test set (decodes one pair a scene)
// `test` may be null. Errors are those of reading pictures.
absl::StatusOr<Leaks> FindLeaks(const PairedDataset& train,
                                const PairedDataset* test);

}  // namespace bild

#endif  // DATASETS_LEAKS_H_
