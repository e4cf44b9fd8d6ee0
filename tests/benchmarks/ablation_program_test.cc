// An ablation from end to end: what it leaves, that it goes on where it was
// stopped, and that each of its runs is the ordinary run it says it is.

#include <chrono>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reports/record.h"
#include "tests/benchmarks/tiny_run.h"
#include "tests/datasets/pictures.h"

namespace bild {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsSupersetOf;

ProgramCall TinyEngines(const std::vector<std::string>& arguments) {
  ProgramCall call = TinyRun(arguments);
  call.program = TestedProgram("ABLATION_ENGINES");
  call.arguments.emplace_back("--methods=bild");
  return call;
}

class AblationProgramTest : public testing::Test {
 protected:
  const TemporaryFolder folder_;
  const std::string out_ = folder_ / "out";
};

TEST_F(AblationProgramTest, LeavesTablesFiguresAndOrdinaryRuns) {
  const ProgramOutcome outcome =
      RunProgram(TinyEngines({"--alpha=0.1", "--out=" + out_}));
  ASSERT_EQ(outcome.exit_code, 0) << Describe(outcome);
  EXPECT_THAT(
      outcome.out,
      AllOf(HasSubstr("variant=reward_engine=layerwise dataset="),
            EndsWith("results=" + out_ + " report=" + out_ + "/report.md\n")));
  const std::string run = "variants/reward_engine=in_backward";
  EXPECT_THAT(
      Tree(out_),
      IsSupersetOf({std::string("config.flags"), std::string("report.md"),
                    std::string("report.csv"), std::string("seeds.csv"),
                    std::string("figures/weight_gain.svg"),
                    run + "/records.jsonl", run + "/report.md"}));

  // The same run by the ordinary program.
  ProgramCall ordinary = TinyRun({});
  ordinary.arguments = {"--flagfile=" + out_ + "/" + run + "/config.flags",
                        "--out=" + folder_ / "ordinary"};
  const ProgramOutcome again = RunProgram(ordinary);
  ASSERT_EQ(again.exit_code, 0) << Describe(again);
  EXPECT_EQ(RecordsWithoutTimes(out_ + "/" + run),
            RecordsWithoutTimes(folder_ / "ordinary"));

  // And the whole ablation by its own flags.
  ProgramCall repeated = TinyEngines({});
  repeated.arguments = {"--flagfile=" + out_ + "/config.flags",
                        "--out=" + folder_ / "again"};
  ASSERT_EQ(RunProgram(repeated).exit_code, 0);
  EXPECT_EQ(Content(folder_ / "again/identity.txt"),
            Content(out_ + "/identity.txt"));

  const ProgramOutcome done =
      RunProgram(TinyEngines({"--alpha=0.1", "--out=" + out_}));
  EXPECT_EQ(done.exit_code, 0) << Describe(done);
  EXPECT_THAT(done.err, HasSubstr("already done, nothing to do"));
  EXPECT_EQ(done.out, outcome.out);
}

TEST_F(AblationProgramTest, GoesOnWhereItWasStopped) {
  const std::string first = out_ + "/variants/reward_engine=per_sample";
  {
    StartedProgram program(TinyEngines({"--out=" + out_}));
    ASSERT_TRUE(
        program.WaitUntil([&] { return Exists(first + "/records.jsonl"); },
                          std::chrono::seconds(120)));
    program.Kill();
  }
  EXPECT_FALSE(Exists(out_ + "/report.md"));
  const std::string before = Content(first + "/records.jsonl");
  const ProgramOutcome refused = RunProgram(TinyEngines({"--out=" + out_}));
  EXPECT_EQ(refused.exit_code, 1) << Describe(refused);
  EXPECT_THAT(refused.err, HasSubstr("holds a half-done ablation"));
  const ProgramOutcome resumed =
      RunProgram(TinyEngines({"--resume", "--out=" + out_}));
  ASSERT_EQ(resumed.exit_code, 0) << Describe(resumed);
  EXPECT_TRUE(Exists(out_ + "/report.md"));
  EXPECT_EQ(Content(first + "/records.jsonl"), before);
}

TEST_F(AblationProgramTest, UsageAndHelp) {
  const ProgramOutcome wrong = RunProgram(
      TinyEngines({"--backbone=aodnat", "--batch=2", "--out=" + out_}));
  EXPECT_EQ(wrong.exit_code, 2) << Describe(wrong);
  EXPECT_THAT(wrong.err, AllOf(HasSubstr("ablation_engines cannot run so:"),
                               HasSubstr("aodnat"), HasSubstr("zscore")));
  EXPECT_FALSE(Exists(out_));
  const ProgramOutcome help = RunProgram(TinyEngines({"--help"}));
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.out,
              AllOf(HasSubstr("bazel run //benchmarks:ablation_engines"),
                    HasSubstr("curves must coincide")));
}

// A name alone is the net as its recipe has it.
TEST_F(AblationProgramTest, TakesTheRecipeOfAnyNet) {
  ProgramCall call = TinyEngines({});
  call.arguments = {"--profile=ci", "--backbone=ffa", "--dataset=ots",
                    "--workers=-1", "--loss=l3"};
  const ProgramOutcome outcome = RunProgram(call);
  EXPECT_EQ(outcome.exit_code, 2) << Describe(outcome);
  call.arguments = {"--profile=ci", "--backbone=ffa", "--dataset=ots",
                    "--steps=1",    "--log_every=1",  "--synthetic_size=48x48",
                    "--crop_px=16", "--batch=3",      "--threads=1",
                    "--out=" + out_};
  const ProgramOutcome run = RunProgram(call);
  ASSERT_EQ(run.exit_code, 0) << Describe(run);
  const auto records =
      ReadRecords(out_ + "/variants/reward_engine=forward/records.jsonl");
  ASSERT_TRUE(records.ok()) << records.status();
  EXPECT_EQ(records->back().backbone, "ffa[dim=16,blocks=1]");
  EXPECT_EQ(records->back().target, "ots_ffa");
}

}  // namespace
}  // namespace bild
