#include "datasets/split.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "bild/base/atomic_file.h"
#include "bild/base/natural_order.h"
#include "bild/base/seed.h"
#include "bild/base/sha256.h"
#include "datasets/challenge_ids.h"
#include "datasets/reside_ids.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace bild {
namespace {

using Json = nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kGolden[] = "tests/golden/datasets/splits.json";

// Pairs of RESIDE's ids, sorted as a dataset has them.
std::vector<PairName> PairsOf(std::vector<std::string> ids) {
  std::sort(ids.begin(), ids.end());
  std::vector<PairName> pairs;
  for (const std::string& id : ids) {
    pairs.push_back({id, ResideScene(id), id + ".png", ResideScene(id)});
  }
  return pairs;
}

std::vector<PairName> ChallengePairs(std::vector<std::string> ids) {
  std::sort(ids.begin(), ids.end());
  std::vector<PairName> pairs;
  for (const std::string& id : ids) pairs.push_back({id, id, "", ""});
  return pairs;
}

std::set<std::string> OutdoorTestScenes() {
  std::set<std::string> scenes;
  for (const std::string& id : SotsOutdoorIds()) scenes.insert(ResideScene(id));
  return scenes;
}

std::vector<std::string> IdsOf(const std::vector<PairName>& pairs,
                               const SplitList& list) {
  std::vector<std::string> ids;
  for (const int64_t i : list.indices) ids.push_back(pairs[i].id);
  return ids;
}

class SplitGolden : public testing::Test {
 protected:
  void SetUp() override {
    const auto text = ReadFile(kGolden);
    ASSERT_TRUE(text.ok()) << text.status();
    golden_ = Json::parse(*text);
  }

  void Check(const SplitList& list, const Json& want) {
    EXPECT_EQ(list.indices.size(), want["n"].get<size_t>());
    EXPECT_EQ(list.sha256, want["sha256"].get<std::string>());
    EXPECT_EQ(list.text.rfind(want["first"][0].get<std::string>() + "\n", 0),
              0u);
  }

  void CheckReside(const std::vector<PairName>& pairs,
                   const std::set<std::string>& dropped, const Json& want) {
    SplitOptions options;
    options.seed = want["seed"].get<uint64_t>();
    std::set<std::string> scenes;
    for (const PairName& pair : pairs) scenes.insert(pair.scene);
    for (const std::string& scene : dropped) scenes.erase(scene);
    EXPECT_EQ(scenes.size(), want["scenes"].get<size_t>());
    auto order = Order(options.seed, {scenes.begin(), scenes.end()});
    order.resize(5);
    EXPECT_EQ(Json(order), want["first_scenes_in_order"]);

    options.rule = SplitRule::kPaper;
    const auto paper = MakeSplit(pairs, dropped, options);
    ASSERT_TRUE(paper.ok()) << paper.status();
    Check(paper->train, want["train_5000"]);
    Check(paper->validation, want["val"]);
    options.rule = SplitRule::kFull;
    const auto full = MakeSplit(pairs, dropped, options);
    ASSERT_TRUE(full.ok()) << full.status();
    Check(full->train, want["train_full"]);
    Check(full->validation, want["val"]);
    options.rule = SplitRule::kPaper4500;
    const auto paper4500 = MakeSplit(pairs, dropped, options);
    ASSERT_TRUE(paper4500.ok()) << paper4500.status();
    EXPECT_EQ(paper4500->train.indices.size(), 4500u);
    EXPECT_EQ(paper4500->validation.sha256, paper->validation.sha256);
    EXPECT_TRUE(std::includes(
        paper->train.indices.begin(), paper->train.indices.end(),
        paper4500->train.indices.begin(), paper4500->train.indices.end()));
  }

