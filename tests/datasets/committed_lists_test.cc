// The lists in datasets/lists, made again from the names and the seed.
// hashes.tsv has a line for every list, the long ones too, whose text is not
// committed.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "bild/base/atomic_file.h"
#include "bild/base/sha256.h"
#include "datasets/challenge_ids.h"
#include "datasets/reside_ids.h"
#include "datasets/split.h"
#include "fmt/format.h"
#include "gtest/gtest.h"
#include "tests/testing/temporary_folder.h"

namespace bild {
namespace {

constexpr char kFolder[] = "datasets/lists";

std::vector<PairName> PairsOf(const std::vector<std::string>& ids) {
  std::vector<PairName> pairs;
  for (const std::string& id : std::set<std::string>(ids.begin(), ids.end())) {
    pairs.push_back({id, ResideScene(id), "", ""});
  }
  return pairs;
}

// Every list by its name, made from names and seeds alone.
class Lists {
 public:
  Lists() {
    std::set<std::string> leaking;
    for (const std::string& id : SotsOutdoorIds()) {
      leaking.insert(ResideScene(id));
    }
    AddReside("its", PairsOf(ItsIds()), {}, 1, "");
    AddReside("its", PairsOf(ItsIds()), {}, 2, "");
    AddReside("ots_beta", PairsOf(OtsBetaIds()), leaking, 1, "");
    AddReside("ots_beta", PairsOf(OtsBetaIds()), {}, 1, "_leak_keep");
    AddChallenge("ohaze", OHazeIds());
    AddChallenge("nhhaze", NhHazeIds());
    AddChallenge("densehaze", DenseHazeIds());
    Add("sots_indoor", ListText(SotsIndoorIds()));
    Add("sots_outdoor", ListText(SotsOutdoorIds()));
    Add("ihaze", ListText(IHazeIds()));
  }

  const std::map<std::string, std::string>& texts() const { return texts_; }

 private:
  void Add(const std::string& name, const std::string& text) {
    texts_[name + ".txt"] = text;
  }

  void AddReside(const std::string& name, const std::vector<PairName>& pairs,
                 const std::set<std::string>& leaking, uint64_t seed,
                 const std::string& tail) {
    SplitOptions options;
    options.seed = seed;
    for (const SplitRule rule :
         {SplitRule::kPaper, SplitRule::kPaper4500, SplitRule::kFull}) {
      options.rule = rule;
      const auto split = MakeSplit(pairs, leaking, options);
      ASSERT_TRUE(split.ok()) << split.status();
      const std::string end = fmt::format("seed{}{}", seed, tail);
      Add(fmt::format("{}_train_{}_{}", name, SplitRuleName(rule), end),
          split->train.text);
      Add(fmt::format("{}_validation_{}", name, end), split->validation.text);
    }
  }

  void AddChallenge(const std::string& name,
                    const std::vector<std::string>& ids) {
    SplitOptions options;
    options.rule = SplitRule::kChallenge;
    for (const uint64_t seed : {0, 1}) {
      options.seed = seed;
      const auto split = MakeSplit(PairsOf(ids), {}, options);
      ASSERT_TRUE(split.ok()) << split.status();
      const std::string end = seed == 0 ? "" : "_seed1";
      Add(name + "_train" + end, split->train.text);
      Add(name + "_validation" + end, split->validation.text);
      Add(name + "_test" + end, split->test.text);
    }
  }

  std::map<std::string, std::string> texts_;
};

TEST(CommittedLists, AreWhatTheRuleGives) {
  const Lists lists;
  std::string hashes = "list\tids\tsha256\n";
  for (const auto& [name, text] : lists.texts()) {
    hashes += fmt::format("{}\t{}\t{}\n", name,
                          std::count(text.begin(), text.end(), '\n'),
                          Sha256Hex(text));
  }
  const auto committed = ReadFile(std::string(kFolder) + "/hashes.tsv");
  ASSERT_TRUE(committed.ok()) << committed.status();
  EXPECT_EQ(*committed, hashes);

  int texts = 0;
  for (const std::string& name : NamesIn(kFolder)) {
    if (name == "hashes.tsv") continue;
    ++texts;
    const auto file = ReadFile(std::string(kFolder) + "/" + name);
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_EQ(lists.texts().count(name), 1u) << name;
    EXPECT_EQ(*file, lists.texts().at(name)) << name;
  }
  EXPECT_EQ(texts, 35);
}

}  // namespace
}  // namespace bild
