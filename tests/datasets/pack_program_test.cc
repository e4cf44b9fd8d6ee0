// pack as a user starts it, interrupts it, kills it.

#include <signal.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "bild/base/atomic_file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/datasets/pictures.h"
#include "tests/testing/program_runner.h"
#include "tests/testing/small_disk.h"
#include "tests/testing/temporary_folder.h"

namespace bild {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

void WritePairs(const std::string& root, int count, int64_t side_px) {
  const Image picture = PatternImage(side_px, side_px, 7);
  WritePicture(root + "/hazy/s100.png", picture);
  WritePicture(root + "/clear/s100.png", PatternImage(side_px, side_px, 8));
  for (int i = 1; i < count; ++i) {
    const std::string name = "/s" + std::to_string(100 + i) + ".png";
    for (const std::string side : {"/hazy", "/clear"}) {
      std::filesystem::copy_file(root + side + "/s100.png", root + side + name);
    }
  }
}

ProgramCall Call(const std::vector<std::string>& arguments) {
  ProgramCall call;
  call.program = TestedProgram("PACK");
  call.arguments = arguments;
  return call;
}

class PackProgramTest : public testing::Test {
 protected:
  ProgramCall PackCall(const std::string& output) const {
    return Call(
        {"--dataset=pair", "--data_root=" + data_, "--output=" + output});
  }

