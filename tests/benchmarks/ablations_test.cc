#include "benchmarks/ablations.h"

#include <map>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;

RunSpec Base() {
  RunSpec spec;
  spec.target = "ablation_any";
  spec.profile = "quick";
  spec.methods = {"bild"};
  spec.seeds = {1};
  spec.metric_profiles = {"default"};
  spec.train.backbone = "aodnet";
  spec.train.steps = 100;
  spec.data.dataset = "its";
  spec.data.label_fault = "hazy:0.3";
  return spec;
}

Ablation Make(const std::string& name, const RunSpec& base) {
  auto made = MakeAblation(name, base);
  EXPECT_TRUE(made.ok()) << name << ": " << made.status();
  return made.ok() ? *made : Ablation();
}

std::vector<std::string> Names(const Ablation& ablation) {
  std::vector<std::string> names;
  for (const AblationVariant& variant : ablation.plan.variants) {
    names.push_back(variant.name);
  }
  return names;
}

// A run's folder is its name and its row is found by its settings.
TEST(MakeAblationTest, EveryAblationIsAListOfDifferentOrdinaryRuns) {
  for (const std::string& name : AblationNames()) {
    const Ablation ablation = Make(name, Base());
    EXPECT_EQ(ablation.plan.target, name);
    EXPECT_FALSE(ablation.plan.question.empty());
    ASSERT_EQ(ablation.runs.size(), ablation.plan.variants.size()) << name;
    std::set<std::string> names;
    std::set<std::string> runs;
    for (size_t i = 0; i < ablation.runs.size(); ++i) {
      const AblationVariant& variant = ablation.plan.variants[i];
      EXPECT_EQ(variant.settings.size(), ablation.plan.knobs.size());
      EXPECT_EQ(variant.name.find('/'), std::string::npos);
      names.insert(variant.name);
      runs.insert(ConfigFlagsText(ablation.runs[i]));
      EXPECT_EQ(ablation.runs[i].target, "its_aodnet");
    }
    EXPECT_EQ(names.size(), ablation.runs.size()) << name;
    EXPECT_EQ(runs.size(), ablation.runs.size()) << name;
  }
}

TEST(MakeAblationTest, AlphaOverDecadesSignsAndNorms) {
  const Ablation ablation = Make("ablation_alpha", Base());
  EXPECT_THAT(Names(ablation),
              IsSupersetOf({"plain", "frozen_random,logit_norm=none",
                            "logit_norm=zscore,alpha=0",
                            "logit_norm=none,entropy=literal_6j,alpha=0.001",
                            "logit_norm=zscore,entropy=maximize,alpha=1"}));
  EXPECT_EQ(ablation.runs.size(), 1 + 2 * (2 + 2 * 4));
  std::map<std::string, RunSpec> runs;
  for (size_t i = 0; i < ablation.runs.size(); ++i) {
    runs[ablation.plan.variants[i].name] = ablation.runs[i];
  }
  const RunSpec& run = runs["logit_norm=none,entropy=literal_6j,alpha=0.1"];
  EXPECT_EQ(run.train.alpha, 0.1);
  EXPECT_EQ(run.train.entropy, "literal_6j");
  EXPECT_EQ(run.train.logit_norm, "none");
  EXPECT_THAT(run.methods, ElementsAre("bild"));
  EXPECT_THAT(runs["plain"].methods, ElementsAre("plain"));
}

TEST(MakeAblationTest, MarkovTakesEveryTruncationOfEveryHorizon) {
  const Ablation ablation = Make("ablation_markov", Base());
  EXPECT_THAT(
      Names(ablation),
      ElementsAre("plain", "horizon=1,truncate=1", "horizon=2,truncate=1",
                  "horizon=2,truncate=2", "horizon=4,truncate=1",
                  "horizon=4,truncate=2", "horizon=4,truncate=4",
                  "horizon=8,truncate=1", "horizon=8,truncate=2",
                  "horizon=8,truncate=4", "horizon=8,truncate=8"));
}

// --log_every counts outer steps: 24 of them are 24, 48, 96, 192 inner ones.
TEST(MakeAblationTest, WindowsOfAllHorizonsHaveTheSameNumberOfInnerSteps) {
  RunSpec base = Base();
  base.train.log_every = 24;
  for (const RunSpec& run : Make("ablation_markov", base).runs) {
    EXPECT_EQ(run.train.log_every * run.train.horizon, 24);
  }
  base.train.log_every = 4;
  EXPECT_EQ(Make("ablation_markov", base).runs.back().train.log_every, 1);
}

TEST(MakeAblationTest, EnginesThatCannotServeTheNetAreNamed) {
  RunSpec base = Base();
  EXPECT_EQ(Make("ablation_engines", base).runs.size(), 5);
  base.ddu = {true, 64, 64, 8};
  const Ablation coupled = Make("ablation_engines", base);
  EXPECT_THAT(Names(coupled),
              ElementsAre("reward_engine=per_sample", "reward_engine=forward",
                          "reward_engine=finite_difference"));
  EXPECT_THAT(coupled.plan.left_out,
              ElementsAre(HasSubstr("--reward_engine=in_backward"),
                          HasSubstr("--reward_engine=layerwise")));
}

TEST(MakeAblationTest, AnyDatasetAndNet) {
  RunSpec base = Base();
  base.data.dataset = "ots";
  base.train.backbone = "ffa[dim=16,blocks=1]";
  EXPECT_EQ(Make("ablation_controls", base).runs[0].target, "ots_ffa");
  // Sets without a target of their own are given to another one by flags.
  base.data.dataset = "pair";
  base.data.data_root = "/somewhere";
  EXPECT_EQ(Make("ablation_controls", base).runs[0].target, "its_ffa");
}

TEST(MakeAblationTest, WhatIsWrongWithAnyRunIsSaidBeforeTheFirst) {
  RunSpec base = Base();
  base.train.steps = 3;
  base.methods = {"bild", "l2rw"};
  const auto markov = MakeAblation("ablation_markov", base);
  EXPECT_EQ(markov.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(markov.status().message()),
              AllOf(HasSubstr("ablation_markov cannot run so:"),
                    HasSubstr("--horizon=8 with --steps=3"),
                    HasSubstr("--methods=l2rw with --horizon=2")));
  base = Base();
  base.methods = {"plain"};
  base.data.label_fault = "none";
  EXPECT_THAT(
      std::string(
          MakeAblation("ablation_label_fault", base).status().message()),
      AllOf(HasSubstr("there is no fault to find"),
            HasSubstr("is about bild")));
}

}  // namespace
}  // namespace bild