  Json golden_;
};

TEST_F(SplitGolden, Order) {
  for (const Json& want : golden_["order"]) {
    EXPECT_EQ(Json(Order(want["seed"].get<uint64_t>(),
                         want["ids"].get<std::vector<std::string>>())),
              want["ordered"]);
  }
}

TEST_F(SplitGolden, Its) {
  for (const Json& want : golden_["its"]["splits"]) {
    CheckReside(PairsOf(ItsIds()), {}, want);
  }
}

TEST_F(SplitGolden, OtsBeta) {
  const Json& want = golden_["ots_beta"];
  EXPECT_EQ(OtsBetaScenes().size(), want["n_scenes"].get<size_t>());
  const std::vector<PairName> pairs = PairsOf(OtsBetaIds());
  EXPECT_EQ(pairs.size(), want["n_hazy"].get<size_t>());
  const std::set<std::string> leaking = OutdoorTestScenes();
  for (const Json& split : want["leak_drop"]) {
    CheckReside(pairs, leaking, split);
  }
  for (const Json& split : want["leak_keep"]) CheckReside(pairs, {}, split);

  std::vector<std::string> shared;
  for (const std::string& scene : OtsBetaScenes()) {
    if (leaking.count(scene) > 0) shared.push_back(scene);
  }
  EXPECT_EQ(Json(shared), want["in_sots_outdoor"]);
}

TEST_F(SplitGolden, TestSets) {
  const std::vector<PairName> indoor = PairsOf(SotsIndoorIds());
  const std::vector<PairName> outdoor = PairsOf(SotsOutdoorIds());
  Check(WholeList(indoor), golden_["sots_indoor"]["list"]);
  Check(WholeList(outdoor), golden_["sots_outdoor"]["list"]);
  EXPECT_EQ(OutdoorTestScenes().size(),
            golden_["sots_outdoor"]["n_clear"].get<size_t>());
}

TEST_F(SplitGolden, Challenges) {
  for (const char* name : {"ohaze", "nhhaze"}) {
    const int n = std::string(name) == "ohaze" ? 45 : 55;
    std::vector<std::string> ids;
    for (int i = n; i >= 1; --i) {
      ids.push_back((i < 10 ? "0" : "") + std::to_string(i));
    }
    const ChallengeSplit fixed = SplitInNumberOrder(ids, 5, 5).value();
    const Json& ntire = golden_[name]["ntire"];
    EXPECT_EQ(Json(fixed.train), ntire["train"]);
    EXPECT_EQ(Json(fixed.validation), ntire["val"]);
    EXPECT_EQ(Json(fixed.test), ntire["test"]);
    // The same by the rule that a benchmark goes by.
    const std::vector<PairName> pairs = ChallengePairs(ids);
    SplitOptions options;
    options.rule = SplitRule::kChallenge;
    for (const char* drawn : {"ntire", "seeded"}) {
      options.seed = golden_[name][drawn].value("seed", uint64_t{0});
      const auto split = MakeSplit(pairs, {}, options);
      ASSERT_TRUE(split.ok()) << split.status();
      EXPECT_EQ(Json(IdsOf(pairs, split->train)),
                golden_[name][drawn]["train"]);
      EXPECT_EQ(Json(IdsOf(pairs, split->validation)),
                golden_[name][drawn]["val"]);
      EXPECT_EQ(Json(IdsOf(pairs, split->test)), golden_[name][drawn]["test"]);
    }
    const Json& seeded = golden_[name]["seeded"];
    const ChallengeSplit redrawn =
        SplitInSeededOrder(ids, 5, 5, seeded["seed"].get<uint64_t>()).value();
    EXPECT_EQ(Json(redrawn.train), seeded["train"]);
    EXPECT_EQ(Json(redrawn.validation), seeded["val"]);
    EXPECT_EQ(Json(redrawn.test), seeded["test"]);
  }
}

// --- Rules -------------------------------------------------------------------

std::vector<PairName> ScenesOfPairs(int scenes, int per_scene) {
  std::vector<std::string> ids;
  for (int s = 1; s <= scenes; ++s) {
    for (int k = 1; k <= per_scene; ++k) {
      ids.push_back(std::to_string(s) + "_" + std::to_string(k));
    }
  }
  return PairsOf(ids);
}

std::set<std::string> ScenesIn(const std::vector<PairName>& pairs,
                               const SplitList& list) {
  std::set<std::string> scenes;
  for (const int64_t i : list.indices) scenes.insert(pairs[i].scene);
  return scenes;
}

TEST(MakeSplit, TenthTakesWholeScenes) {
  for (const auto& [scenes, wanted] :
       std::vector<std::pair<int, size_t>>{{2, 1}, {9, 1}, {19, 1}, {20, 2}}) {
    const std::vector<PairName> pairs = ScenesOfPairs(scenes, 3);
    const auto split = MakeSplit(pairs, {}, {});
    ASSERT_TRUE(split.ok()) << split.status();
    EXPECT_EQ(ScenesIn(pairs, split->validation).size(), wanted);
    EXPECT_EQ(split->validation.indices.size(), 3 * wanted);
    EXPECT_EQ(split->train.indices.size(), 3 * (scenes - wanted));
  }
}

// Ten scenes in blocks of four: {1, 2, 3, 4}, {5, 6, 7, 8}, {9, 10}; block ids
// 1, 5 and 9. SHA-256 of "1:1", "1:5", "1:9" start with d6b5915c, 6669b848 and
// b8eb241b, of "6:1", "6:5", "6:9" with bc17fcd4, c38837a8 and 79e37922.
TEST(MakeSplit, BlocksAreNeighboursInNaturalOrder) {
  const std::vector<PairName> pairs = ScenesOfPairs(10, 2);
  SplitOptions options;
  options.scene_block = 4;
  const auto one = MakeSplit(pairs, {}, options);
  ASSERT_TRUE(one.ok()) << one.status();
  EXPECT_THAT(ScenesIn(pairs, one->validation),
              ElementsAre("5", "6", "7", "8"));
  options.seed = 6;
  const auto two = MakeSplit(pairs, {}, options);
  ASSERT_TRUE(two.ok()) << two.status();
  EXPECT_THAT(ScenesIn(pairs, two->validation), ElementsAre("10", "9"));
}

TEST(MakeSplit, ListsAreSortedIdsAndTheirHash) {
  const std::vector<PairName> pairs = ScenesOfPairs(2, 2);
  const auto split = MakeSplit(pairs, {}, {});
  ASSERT_TRUE(split.ok()) << split.status();
  const bool first_validates = split->validation.text == "1_1\n1_2\n";
  EXPECT_EQ(split->train.text, first_validates ? "2_1\n2_2\n" : "1_1\n1_2\n");
  EXPECT_EQ(split->train.sha256, Sha256Hex(split->train.text));
  EXPECT_EQ(split->train.text, ListText(IdsOf(pairs, split->train)));
}

TEST(MakeSplit, TooFewScenes) {
  const auto one = MakeSplit(ScenesOfPairs(1, 5), {}, {});
  EXPECT_EQ(one.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(one.status().message()),
              HasSubstr("1 scenes are too few"));
  SplitOptions paper;
  paper.rule = SplitRule::kPaper;
  EXPECT_THAT(
      std::string(
          MakeSplit(ScenesOfPairs(50, 2), {}, paper).status().message()),
      AllOf(HasSubstr("50 scenes are too few for the split rule 'paper'"),
            HasSubstr("pass --split=tenth")));
  SplitOptions block;
  block.scene_block = 12;
  EXPECT_EQ(MakeSplit(ScenesOfPairs(12, 1), {}, block).status().code(),
            absl::StatusCode::kFailedPrecondition);
  paper.scene_block = 2;
  EXPECT_EQ(MakeSplit(ScenesOfPairs(99, 1), {}, paper).status().code(),
            absl::StatusCode::kInvalidArgument);
}

// A part of a set is divided as the whole one: no picture changes sides.
TEST(MakeSplit, APartOfAChallengeKeepsItsSides) {
  SplitOptions options;
  options.rule = SplitRule::kChallenge;
  options.seed = 0;
  options.complete_ids = OHazeIds();
  const auto pairs = ChallengePairs({"02", "35", "36", "41", "45"});
  const auto split = MakeSplit(pairs, {}, options);
  ASSERT_TRUE(split.ok()) << split.status();
  EXPECT_EQ(split->train.text, "02\n35\n");
  EXPECT_EQ(split->validation.text, "36\n");
  EXPECT_EQ(split->test.text, "41\n45\n");
  const auto none = MakeSplit(ChallengePairs({"02", "41"}), {}, options);
  EXPECT_THAT(std::string(none.status().message()),
              AllOf(HasSubstr("2 scenes are too few for the split rule "
                              "'challenge', which goes by their numbers: 1 to "
                              "train on, 0 for validation, 1 to test on"),
                    HasSubstr("pass --split=tenth")));
  // What it says helps.
  options.rule = SplitRule::kTenth;
  const auto tenth = MakeSplit(ChallengePairs({"02", "41"}), {}, options);
  ASSERT_TRUE(tenth.ok()) << tenth.status();
  EXPECT_EQ(tenth->train.indices.size() + tenth->validation.indices.size(), 2u);
}

TEST(MakeSplit, AChallengeThatIsTestedElsewhereNeedsNoTestPictures) {
  SplitOptions options;
  options.rule = SplitRule::kChallenge;
  options.seed = 0;
  options.complete_ids = OHazeIds();
  const auto pairs = ChallengePairs({"02", "36", "41"});
  EXPECT_FALSE(MakeSplit(pairs, {"41"}, options).ok());
  options.is_tested_elsewhere = true;
  const auto split = MakeSplit(pairs, {"41"}, options);
  ASSERT_TRUE(split.ok()) << split.status();
  EXPECT_EQ(split->train.text + split->validation.text, "02\n36\n");
  EXPECT_FALSE(MakeSplit(pairs, {"36"}, options).ok());

  EXPECT_EQ(ChallengeTestSide(pairs, options).text, "41\n");
  EXPECT_EQ(ChallengeTestSide(ChallengePairs({"02"}), options).text, "");
}

TEST(ChallengeSplits, SizesThatDoNotFitAreRefused) {
  const std::vector<std::string> ids = {"2", "10", "1", "1"};  // Three.
  const auto all = SplitInNumberOrder(ids, 1, 2);
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_THAT(all->train, ElementsAre());
  EXPECT_THAT(all->validation, ElementsAre("1"));
  EXPECT_THAT(all->test, ElementsAre("2", "10"));
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  for (const auto& [validation, test] :
       std::vector<std::pair<int64_t, int64_t>>{
           {2, 2}, {4, 0}, {0, 4}, {-1, 2}, {2, -1}, {kMost, kMost}}) {
    for (const auto& split : {SplitInNumberOrder(ids, validation, test),
                              SplitInSeededOrder(ids, validation, test, 3)}) {
      EXPECT_EQ(split.status().code(), absl::StatusCode::kInvalidArgument);
      EXPECT_THAT(
          std::string(split.status().message()),
          HasSubstr(fmt::format("3 different ids cannot be split into {} for "
                                "validation, {} for testing",
                                validation, test)));
    }
  }
}

// No picture is lost where a scene has more than one.
TEST(MakeSplit, AChallengeOfScenesWithSeveralPictures) {
  const std::vector<PairName> pairs = ScenesOfPairs(12, 2);
  SplitOptions options;
  options.rule = SplitRule::kChallenge;
  options.seed = 0;
  const auto split = MakeSplit(pairs, {}, options);
  ASSERT_TRUE(split.ok()) << split.status();
  EXPECT_EQ(split->train.text, "1_1\n1_2\n2_1\n2_2\n");
  EXPECT_THAT(ScenesIn(pairs, split->validation),
              ElementsAre("3", "4", "5", "6", "7"));
  EXPECT_EQ(split->test.indices.size(), 10u);
}

// Ids that stand twice in a list do not count twice.
TEST(MakeSplit, AChallengeOfTooFewDifferentIds) {
  SplitOptions options;
  options.rule = SplitRule::kChallenge;
  options.complete_ids = std::vector<std::string>(12, "01");
  for (const uint64_t seed : {0, 1}) {
    options.seed = seed;
    EXPECT_EQ(MakeSplit(ChallengePairs({"01"}), {}, options).status().code(),
              absl::StatusCode::kFailedPrecondition);
  }
}

TEST(DefaultSplitRule, GoesByTheName) {
  EXPECT_EQ(DefaultSplitRule("its"), SplitRule::kPaper);
  EXPECT_EQ(DefaultSplitRule("ots_beta[n=700]"), SplitRule::kPaper);
  EXPECT_EQ(DefaultSplitRule("ots_v0"), SplitRule::kPaper);
  for (const char* name : {"ohaze", "nhhaze[n=5]", "densehaze"}) {
    EXPECT_EQ(DefaultSplitRule(name), SplitRule::kChallenge);
  }
  EXPECT_EQ(DefaultSplitRule("synthetic_ohaze"), SplitRule::kChallenge);
  EXPECT_EQ(DefaultSplitRule("synthetic_nhhaze"), SplitRule::kChallenge);
  EXPECT_EQ(DefaultSplitRule("synthetic_its"), SplitRule::kTenth);
  EXPECT_EQ(DefaultSplitRule("pair"), SplitRule::kTenth);
}

// For random sets, seeds and rules: no scene on both sides, nothing dropped
// comes back, and for whole-scene rules nothing is lost.
TEST(SplitProperties, SidesShareNoScene) {
  SeedEngine engine(3, SeedStream::kInit, 0, 0);
  for (int round = 0; round < 60; ++round) {
    const int scenes = 2 + static_cast<int>(engine.UniformInt(120));
    const std::vector<PairName> pairs =
        ScenesOfPairs(scenes, 1 + static_cast<int>(engine.UniformInt(12)));
    SplitOptions options;
    options.seed = engine.Next();
    options.rule = scenes > 60 ? static_cast<SplitRule>(engine.UniformInt(4))
                               : SplitRule::kTenth;
    if (options.rule == SplitRule::kTenth && scenes > 8) {
      options.scene_block = 1 + static_cast<int64_t>(engine.UniformInt(4));
    }
    const std::set<std::string> dropped = scenes > 70
                                              ? std::set<std::string>{"1", "33"}
                                              : std::set<std::string>{};
    const auto split = MakeSplit(pairs, dropped, options);
    ASSERT_TRUE(split.ok()) << split.status();
    const auto train = ScenesIn(pairs, split->train);
    const auto validation = ScenesIn(pairs, split->validation);
    for (const std::string& scene : validation) {
      EXPECT_EQ(train.count(scene), 0u);
    }
    for (const std::string& scene : dropped) {
      EXPECT_EQ(train.count(scene) + validation.count(scene), 0u);
    }
    if (options.rule == SplitRule::kTenth) {
      EXPECT_EQ(train.size() + validation.size() + dropped.size(),
                static_cast<size_t>(scenes));
      EXPECT_GE(static_cast<int64_t>(validation.size()),
                std::max(1, (scenes - static_cast<int>(dropped.size())) / 10));
      EXPECT_LT(static_cast<int64_t>(validation.size()),
                std::max(1, scenes / 10) + options.scene_block);
    }
  }
}

TEST(SplitProperties, OrderNeitherSeesTheListingNorOtherIds) {
  std::vector<std::string> ids;
  for (int i = 0; i < 300; ++i) ids.push_back("id" + std::to_string(i));
  const std::vector<std::string> order = Order(7, ids);
  std::vector<std::string> shuffled = ids;
  std::reverse(shuffled.begin(), shuffled.end());
  shuffled.insert(shuffled.end(), {"id3", "id4"});  // Duplicates drop out.
  EXPECT_EQ(Order(7, shuffled), order);
  EXPECT_NE(Order(8, ids), order);

  std::vector<std::string> more = ids;
  more.insert(more.begin() + 9, "new");
  std::vector<std::string> ordered = Order(7, more);
  ordered.erase(std::find(ordered.begin(), ordered.end(), "new"));
  EXPECT_EQ(ordered, order);
}

TEST(NaturalLess, NumbersByValue) {
  std::vector<std::string> names = {"NYU2_433", "NYU2_4", "a10b2", "NYU2_45",
                                    "a2",       "a10b10", "1",     "01",
                                    "a",        ""};
  std::sort(names.begin(), names.end(), NaturalLess);
  EXPECT_THAT(names, ElementsAre("", "01", "1", "NYU2_4", "NYU2_45", "NYU2_433",
                                 "a", "a2", "a10b2", "a10b10"));
  for (const std::string& name : names) EXPECT_FALSE(NaturalLess(name, name));
}

}  // namespace
}  // namespace bild
