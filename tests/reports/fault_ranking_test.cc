#include "reports/fault_ranking.h"

#include <cmath>
#include <string>
#include <vector>

#include "bild/base/seed.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

TEST(BatchAucTest, CountsPairsWithinBatches) {
  BatchAuc auc;
  EXPECT_FALSE(auc.Value().has_value());
  // Sound 0.5, 0.3; faulty 0.4, 0.1: (0.5 > both) + (0.3 > 0.1) = 3 of 4.
  auc.Add({0.5, 0.4, 0.3, 0.1}, {false, true, false, true});
  EXPECT_EQ(auc.Value(), 0.75);
  // One kind alone says nothing.
  auc.Add({1, 2, 3}, {true, true, true});
  auc.Add({1, 2, 3}, {false, false, false});
  EXPECT_EQ(auc.Value(), 0.75);
  // Sound -2, faulty -1, -2: lost, and half for the tie. (3 + 0.5) / 6.
  auc.Add({-1, -2, -2}, {true, false, true});
  EXPECT_EQ(auc.Value(), 3.5 / 6);
}

TEST(BatchAucTest, ExtremesAndChance) {
  BatchAuc best;
  BatchAuc worst;
  BatchAuc ties;
  BatchAuc chance;
  SeedEngine engine(1, SeedStream::kShuffle, 0, 0);
  for (int batch = 0; batch < 2000; ++batch) {
    std::vector<double> values;
    std::vector<bool> faulty;
    std::vector<double> sound;
    for (int i = 0; i < 8; ++i) {
      values.push_back(engine.Uniform());
      faulty.push_back(i < 3);
      sound.push_back(i < 3 ? 0.0 : 1.0);
    }
    chance.Add(values, faulty);
    best.Add(sound, faulty);
    for (double& value : sound) value = -value;
    worst.Add(sound, faulty);
    ties.Add(std::vector<double>(8, 0.125), faulty);
  }
  EXPECT_EQ(best.Value(), 1.0);
  EXPECT_EQ(worst.Value(), 0.0);
  EXPECT_EQ(ties.Value(), 0.5);
  // Standard deviation of one batch's value below 0.25.
  EXPECT_NEAR(*chance.Value(), 0.5, 4 * 0.25 / std::sqrt(2000.0));
}

WeightRow Row(const std::string& method, int64_t seed, int64_t step,
              int64_t place, const std::string& id, double weight,
              std::optional<double> reward) {
  return {method, seed, step, place, id, 0, 0, 16, weight, 0.1, reward};
}

TEST(RankFaultsTest, BySeedWithinTheWindow) {
  // "a" is faulty for seed 1, "b" for seed 2.
  const std::vector<LabelFaultRow> faults = {{1, "a", "hazy:0.5", "a"},
                                             {2, "b", "hazy:0.5", "b"}};
  std::vector<WeightRow> weights;
  for (const int64_t seed : {1, 2}) {
    for (const int64_t step : {10, 20, 30}) {
      // Early the faulty one of seed 1 weighs more, later less.
      const double of_a = step == 10 ? 0.9 : 0.2;
      weights.push_back(Row("bild", seed, step, 0, "a", of_a, 1.0));
      weights.push_back(Row("bild", seed, step, 1, "b", 1 - of_a, 2.0));
      weights.push_back(Row("plain", seed, step, 0, "a", 0.5, {}));
      weights.push_back(Row("plain", seed, step, 1, "b", 0.5, {}));
    }
  }
  FaultWindow window;
  window.method = "bild";
  auto rankings = RankFaults(weights, faults, window);
  ASSERT_EQ(rankings.size(), 2);
  EXPECT_EQ(rankings[1].weight_auc, 2.0 / 3);
  EXPECT_EQ(rankings[2].weight_auc, 1.0 / 3);
  EXPECT_EQ(rankings[1].reward_auc, 1.0);
  EXPECT_EQ(rankings[2].reward_auc, 0.0);
  EXPECT_EQ(rankings[1].patches, 6);
  EXPECT_EQ(rankings[1].faulty, 3);
  EXPECT_EQ(rankings[1].FaultyShare(), 0.5);

  window.after_step = 10;
  rankings = RankFaults(weights, faults, window);
  EXPECT_EQ(rankings[1].weight_auc, 1.0);
  EXPECT_EQ(rankings[1].patches, 4);
  window.after_step = 0;
  window.until_step = 10;
  EXPECT_EQ(RankFaults(weights, faults, window)[1].weight_auc, 0.0);

  window.method = "plain";
  rankings = RankFaults(weights, faults, window);
  EXPECT_EQ(rankings[1].weight_auc, 0.5);
  EXPECT_FALSE(rankings[1].reward_auc.has_value());
  window.method = "l2rw";
  EXPECT_TRUE(RankFaults(weights, faults, window).empty());
}

}  // namespace
}  // namespace bild
