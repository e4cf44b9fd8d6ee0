// The lists in datasets/lists, made again from the names and the seed.

#include <set>
#include <string>
#include <vector>

#include "bild/base/atomic_file.h"
#include "datasets/reside_ids.h"
#include "datasets/split.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

std::vector<PairName> PairsOf(std::vector<std::string> ids) {
  std::vector<PairName> pairs;
  for (const std::string& id : std::set<std::string>(ids.begin(), ids.end())) {
    pairs.push_back({id, ResideScene(id), "", ""});
  }
  return pairs;
}

void ExpectCommitted(const std::string& name, const std::string& text) {
  const auto file = ReadFile("datasets/lists/" + name);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(*file, text) << name;
}

TEST(CommittedLists, AreWhatTheRuleGives) {
  SplitOptions options;
  options.rule = SplitRule::kPaper;
  options.seed = 1;
  std::set<std::string> leaking;
  for (const std::string& id : SotsOutdoorIds()) {
    leaking.insert(ResideScene(id));
  }
  const auto its = MakeSplit(PairsOf(ItsIds()), {}, options);
  ASSERT_TRUE(its.ok()) << its.status();
  ExpectCommitted("its_train_paper_seed1.txt", its->train.text);
  ExpectCommitted("its_validation_seed1.txt", its->validation.text);
  const auto ots = MakeSplit(PairsOf(OtsBetaIds()), leaking, options);
  ASSERT_TRUE(ots.ok()) << ots.status();
  ExpectCommitted("ots_beta_train_paper_seed1.txt", ots->train.text);
  ExpectCommitted("ots_beta_validation_seed1.txt", ots->validation.text);
  ExpectCommitted("sots_indoor.txt", ListText(SotsIndoorIds()));
  ExpectCommitted("sots_outdoor.txt", ListText(SotsOutdoorIds()));
}

}  // namespace
}  // namespace bild
