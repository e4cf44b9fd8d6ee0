// A run that is killed again and again ends with the bits of one that was not.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "bild/base/seed.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/benchmarks/tiny_run.h"

namespace bild {
namespace {

using testing::HasSubstr;
using testing::Not;

using std::chrono::milliseconds;

constexpr milliseconds kLongEnough{60000};

const std::vector<std::string>& Flags() {
  static const std::vector<std::string> flags = {"--steps=30", "--log_every=3",
                                                 "--eval_every=5"};
  return flags;
}

ProgramCall RunInto(const std::string& out) {
  ProgramCall call = TinyRun(Flags());
  call.arguments.push_back("--resume");
  call.arguments.push_back("--out=" + out);
  return call;
}

// The unbroken run, made once.
struct Unbroken {
  Unbroken() {
    const ProgramOutcome outcome = RunProgram(RunInto(folder / "out"));
    EXPECT_EQ(outcome.exit_code, 0) << Describe(outcome);
  }
  TemporaryFolder folder;
};

const Unbroken& Reference() {
  static const Unbroken unbroken;
  return unbroken;
}

void ExpectSameAsUnbroken(const std::string& out) {
  const std::string reference = Reference().folder / "out";
  EXPECT_EQ(RecordsWithoutTimes(out), RecordsWithoutTimes(reference));
  for (const char* name :
       {"/per_image.csv", "/curves.csv", "/weights.csv", "/config.flags",
        "/checkpoints/bild_seed1/state.safetensors",
        "/checkpoints/bild_seed1/best@val.safetensors",
        "/checkpoints/plain_seed1/last.safetensors",
        "/figures/convergence.svg"}) {
    EXPECT_EQ(Content(out + name), Content(reference + name)) << name;
  }
  // Nor is anything left of the processes that were killed.
  for (const std::string& path : Tree(out)) {
    EXPECT_THAT(path, Not(HasSubstr(".bild-tmp.")));
  }
}

// When the two checkpoints were written last.
std::vector<int64_t> CheckpointTimes(const std::string& out) {
  std::vector<int64_t> times;
  for (const char* method : {"plain", "bild"}) {
    std::error_code error;
    const auto time = std::filesystem::last_write_time(
        out + "/checkpoints/" + method + "_seed1/state.safetensors", error);
    times.push_back(error ? 0 : time.time_since_epoch().count());
  }
  return times;
}

// After some checkpoint and a random time more, so that every round gets on. A
// machine that stalls may let a run get through; another is begun then.
TEST(KillTest, AtRandomMoments) {
  Reference();
  const TemporaryFolder folder;
  SeedEngine engine(1, SeedStream::kShuffle, 0, 0);
  constexpr int kKills = 6;
  constexpr int kRounds = 60;
  int killed = 0;
  int run = 0;
  for (int round = 0; killed < kKills; ++round) {
    ASSERT_LT(round, kRounds) << killed << " kills";
    const std::string out = folder / ("out" + std::to_string(run));
    const std::vector<int64_t> before = CheckpointTimes(out);
    StartedProgram program(RunInto(out));
    program.WaitUntil([&] { return CheckpointTimes(out) != before; },
                      kLongEnough);
    program.WaitUntil([] { return false; },
                      milliseconds(engine.UniformInt(40)));
    const ProgramOutcome outcome = program.Kill();
    if (outcome.signal == 9) {
      ++killed;
      continue;
    }
    // It never ends by itself with anything but success.
    ASSERT_EQ(outcome.exit_code, 0) << Describe(outcome);
    ExpectSameAsUnbroken(out);
    ++run;
  }
  const std::string out = folder / ("out" + std::to_string(run));
  const ProgramOutcome outcome = RunProgram(RunInto(out));
  EXPECT_EQ(outcome.exit_code, 0) << Describe(outcome);
  ExpectSameAsUnbroken(out);
}

// The moments that matter: right after each file that a restart looks at.
TEST(KillTest, AfterEachFileThatARestartLooksAt) {
  const TemporaryFolder folder;
  int killed = 0;
  int run = 0;
  for (const char* file :
       {"/identity.txt", "/config.flags", "/checkpoints/input/per_image.csv",
        "/checkpoints/input/records.jsonl",
        "/checkpoints/plain_seed1/journal.jsonl",
        "/checkpoints/plain_seed1/state.safetensors",
        "/checkpoints/plain_seed1/best@val.safetensors",
        "/checkpoints/plain_seed1/per_image.csv",
        "/checkpoints/plain_seed1/records.jsonl",
        "/checkpoints/bild_seed1/state.safetensors",
        "/checkpoints/bild_seed1/records.jsonl", "/per_image.csv",
        "/records.jsonl", "/report.csv"}) {
    const std::string out = folder / ("out" + std::to_string(run));
    StartedProgram program(RunInto(out));
    // Where it is there already, this is a kill at the very start.
    const bool is_there =
        program.WaitUntil([&] { return Exists(out + file); }, kLongEnough);
    const ProgramOutcome outcome = program.Kill();
    if (outcome.signal == 9) ++killed;
    if (outcome.signal == 0) {
      // It was faster than the kill: the files that follow need a new run.
      ASSERT_EQ(outcome.exit_code, 0) << file << "\n" << Describe(outcome);
      ExpectSameAsUnbroken(out);
      ++run;
    }
    EXPECT_TRUE(is_there || outcome.signal == 0) << file;
    // Records say that everything else is there.
    if (Exists(out + "/records.jsonl")) {
      EXPECT_TRUE(Exists(out + "/per_image.csv"));
      EXPECT_TRUE(Exists(out + "/curves.csv"));
      EXPECT_TRUE(Exists(out + "/weights.csv"));
    }
  }
  const std::string out = folder / ("out" + std::to_string(run));
  const ProgramOutcome outcome = RunProgram(RunInto(out));
  EXPECT_EQ(outcome.exit_code, 0) << Describe(outcome);
  EXPECT_GE(killed, 5);
  ExpectSameAsUnbroken(out);
}

}  // namespace
}  // namespace bild