  const TemporaryFolder folder_;
  const std::string data_ = folder_ / "data";
  const std::string cache_ = folder_ / "cache";
};

TEST_F(PackProgramTest, PacksOnceAndChecks) {
  WritePairs(data_, 3, 20);
  const ProgramOutcome first = RunProgram(PackCall(cache_));
  EXPECT_EQ(first.exit_code, 0) << Describe(first);
  EXPECT_THAT(first.out,
              AllOf(HasSubstr("dataset=pair layout=folders pairs=3 images=6 "
                              "bytes="),
                    HasSubstr("/cache/pair.index resumed=0 verdict=ok\n")));
  const ProgramOutcome again = RunProgram(PackCall(cache_));
  EXPECT_EQ(again.exit_code, 0) << Describe(again);
  EXPECT_THAT(again.err, HasSubstr("packed already"));
  const ProgramOutcome checked = RunProgram(
      Call({"--dataset=pair", "--output=" + cache_, "--check", "--deep"}));
  EXPECT_EQ(checked.exit_code, 0) << Describe(checked);
  EXPECT_THAT(checked.out, HasSubstr("deep=1 verdict=ok"));

  WritePicture(data_ + "/hazy/s101.png", PatternImage(20, 20, 4711));
  const ProgramOutcome stale =
      RunProgram(Call({"--dataset=pair", "--output=" + cache_, "--check"}));
  EXPECT_EQ(stale.exit_code, 1) << Describe(stale);
  EXPECT_THAT(stale.err, AllOf(HasSubstr("1 of 6 pictures changed"),
                               HasSubstr("Pack it again: ")));
  EXPECT_THAT(stale.out, IsEmpty());
}

TEST_F(PackProgramTest, WrongCallsAreExitCode2WithEverythingThatIsWrong) {
  const ProgramOutcome empty = RunProgram(Call({"--deep"}));
  EXPECT_EQ(empty.exit_code, 2) << Describe(empty);
  EXPECT_THAT(empty.err, AllOf(HasSubstr("--dataset is not given"),
                               HasSubstr("--data_root is not given"),
                               HasSubstr("--output is not given"),
                               HasSubstr("--deep goes with --check")));
  const ProgramOutcome unscorable = RunProgram(
      Call({"--dataset=rtts", "--data_root=" + data_, "--output=" + cache_}));
  EXPECT_EQ(unscorable.exit_code, 2) << Describe(unscorable);
  const ProgramOutcome unknown = RunProgram(
      Call({"--dataset=itts", "--data_root=" + data_, "--output=" + cache_}));
  EXPECT_EQ(unknown.exit_code, 2) << Describe(unknown);
  const ProgramOutcome missing = RunProgram(PackCall(cache_));
  EXPECT_EQ(missing.exit_code, 1) << Describe(missing);
  EXPECT_FALSE(std::filesystem::exists(cache_));
}

// Killed in the middle, again and again, it gets there, and until then there is
// no index.
TEST_F(PackProgramTest, KilledPackingsGoOn) {
  WritePairs(data_, 300, 120);
  const std::string unbroken = folder_ / "unbroken";
  ASSERT_EQ(RunProgram(PackCall(unbroken)).exit_code, 0);
  int killed = 0;
  for (int round = 0; round < 40; ++round) {
    StartedProgram program(PackCall(cache_));
    const std::string journal = cache_ + "/pair.journal";
    std::error_code error;
    const auto before = std::filesystem::file_size(journal, error);
    program.WaitUntil(
        [&] {
          std::error_code none;
          const auto now = std::filesystem::file_size(journal, none);
          return !none && (error || now > before);
        },
        std::chrono::seconds(60));
    const ProgramOutcome outcome = program.Kill();
    if (outcome.signal == SIGKILL) {
      ++killed;
      if (std::filesystem::exists(cache_ + "/pair.index")) break;
      continue;
    }
    EXPECT_EQ(outcome.exit_code, 0) << Describe(outcome);
    break;
  }
  EXPECT_GE(killed, 2);
  // What a kill leaves in the middle of writing the index. Linux numbers no
  // process so high.
  WriteBytes(cache_ + "/.pair.index.bild-tmp.4194305", "half");
  const ProgramOutcome last = RunProgram(PackCall(cache_));
  EXPECT_EQ(last.exit_code, 0) << Describe(last);
  for (const std::string name : {"/pair.index", "/pair.pixels"}) {
    EXPECT_EQ(ReadFile(cache_ + name).value(),
              ReadFile(unbroken + name).value())
        << name;
  }
  EXPECT_THAT(NamesIn(cache_), ElementsAre("pair.index", "pair.pixels"));
}

// Ctrl-C: what is done stays, and the shell sees an interrupted program.
TEST_F(PackProgramTest, CtrlCStopsCleanly) {
  WritePairs(data_, 300, 120);
  ProgramOutcome outcome;
  // On a busy machine it may be done before the signal comes.
  for (int round = 0; round < 20 && outcome.signal == 0; ++round) {
    std::filesystem::remove_all(cache_);
    StartedProgram program(PackCall(cache_));
    program.WaitUntil(
        [&] { return std::filesystem::exists(cache_ + "/pair.journal"); },
        std::chrono::seconds(60));
    program.Signal(SIGINT);
    outcome = program.Wait();
  }
  EXPECT_EQ(outcome.signal, SIGINT) << Describe(outcome);
  EXPECT_THAT(outcome.err,
              HasSubstr("of 600 pictures packed; the same call goes on"));
  EXPECT_FALSE(std::filesystem::exists(cache_ + "/pair.index"));
  const ProgramOutcome again = RunProgram(PackCall(cache_));
  EXPECT_EQ(again.exit_code, 0) << Describe(again);
}

// Killed wherever a file gets its name: the cache of before is still whole, or
// the next call goes on and decodes nothing again.
TEST_F(PackProgramTest, KilledBetweenAnyTwoRenamesItGoesOn) {
  WritePairs(data_, 3, 20);
  ASSERT_EQ(RunProgram(PackCall(cache_)).exit_code, 0);
  WritePicture(data_ + "/hazy/s101.png", PatternImage(20, 20, 4711));
  const std::string unbroken = folder_ / "unbroken";
  ASSERT_EQ(RunProgram(PackCall(unbroken)).exit_code, 0);
  const std::string before = folder_ / "before";
  std::filesystem::copy(cache_, before);
  int killed = 0;
  for (int last = 1; last < 20; ++last) {
    std::filesystem::remove_all(cache_);
    std::filesystem::copy(before, cache_);
    ProgramCall call = PackCall(cache_);
    call.environment = {{"LD_PRELOAD", TestedProgram("DYING_RENAME")},
                        {"DIE_AT_RENAME", std::to_string(last)}};
    const ProgramOutcome outcome = RunProgram(call);
    if (outcome.signal != SIGKILL) {
      EXPECT_EQ(outcome.exit_code, 0) << Describe(outcome);
      break;
    }
    ++killed;
    bool is_as_before = true;
    for (const std::string name : {"/pair.index", "/pair.pixels"}) {
      is_as_before = is_as_before && ReadFile(cache_ + name).value_or("none") ==
                                         ReadFile(before + name).value();
    }
    const ProgramOutcome again = RunProgram(PackCall(cache_));
    EXPECT_EQ(again.exit_code, 0) << last << ": " << Describe(again);
    EXPECT_TRUE(is_as_before ||
                again.out.find(" resumed=6 ") != std::string::npos)
        << last << ": " << Describe(again);
    for (const std::string name : {"/pair.index", "/pair.pixels"}) {
      EXPECT_EQ(ReadFile(cache_ + name).value(),
                ReadFile(unbroken + name).value())
          << last << name;
    }
    EXPECT_THAT(NamesIn(cache_), ElementsAre("pair.index", "pair.pixels"));
  }
  // The journal, the index, the pixels.
  EXPECT_EQ(killed, 3);
}

// The room is there for the pixels and not for the index behind them.
TEST_F(PackProgramTest, AFullDiskAtTheEndLeavesTheOldCache) {
  // A long path in every line of the index, which the journal does not have.
  const std::string data = folder_ / ("data" + std::string(200, 'x'));
  WritePairs(data, 40, 20);
  const auto call = [&data](const std::string& output) {
    return Call(
        {"--dataset=pair", "--data_root=" + data, "--output=" + output});
  };
  const std::string disk = folder_ / "disk";
  ASSERT_TRUE(MakeFolders(disk).ok());
  const SmallDiskResult result =
      RunOnSmallDisk(disk, /*size_bytes=*/1 << 20, [&]() -> std::string {
        const ProgramOutcome first = RunProgram(call(disk));
        if (first.exit_code != 0) return Describe(first);
        const std::string index = ReadFile(disk + "/pair.index").value();
        const std::string pixels = ReadFile(disk + "/pair.pixels").value();
        WritePicture(data + "/hazy/s101.png", PatternImage(20, 20, 4711));
        // For the pixels, their journal of 16 KiB, and not for the index.
        const auto left = static_cast<int64_t>(pixels.size()) + (28 << 10);
        if (index.size() < (32 << 10)) return "the index is too small";
        const auto free_bytes =
            static_cast<int64_t>(std::filesystem::space(disk).available);
        WriteBytes(disk + "/filler",
                   std::string(static_cast<size_t>(free_bytes - left), 'x'));
        const ProgramOutcome full = RunProgram(call(disk));
        if (full.exit_code != 1 ||
            full.err.find("No space left on device") == std::string::npos ||
            full.err.find("pair.index") == std::string::npos) {
          return Describe(full);
        }
        if (NamesIn(disk) !=
            std::vector<std::string>{"filler", "pair.index", "pair.pixels"}) {
          return "left something";
        }
        return ReadFile(disk + "/pair.index").value() == index &&
                       ReadFile(disk + "/pair.pixels").value() == pixels
                   ? ""
                   : "the old cache is gone";
      });
  if (!result.was_mounted) GTEST_SKIP() << result.reason;
  EXPECT_EQ(result.problem, "");
}

TEST_F(PackProgramTest, AFullDiskLeavesNothing) {
  WritePairs(data_, 20, 120);
  const std::string disk = folder_ / "disk";
  ASSERT_TRUE(MakeFolders(disk).ok());
  const SmallDiskResult result =
      RunOnSmallDisk(disk, /*size_bytes=*/1 << 20, [&]() -> std::string {
        const ProgramOutcome outcome = RunProgram(PackCall(disk));
        const bool says_so =
            outcome.err.find("No space left on device") != std::string::npos &&
            outcome.err.find("--output") != std::string::npos;
        if (outcome.exit_code != 1 || !says_so) return Describe(outcome);
        return std::filesystem::is_empty(disk) ? "" : "left something";
      });
  if (!result.was_mounted) GTEST_SKIP() << result.reason;
  EXPECT_EQ(result.problem, "");
}

}  // namespace
}  // namespace bild
