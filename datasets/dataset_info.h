// What the suite knows of a dataset before it sees a file of it: one row of the
// catalogue.

#ifndef DATASETS_DATASET_INFO_H_
#define DATASETS_DATASET_INFO_H_

#include <cstdint>
#include <string>
#include <vector>

namespace bild {

// How a file's name gives the pair's id and scene.
enum class NameRule {
  // Hazy "1_1_0.90179" or "1_1": id "1_1", scene "1", clear "1". The airlight
  // is no part of the id. A clear picture may also be stored once for each hazy
  // one, under the hazy one's name.
  kSceneAndNumber,
  // Hazy "0025_0.8_0.04": id the whole stem, scene and clear "0025" (or the
  // hazy one's name, as above).
  kSceneAirlightBeta,
  // The NTIRE challenges: hazy "01_outdoor_hazy", clear "01_outdoor_GT", id and
  // scene "01". The word in the middle is DatasetInfo::challenge_word and may
  // be missing, as may the suffix where each side has a folder of its own;
  // numbers match with or without leading zeros.
  kChallengeNumber,
  // The same stem on both sides, or no clear side at all: id and scene.
  kStem,
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
  // The ids of a complete copy, in any order; null where the names are not
  // known or any set is complete.
  std::vector<std::string> (*complete_ids)() = nullptr;
  std::string description;  // One line.
  std::string paper;        // Where the set was published.

  std::string challenge_word = "";  // "outdoor", "indoor", "" for no word.
  // Where complete_ids is null: how many pairs and scenes a complete copy has;
  // 0 where any set is complete.
  int64_t complete_pairs = 0;
  int64_t complete_scenes = 0;
  // False: there are no clear pictures, and nothing can be trained on or
  // scored.
  bool has_clear = true;
  // Pixels of the smallest and the largest hazy picture as published; 0 where
  // that is not known.
  int64_t smallest_px = 0;
  int64_t largest_px = 0;
};

}  // namespace bild

#endif  // DATASETS_DATASET_INFO_H_
