// A scene on both sides of a split: what was to be measured on unseen pictures
// would be measured on seen ones.

#ifndef DATASETS_SPLIT_OVERLAP_H_
#define DATASETS_SPLIT_OVERLAP_H_

#include <vector>

#include "absl/status/status.h"
#include "datasets/paired_dataset.h"
#include "datasets/split.h"

namespace bild {

// FailedPrecondition where a scene of the validation side is on the training
// side as well. A scene is its clear picture: sets of folder pairs give pairs
// whose clear pictures have the same pixels one scene. The message lists them
// and says what to do.
absl::Status CheckScenesApart(const std::vector<PairName>& pairs,
                              const Split& split);

}  // namespace bild

#endif  // DATASETS_SPLIT_OVERLAP_H_
