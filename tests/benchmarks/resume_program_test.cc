// Half-done runs: when they go on, and from which checkpoints they do not.

#include <signal.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/benchmarks/tiny_run.h"
#include "tests/datasets/pictures.h"

namespace bild {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr std::chrono::seconds kLongEnough{60};

class ResumeTest : public testing::Test {
 protected:
  ProgramOutcome Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--methods=plain", "--out=" + out_});
    return RunProgram(TinyRun(arguments));
  }
  // Leaves a run with a checkpoint and without records.
  void LeaveHalfDone() {
    StartedProgram program(
        TinyRun({"--methods=plain", "--steps=100000", "--out=" + out_}));
    EXPECT_TRUE(program.WaitUntil(
        [this] {
          return Exists(out_ + "/checkpoints/plain_seed1/state.safetensors");
        },
        kLongEnough));
    EXPECT_EQ(program.Kill().signal, 9);
    EXPECT_FALSE(Exists(out_ + "/records.jsonl"));
  }
  const TemporaryFolder folder_;
  const std::string out_ = folder_ / "out";
};

TEST_F(ResumeTest, HalfDoneNeedsResume) {
  LeaveHalfDone();
  const auto before = Tree(out_);
  const ProgramOutcome refused = Run({"--steps=100000"});
  EXPECT_EQ(refused.exit_code, 1) << Describe(refused);
  EXPECT_THAT(refused.err,
              AllOf(HasSubstr("holds a half-done run"), HasSubstr("--resume")));
  EXPECT_EQ(Tree(out_), before);

  // And not by other flags.
  const ProgramOutcome other = Run({"--steps=6", "--resume"});
  EXPECT_EQ(other.exit_code, 1) << Describe(other);
  EXPECT_THAT(other.err, HasSubstr("belongs to another run"));
}

// The first Ctrl-C ends the run after a step; the shell sees an interrupted
// program, and the run goes on later.
TEST_F(ResumeTest, CtrlCStopsCleanlyAndTheRunGoesOn) {
  const std::vector<std::string> arguments = {
      "--methods=plain", "--steps=100000", "--workers=3", "--out=" + out_};
  const auto has_checkpoint = [this] {
    return Exists(out_ + "/checkpoints/plain_seed1/state.safetensors");
  };
  StartedProgram program(TinyRun(arguments));
  ASSERT_TRUE(program.WaitUntil(has_checkpoint, kLongEnough));
  program.Signal(SIGINT);
  const ProgramOutcome stopped = program.Wait();
  EXPECT_EQ(stopped.signal, SIGINT) << Describe(stopped);
  EXPECT_THAT(stopped.err, AllOf(HasSubstr("plain seed 1: stopped after step "),
                                 HasSubstr(" of 100000. The same command with "
                                           "--resume goes on")));
  EXPECT_EQ(stopped.out, "");
  for (const std::string& path : Tree(out_)) {
    EXPECT_THAT(path, Not(HasSubstr(".bild-tmp.")));
  }
  std::vector<std::string> again = arguments;
  again.emplace_back("--resume");
  StartedProgram resumed(TinyRun(again));
  EXPECT_TRUE(resumed.WaitUntil(
      [this] {
        return Content(out_ + "/log.txt").find("goes on from step ") !=
               std::string::npos;
      },
      kLongEnough));
}

TEST_F(ResumeTest, ResumeOnAnEmptyFolderStarts) {
  std::filesystem::create_directories(out_);
  EXPECT_EQ(Run({"--resume"}).exit_code, 0);
  EXPECT_TRUE(Exists(out_ + "/report.md"));
}

// A checkpoint that was copied in from elsewhere.
TEST_F(ResumeTest, TheCheckpointOfAnotherRunIsRefused) {
  ASSERT_EQ(Run({}).exit_code, 0);
  const std::string state = "/checkpoints/plain_seed1/state.safetensors";
  const std::string other = folder_ / "other";
  WriteBytes(other + state, Content(out_ + state));
  // Only the identity is missing: as if the folder had been put together by
  // hand.
  const ProgramOutcome foreign =
      RunProgram(TinyRun({"--methods=plain", "--resume", "--out=" + other}));
  EXPECT_EQ(foreign.exit_code, 1) << Describe(foreign);
  EXPECT_THAT(foreign.err, HasSubstr("checkpoints"));

  const std::string mixed = folder_ / "mixed";
  {
    StartedProgram program(TinyRun(
        {"--methods=plain", "--alpha=0.5", "--steps=9999", "--out=" + mixed}));
    EXPECT_TRUE(
        program.WaitUntil([&] { return Exists(mixed + state); }, kLongEnough));
    program.Kill();
  }
  WriteBytes(mixed + state, Content(out_ + state));
  const ProgramOutcome outcome =
      RunProgram(TinyRun({"--methods=plain", "--alpha=0.5", "--steps=9999",
                          "--resume", "--out=" + mixed}));
  EXPECT_EQ(outcome.exit_code, 1) << Describe(outcome);
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr("Checkpoint '"),
                    HasSubstr("belongs to another run"), HasSubstr(state)));
  EXPECT_FALSE(Exists(mixed + "/records.jsonl"));
  // Who looks later finds the reason in the folder.
  EXPECT_THAT(Content(mixed + "/log.txt"), HasSubstr("belongs to another run"));
}

TEST_F(ResumeTest, ADamagedCheckpointIsNamed) {
  LeaveHalfDone();
  const std::string state = out_ + "/checkpoints/plain_seed1/state.safetensors";
  WriteBytes(state, Content(state).substr(0, 1000));
  const ProgramOutcome outcome = Run({"--steps=100000", "--resume"});
  EXPECT_EQ(outcome.exit_code, 1) << Describe(outcome);
  EXPECT_THAT(outcome.err, HasSubstr("plain_seed1/state.safetensors"));
}

TEST_F(ResumeTest, TheDefaultFolderIsContinuedWithoutAsking) {
  ProgramCall call = TinyRun({"--methods=plain", "--steps=400"});
  const TemporaryFolder workspace;
  call.environment["BUILD_WORKSPACE_DIRECTORY"] = workspace.path();
  const std::string results = workspace / "results/its_aodnet";
  {
    StartedProgram program(call);
    EXPECT_TRUE(program.WaitUntil(
        [&] {
          if (!Exists(results)) return false;
          const auto runs = NamesIn(results);
          return runs.size() == 1 &&
                 Exists(results + "/" + runs[0] +
                        "/checkpoints/plain_seed1/state.safetensors");
        },
        kLongEnough));
    program.Kill();
  }
  const ProgramOutcome outcome = RunProgram(call);
  EXPECT_EQ(outcome.exit_code, 0) << Describe(outcome);
  EXPECT_THAT(outcome.err, HasSubstr("goes on from step"));
  const auto runs = NamesIn(results);
  ASSERT_EQ(runs.size(), 1);
  EXPECT_EQ(runs[0].size(), 12);
  EXPECT_TRUE(Exists(results + "/" + runs[0] + "/report.md"));
}

}  // namespace
}  // namespace bild
