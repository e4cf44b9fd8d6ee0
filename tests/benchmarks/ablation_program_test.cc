// An ablation from end to end: what it leaves, that it goes on where it was
// stopped, and that each of its runs is the ordinary run it says it is.

#include <signal.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

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
using testing::Not;

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

// Runs in processes of their own leave the files of runs one after another.
TEST_F(AblationProgramTest, SeveralAtOnceGiveTheSame) {
  const std::string serial = folder_ / "serial";
  ASSERT_EQ(RunProgram(TinyEngines({"--out=" + serial})).exit_code, 0);
  const ProgramOutcome outcome =
      RunProgram(TinyEngines({"--jobs=3", "--out=" + out_}));
  ASSERT_EQ(outcome.exit_code, 0) << Describe(outcome);
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr("5 runs, 3 at once"), HasSubstr("5 of 5 done")));
  EXPECT_EQ(Tree(out_), Tree(serial));
  EXPECT_EQ(Content(out_ + "/identity.txt"), Content(serial + "/identity.txt"));
  for (const char* engine : {"per_sample", "forward", "finite_difference"}) {
    const std::string run = std::string("/variants/reward_engine=") + engine;
    EXPECT_EQ(RecordsWithoutTimes(out_ + run),
              RecordsWithoutTimes(serial + run));
    EXPECT_EQ(Content(out_ + run + "/curves.csv"),
              Content(serial + run + "/curves.csv"));
  }
}

TEST_F(AblationProgramTest, CtrlCReachesRunsInProcesses) {
  const std::vector<std::string> flags = {"--steps=100000", "--jobs=2",
                                          "--resume", "--out=" + out_};
  const std::string run = out_ + "/variants/reward_engine=";
  StartedProgram program(TinyEngines(flags));
  const auto has_checkpoint = [&](const std::string& engine) {
    return Exists(run + engine + "/checkpoints/bild_seed1/state.safetensors");
  };
  ASSERT_TRUE(program.WaitUntil(
      [&] {
        return has_checkpoint("per_sample") && has_checkpoint("in_backward");
      },
      std::chrono::seconds(120)));
  program.Signal(SIGINT);
  const ProgramOutcome outcome = program.Wait();
  EXPECT_EQ(outcome.signal, SIGINT) << Describe(outcome);
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr("stopped with 0 of 5 runs done. The same command "
                              "with --resume goes on"),
                    Not(HasSubstr("did not end well"))));
  for (const char* engine : {"per_sample", "in_backward"}) {
    EXPECT_THAT(Content(run + engine + "/log.txt"), HasSubstr("stopped after"));
  }
  EXPECT_FALSE(Exists(run + "forward"));
}

TEST_F(AblationProgramTest, OneVariantAlone) {
  const ProgramOutcome unknown = RunProgram(
      TinyEngines({"--variant=reward_engine=fast", "--out=" + out_}));
  EXPECT_EQ(unknown.exit_code, 2) << Describe(unknown);
  EXPECT_THAT(unknown.err, HasSubstr("expected one of\n  reward_engine="));
  const ProgramOutcome nowhere = RunProgram(
      TinyEngines({"--variant=reward_engine=forward", "--out=" + out_}));
  EXPECT_EQ(nowhere.exit_code, 2) << Describe(nowhere);
  EXPECT_THAT(nowhere.err, HasSubstr("of an ablation that was begun"));
  const ProgramOutcome ordinary = RunProgram(TinyRun({"--jobs=2"}));
  EXPECT_EQ(ordinary.exit_code, 2) << Describe(ordinary);
  EXPECT_THAT(ordinary.err, HasSubstr("--jobs and --variant are for"));

  {
    StartedProgram begun(TinyEngines({"--out=" + out_}));
    ASSERT_TRUE(begun.WaitUntil([&] { return Exists(out_ + "/config.flags"); },
                                std::chrono::seconds(120)));
    begun.Kill();
  }
  std::filesystem::remove_all(out_ + "/variants");
  const std::string run = out_ + "/variants/reward_engine=forward";
  const ProgramOutcome alone = RunProgram(
      TinyEngines({"--variant=reward_engine=forward", "--out=" + out_}));
  ASSERT_EQ(alone.exit_code, 0) << Describe(alone);
  EXPECT_FALSE(Exists(out_ + "/report.md"));
  const std::string before = Content(run + "/records.jsonl");
  // The ablation takes it over.
  const ProgramOutcome rest =
      RunProgram(TinyEngines({"--resume", "--out=" + out_}));
  ASSERT_EQ(rest.exit_code, 0) << Describe(rest);
  EXPECT_TRUE(Exists(out_ + "/report.md"));
  EXPECT_EQ(Content(run + "/records.jsonl"), before);
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
