// Training scenes that are in the test set as well, under the same name or not.

#ifndef DATASETS_LEAKS_H_
#define DATASETS_LEAKS_H_

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "datasets/paired_dataset.h"

namespace bild {

// Those of `scenes`, which OTS has, that SOTS outdoor has too.
std::set<std::string> ScenesInSotsOutdoor(const std::set<std::string>& scenes);

// Whether a scene's name is the number of an NYU Depth V2 frame ("1400",
// "NYU2_1400") in SOTS indoor.
bool IsSotsIndoorScene(const std::string& scene);

struct Leaks {
  std::set<std::string> scenes;  // Of the training set; for MakeSplit to drop.
  std::vector<std::string> reasons;  // One line a rule that found some.
};

// Finds the scenes of `train` that must not be trained on:
//   ots_beta,  every scene that SOTS outdoor has (same numbering, same
//   ots_v0     pictures: 75 of ots_beta's 2,061), whatever the test set; those
//              of HSTS too where it is the test set
//   from NYU2  ("NYU2_<n>", or plain numbers): 1400..1449 when the test set is
//              SOTS indoor, by its name or a pair whose scenes are these
//              numbers
//   the same   scenes of the test set by their names, which are the same
//   set        pictures in every copy (ots_beta and ots_v0: one numbering)
//   pair and   scenes whose clear picture has the very pixels of one in the
//   synthetic  test set (decodes one pair a scene), on either side
//   sets
// `test` may be null. Of its pairs those at `tested` count; null: all of them.
// Errors are those of reading pictures.
absl::StatusOr<Leaks> FindLeaks(const PairedDataset& train,
                                const PairedDataset* test,
                                const std::vector<int64_t>* tested = nullptr);

}  // namespace bild

#endif  // DATASETS_LEAKS_H_
