// Names of pictures to pairs, and pairs to training and validation lists. The
// first byte of an input chooses the rules; the lines after it are names, those
// that begin with '+' of clear pictures.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "bild/base/natural_order.h"
#include "datasets/pairing.h"
#include "datasets/split.h"
#include "tests/fuzz/require.h"

namespace bild {
namespace {

PictureFile FileOf(const std::string& folder, const std::string& name) {
  return {folder + "/" + name, name.substr(0, name.rfind('.'))};
}

// One way or the other, never both, and unequal names always one of them.
void CheckOrder(const std::vector<PictureFile>& files) {
  for (size_t i = 0; i + 1 < files.size(); ++i) {
    const std::string& a = files[i].stem;
    const std::string& b = files[i + 1].stem;
    FUZZ_REQUIRE(!NaturalLess(a, a));
    FUZZ_REQUIRE(a == b || NaturalLess(a, b) != NaturalLess(b, a));
  }
}

void CheckList(const std::vector<PairName>& pairs, const SplitList& list) {
  std::string text;
  for (const int64_t index : list.indices) {
    FUZZ_REQUIRE(index >= 0 && index < static_cast<int64_t>(pairs.size()));
    text += pairs[static_cast<size_t>(index)].id + "\n";
  }
  FUZZ_REQUIRE(text == list.text);
  FUZZ_REQUIRE(std::is_sorted(list.indices.begin(), list.indices.end()));
  FUZZ_REQUIRE(list.sha256.size() == 64);
}

void CheckSplit(const std::vector<PairName>& pairs,
                const SplitOptions& options) {
  const std::set<std::string> dropped =
      options.seed % 2 == 0 || pairs.empty()
          ? std::set<std::string>()
          : std::set<std::string>{pairs[0].scene};
  const absl::StatusOr<Split> split = MakeSplit(pairs, dropped, options);
  if (!split.ok()) {
    FUZZ_REQUIRE(!split.status().message().empty());
    return;
  }
  CheckList(pairs, split->train);
  CheckList(pairs, split->validation);
  CheckList(pairs, split->test);
  FUZZ_REQUIRE(!split->train.indices.empty());
  FUZZ_REQUIRE(!split->validation.indices.empty());
  std::set<std::string> trained;
  for (const int64_t index : split->train.indices) {
    trained.insert(pairs[static_cast<size_t>(index)].scene);
  }
  for (const int64_t index : split->validation.indices) {
    const std::string& scene = pairs[static_cast<size_t>(index)].scene;
    FUZZ_REQUIRE(trained.count(scene) == 0 && dropped.count(scene) == 0);
  }
  FUZZ_REQUIRE(split->test.indices.empty() ==
               (options.rule != SplitRule::kChallenge));
}

std::vector<std::string> Sorted(std::vector<std::string> ids) {
  std::sort(ids.begin(), ids.end());
  return ids;
}

// Every id on one side, and sizes as they were asked for.
void CheckChallenge(const std::vector<std::string>& ids, uint64_t seed,
                    int64_t validation, int64_t test) {
  const std::set<std::string> different(ids.begin(), ids.end());
  for (const auto& split : {SplitInNumberOrder(ids, validation, test),
                            SplitInSeededOrder(ids, validation, test, seed)}) {
    const auto n = static_cast<int64_t>(different.size());
    FUZZ_REQUIRE(split.ok() ==
                 (validation >= 0 && test >= 0 && validation + test <= n));
    if (!split.ok()) {
      FUZZ_REQUIRE(absl::IsInvalidArgument(split.status()));
      continue;
    }
    FUZZ_REQUIRE(static_cast<int64_t>(split->validation.size()) == validation);
    FUZZ_REQUIRE(static_cast<int64_t>(split->test.size()) == test);
    std::vector<std::string> all = split->train;
    all.insert(all.end(), split->validation.begin(), split->validation.end());
    all.insert(all.end(), split->test.begin(), split->test.end());
    FUZZ_REQUIRE(Sorted(all) ==
                 std::vector<std::string>(different.begin(), different.end()));
  }
}

void CheckNames(unsigned char choice, const std::string& text) {
  DatasetInfo info;
  info.name = "set";
  constexpr NameRule kNameRules[] = {
      NameRule::kSceneAndNumber, NameRule::kSceneAirlightBeta,
      NameRule::kAnyPair, NameRule::kChallengeNumber, NameRule::kStem};
  info.name_rule = kNameRules[choice % 5];
  // Of the challenges some have a word in their names.
  if (choice / 5 % 2 == 1) info.challenge_word = "outdoor";
  std::vector<PictureFile> hazy;
  std::vector<PictureFile> clear;
  const std::vector<std::string> lines = absl::StrSplit(text, '\n');
  for (const std::string& line : lines) {
    if (line.rfind('+', 0) == 0) {
      clear.push_back(FileOf("c", line.substr(1)));
    } else {
      hazy.push_back(FileOf("h", line));
    }
  }
  CheckOrder(hazy);
  ProblemReport problems;
  const Pairing pairing = PairPictures(info, hazy, clear, &problems);
  FUZZ_REQUIRE(pairing.pairs.size() <= hazy.size());
  for (size_t i = 1; i < pairing.pairs.size(); ++i) {
    FUZZ_REQUIRE(pairing.pairs[i - 1].id < pairing.pairs[i].id);
  }
  constexpr SplitRule kSplitRules[] = {SplitRule::kPaper, SplitRule::kPaper4500,
                                       SplitRule::kFull, SplitRule::kTenth,
                                       SplitRule::kChallenge};
  SplitOptions options;
  options.rule = kSplitRules[choice / 5 % 5];
  options.seed = choice / 25 % 4;
  options.scene_block = choice / 100 % 3;
  CheckSplit(pairing.pairs, options);
  // Lines of clear pictures as the ids of the complete copy.
  for (const PictureFile& file : clear) {
    options.complete_ids.push_back(file.stem);
  }
  CheckSplit(pairing.pairs, options);
  CheckChallenge(options.complete_ids, options.seed, choice % 7 - 1,
                 choice / 7 % 7 - 1);
}

}  // namespace
}  // namespace bild

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  bild::CheckNames(
      data[0], std::string(reinterpret_cast<const char*>(data) + 1, size - 1));
  return 0;
}
