#include "datasets/split_overlap.h"

#include <cstddef>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "bild/base/status.h"

namespace bild {
namespace {

std::set<std::string> ScenesOf(const std::vector<PairName>& pairs,
                               const SplitList& list) {
  std::set<std::string> scenes;
  for (const int64_t index : list.indices) {
    scenes.insert(pairs[static_cast<size_t>(index)].scene);
  }
  return scenes;
}

}  // namespace

absl::Status CheckScenesApart(const std::vector<PairName>& pairs,
                              const Split& split) {
  const std::set<std::string> trained = ScenesOf(pairs, split.train);
  std::vector<std::string> shared;
  for (const std::string& scene : ScenesOf(pairs, split.validation)) {
    if (trained.count(scene) > 0) shared.push_back(scene);
  }
  if (shared.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(ListProblems(
      absl::StrCat("The validation split shares ", shared.size(),
                   " of its scenes with the training split:"),
      shared,
      "Divide otherwise with --split or --split_seed. A run that is to "
      "validate on training scenes says so with "
      "--validation_scenes=training."));
}

}  // namespace bild
