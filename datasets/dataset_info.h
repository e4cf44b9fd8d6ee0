// What the suite knows of a dataset before it sees a file of it: one row of the
// catalogue.

#ifndef DATASETS_DATASET_INFO_H_
#define DATASETS_DATASET_INFO_H_

#include <string>
#include <vector>

namespace bild {

// How a file's name gives the pair's id and scene.
enum class NameRule {
  // Hazy "1_1_0.90179" or "1_1": id "1_1", scene "1", clear "1". The airlight
  // is no part of the id.
  kSceneAndNumber,
  // Hazy "0025_0.8_0.04": id the whole stem, scene and clear "0025".
  kSceneAirlightBeta,
  // Any names: the clear picture has the hazy one's stem or else the longest
  // stem that the hazy one continues after a '_'. A trailing _hazy, _haze, _GT,
  // _gt or _clear is dropped first on either side. Clear pictures with equal
  // pixels are one scene.
  kAnyPair,
};

struct DatasetInfo {
  std::string name;            // As in --dataset.
  std::string synthetic_name;  // What a synthetic set of this layout is called.
  NameRule name_rule = NameRule::kAnyPair;
  // The ids of a complete copy, in any order; null where any set is complete.
  std::vector<std::string> (*complete_ids)() = nullptr;
  std::string description;  // One line.
  std::string paper;        // Where the set was published.
};

}  // namespace bild

#endif  // DATASETS_DATASET_INFO_H_
