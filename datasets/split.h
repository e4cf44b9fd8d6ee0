// Which pairs train, which validate: by scene, from the names and a seed alone.
//
//   order(seed, ids): drop duplicates; key = SHA-256 of the text "<seed>:<id>";
//   ascending by the 32 bytes, ties by id
//
// so any listing order gives the same lists and a new id never reorders the
// others. datasets/lists/README.md says which lists are committed.

#ifndef DATASETS_SPLIT_H_
#define DATASETS_SPLIT_H_

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "datasets/paired_dataset.h"

namespace bild {

// order(seed, ids) as above.
std::vector<std::string> Order(uint64_t seed, std::vector<std::string> ids);

enum class SplitRule {
  // RESIDE: 50 validation scenes with their first 10 ids each; of the others'
  // ids the first 5000, 4500 or all for training.
  kPaper,
  kPaper4500,
  kFull,
  // Whole scenes, a tenth of them (at least one) for validation.
  kTenth,
  // The NTIRE challenges' sets, which hold their own test pictures: five for
  // testing, five for validation, the rest for training. In number order the
  // last five test; with a seed they are redrawn.
  kChallenge,
};

// "paper", "paper4500", "full", "tenth", "challenge".
const char* SplitRuleName(SplitRule rule);

// The rule for a dataset by its name: kPaper for its, ots_beta and ots_v0,
// kChallenge for ohaze, nhhaze and densehaze, partial ones too, and for the
// synthetic ohaze and nhhaze; kTenth for any other, the other synthetic sets
// among them.
SplitRule DefaultSplitRule(const std::string& dataset_name);

struct SplitOptions {
  SplitRule rule = SplitRule::kTenth;
  // kChallenge: 0 is the challenges' own division, in number order.
  uint64_t seed = 1;
  // kTenth only: scenes next to each other in natural order stay together in
  // blocks of this many (the last block may be shorter). 1: each for itself.
  int64_t scene_block = 1;
  // kChallenge: the scenes of a complete copy, so that a partial one is divided
  // as the complete one. Empty: those that are there. (In the challenges' own
  // sets a scene is a picture, and its name the id.)
  std::vector<std::string> complete_ids;
  // kChallenge: the test pictures are another copy's, so that none need be
  // there.
  bool is_tested_elsewhere = false;
};

// One side of a split.
struct SplitList {
  std::vector<int64_t> indices;  // Into the dataset's pairs(), ascending.
  std::string text;    // The ids, sorted bytewise, each with an LF after it.
  std::string sha256;  // Of `text`: the list hash in every record.
};

struct Split {
  SplitList train;
  SplitList validation;
  SplitList test;  // kChallenge alone; empty otherwise.
};

// Splits `pairs` (sorted by id) without the scenes in `dropped_scenes`.
// InvalidArgument: scene_block < 1, or with a rule of RESIDE.
// FailedPrecondition: too few scenes for both sides.
absl::StatusOr<Split> MakeSplit(const std::vector<PairName>& pairs,
                                const std::set<std::string>& dropped_scenes,
                                const SplitOptions& options);

// The test side of kChallenge alone, of a copy that need not have the other
// sides. Empty where it has none of these pictures.
SplitList ChallengeTestSide(const std::vector<PairName>& pairs,
                            const SplitOptions& options);

// All pairs as one list: a test set.
SplitList WholeList(const std::vector<PairName>& pairs);

// The pairs at `indices`, in any order, as a list.
SplitList ListOfIndices(const std::vector<PairName>& pairs,
                        const std::vector<int64_t>& indices);

// The ids of one list as its file holds them.
std::string ListText(std::vector<std::string> ids);

// The division of the NTIRE challenges: ids in number order, the last `test`
// for testing, the `validation` before them for validation, the rest for
// training. Duplicates drop out. InvalidArgument where a number is negative or
// the two are more than the ids.
struct ChallengeSplit {
  std::vector<std::string> train;
  std::vector<std::string> validation;
  std::vector<std::string> test;
};
absl::StatusOr<ChallengeSplit> SplitInNumberOrder(std::vector<std::string> ids,
                                                  int64_t validation,
                                                  int64_t test);
// The same sizes redrawn: the first `test` of order(seed, ids) for testing, the
// next for validation, the rest for training; each list sorted bytewise.
absl::StatusOr<ChallengeSplit> SplitInSeededOrder(
    const std::vector<std::string>& ids, int64_t validation, int64_t test,
    uint64_t seed);

}  // namespace bild

#endif  // DATASETS_SPLIT_H_
