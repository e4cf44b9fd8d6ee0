// The program as a user starts it, at the smallest size: every benchmark is
// there under its name, and its counters are numbers that can be true.

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/testing/program_runner.h"

namespace bild {
namespace {

using nlohmann::json;
using testing::HasSubstr;

ProgramOutcome StepCost(std::vector<std::string> arguments) {
  ProgramCall call;
  call.program = TestedProgram("STEP_COST_PROGRAM");
  call.arguments = {"--batch=3",           "--crop_px=16",
                    "--rounds=1",          "--warmup_rounds=1",
                    "--threads=1",         "--benchmark_min_time=0",
                    "--validation_batch=3"};
  call.arguments.insert(call.arguments.end(), arguments.begin(),
                        arguments.end());
  return RunProgram(call);
}

// Benchmarks by name.
std::map<std::string, json> Benchmarks(const ProgramOutcome& outcome) {
  std::map<std::string, json> benchmarks;
  const json document =
      json::parse(outcome.out, nullptr, /*allow_exceptions=*/false);
  EXPECT_TRUE(document.is_object()) << Describe(outcome);
  if (!document.is_object()) return benchmarks;
  for (const json& benchmark : document.at("benchmarks")) {
    benchmarks[benchmark.at("name").get<std::string>()] = benchmark;
  }
  return benchmarks;
}

TEST(StepCostProgramTest, EveryCounterOfEveryStep) {
  const ProgramOutcome outcome = StepCost({"--benchmark_format=json"});
  ASSERT_EQ(outcome.exit_code, 0) << Describe(outcome);
  const std::map<std::string, json> benchmarks = Benchmarks(outcome);
  for (const std::string backbone : {"aodnet", "ffa[dim=16,blocks=2]"}) {
    SCOPED_TRACE(backbone);
    ASSERT_EQ(benchmarks.count("forward/" + backbone), 1);
    EXPECT_GT(benchmarks.at("forward/" + backbone).at("ms"), 0.0);
    ASSERT_EQ(benchmarks.count("split/" + backbone), 1);
    for (const std::string part :
         {"phi_forward", "inner", "validation", "rewards", "phi_backward"}) {
      EXPECT_GT(benchmarks.at("split/" + backbone).at(part + "_ms"), 0.0);
    }
    std::map<std::string, double> live;
    for (const std::string step :
         {"plain_autograd", "plain", "floor", "bild", "bild_in_backward",
          "bild_layerwise", "bild_forward", "bild_outer_every_5",
          "bild_quarter_validation", "frozen_random"}) {
      SCOPED_TRACE(step);
      const std::string name = "step/" + backbone + "/" + step;
      ASSERT_EQ(benchmarks.count(name), 1);
      const json& benchmark = benchmarks.at(name);
      EXPECT_FALSE(benchmark.contains("error_occurred")) << benchmark;
      for (const std::string counter :
           {"ms", "ratio_to_plain", "ratio_to_floor"}) {
        for (const std::string suffix : {"_low", "", "_high"}) {
          ASSERT_TRUE(benchmark.contains(counter + suffix)) << counter;
          const double value = benchmark.at(counter + suffix);
          EXPECT_TRUE(std::isfinite(value) && value > 0) << counter << suffix;
        }
        EXPECT_LE(benchmark.at(counter + "_low"), benchmark.at(counter));
        EXPECT_LE(benchmark.at(counter), benchmark.at(counter + "_high"));
      }
      EXPECT_GT(benchmark.at("best_ratio_to_floor"), 0.0);
      EXPECT_GT(benchmark.at("live_mib"), 0.0);
      live[step] = benchmark.at("live_ratio");
      EXPECT_GT(live[step], 0.0);
    }
    // Bytes do not depend on the machine.
    EXPECT_EQ(live["floor"], 1.0);
    EXPECT_LT(live["plain_autograd"], 1.0);
    EXPECT_LT(live["plain"], 1.0);
    EXPECT_LT(live["frozen_random"], 1.0);
    EXPECT_LT(live["bild"], live["bild_layerwise"]);
    EXPECT_EQ(benchmarks.at("step/" + backbone + "/bild").at("label"),
              "in_backward");
    EXPECT_EQ(benchmarks.at("step/" + backbone + "/bild_forward").at("label"),
              "forward");
  }
}

// What the method promises, at the size that it promises it for.
TEST(StepCostProgramTest, BildLivesWithinATenthOfTheFloor) {
  const ProgramOutcome outcome =
      StepCost({"--benchmark_format=json", "--batch=8", "--validation_batch=8",
                "--crop_px=64", "--benchmark_filter=step/ffa.dim=16.*/bild$"});
  ASSERT_EQ(outcome.exit_code, 0) << Describe(outcome);
  const std::map<std::string, json> benchmarks = Benchmarks(outcome);
  ASSERT_EQ(benchmarks.size(), 1) << Describe(outcome);
  EXPECT_LT(benchmarks.begin()->second.at("live_ratio"), 1.1);
}

TEST(StepCostProgramTest, TheNetsThatAreNamed) {
  const ProgramOutcome outcome =
      StepCost({"--backbone=ffa;aodnet", "--benchmark_list_tests",
                "--benchmark_filter=step/.*/bild$"});
  EXPECT_EQ(outcome.exit_code, 0) << Describe(outcome);
  EXPECT_EQ(outcome.out, "step/ffa/bild\nstep/aodnet/bild\n");
}

TEST(StepCostProgramTest, SaysHowItWasMeasured) {
  const ProgramOutcome outcome = StepCost(
      {"--benchmark_format=json", "--benchmark_filter=forward/aodnet"});
  ASSERT_EQ(outcome.exit_code, 0) << Describe(outcome);
  const json context = json::parse(outcome.out).at("context");
  EXPECT_THAT(context.at("libraries").get<std::string>(),
              HasSubstr("LibTorch "));
  EXPECT_EQ(context.at("threads"), "1");
  EXPECT_EQ(context.at("rounds"), "1 after 1");
  EXPECT_EQ(context.at("clock"), "wall");
  EXPECT_TRUE(context.contains("commit"));
  EXPECT_THAT(context.at("malloc").get<std::string>(), HasSubstr("mallopt"));
}

TEST(StepCostProgramTest, WrongUsageIsTwo) {
  const std::map<std::string, std::string> wrong = {
      {"--batch=2", "z-score"},
      {"--rounds=0", "--rounds=0"},
      {"--clock=sun", "--clock='sun'"},
      {"--threads=-1", "--threads=-1"},
      {"--thread=1", "unknown flag --thread"},
      {"--validation_batch=-1", "--validation_batch=-1"},
      {"--reward_memory_mib=0", "--reward_memory_mib=0"},
      {"--backbone=aodnet;nonet", "nonet"},
      {"--benchmark_filter=nothing", "nothing"}};
  for (const auto& [argument, fragment] : wrong) {
    const ProgramOutcome outcome = StepCost({argument});
    EXPECT_EQ(outcome.exit_code, 2) << Describe(outcome);
    EXPECT_THAT(outcome.err, HasSubstr(fragment));
  }
  const ProgramOutcome help = StepCost({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.out, HasSubstr("warmup_rounds"));
}

}  // namespace
}  // namespace bild
