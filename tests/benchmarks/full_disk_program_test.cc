// A disk that fills up under a run: exit code 1, a message that says so, no
// partial result, and what was there before stays.

#include <filesystem>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/benchmarks/tiny_run.h"
#include "tests/datasets/pictures.h"
#include "tests/testing/small_disk.h"

namespace bild {
namespace {

constexpr int64_t kRoomForAll = 1 << 20;
// Into the middle of the training.
constexpr int64_t kRoomForSome = 64 << 10;

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Runs into a folder on the small disk, which must be too small for it; returns
// what is wrong, or "".
std::string RunOutOfSpace(const std::string& disk) {
  const std::string out = disk + "/out";
  WriteBytes(disk + "/precious.txt", "kept\n");
  const ProgramOutcome outcome =
      RunProgram(TinyRun({"--methods=plain", "--out=" + out}));
  if (outcome.exit_code != 1) return "ended well: " + Describe(outcome);
  if (!Has(outcome.err, "No space left on device") ||
      !Has(outcome.err, "Free space there or choose another --out")) {
    return "does not say so: " + Describe(outcome);
  }
  if (outcome.out != "") return "wrote results: " + outcome.out;
  if (Exists(out + "/report.md")) return "left a report";
  if (Exists(out + "/records.jsonl") &&
      !(Exists(out + "/per_image.csv") && Exists(out + "/curves.csv") &&
        Exists(out + "/weights.csv"))) {
    return "left records without the rest";
  }
  if (Exists(out)) {
    for (const std::string& path : Tree(out)) {
      if (Has(path, ".bild-tmp.")) return "left " + path;
    }
  }
  if (Content(disk + "/precious.txt") != "kept\n") return "lost a file";
  return "";
}

// From no room for the first file to nearly enough for all.
TEST(FullDiskTest, NoPartialResultWhereverItHappens) {
  // The synthetic set is made first; it is not on the small disk.
  const TemporaryFolder folder;
  ASSERT_EQ(RunProgram(TinyRun({"--methods=plain", "--steps=1",
                                "--out=" + folder / "warm"}))
                .exit_code,
            0);
  std::filesystem::create_directories(folder / "disk");
  for (const int64_t size_kib : {16, 48, 96, 160}) {
    const SmallDiskResult result =
        RunOnSmallDisk(folder / "disk", size_kib << 10,
                       [&] { return RunOutOfSpace(folder / "disk"); });
    if (!result.was_mounted) {
      GTEST_SKIP() << "no small disk: " << result.reason;
    }
    EXPECT_EQ(result.problem, "") << size_kib << " KiB";
  }
}

// The synthetic set in the user's cache appears complete or not at all.
TEST(FullDiskTest, NoPartialSyntheticSet) {
  const TemporaryFolder folder;
  const std::string disk = folder / "disk";
  std::filesystem::create_directories(disk);
  const auto body = [&]() -> std::string {
    ProgramCall call = TinyRun({"--out=" + folder / "out"});
    call.environment["XDG_CACHE_HOME"] = disk + "/cache";
    const ProgramOutcome outcome = RunProgram(call);
    if (outcome.exit_code != 1) return "ended well: " + Describe(outcome);
    if (!Has(outcome.err, "No space left on device")) {
      return "does not say so: " + Describe(outcome);
    }
    for (const std::string& path : Tree(disk)) {
      if (!std::filesystem::is_directory(disk + "/" + path)) {
        return "left " + path;
      }
    }
    return Exists(folder / "out") ? "made a results folder" : "";
  };
  const SmallDiskResult result = RunOnSmallDisk(disk, kRoomForSome, body);
  if (!result.was_mounted) GTEST_SKIP() << "no small disk: " << result.reason;
  EXPECT_EQ(result.problem, "");
}

// Space that is made again lets the run go on and end as it should.
TEST(FullDiskTest, TheRunGoesOnWhenThereIsSpace) {
  const TemporaryFolder folder;
  const std::string disk = folder / "disk";
  ASSERT_EQ(RunProgram(TinyRun({"--methods=plain", "--out=" + folder / "good"}))
                .exit_code,
            0);
  std::filesystem::create_directories(disk);
  const auto body = [&]() -> std::string {
    const std::string out = disk + "/out";
    WriteBytes(disk + "/ballast", std::string(kRoomForAll - kRoomForSome, 'x'));
    const ProgramOutcome full =
        RunProgram(TinyRun({"--methods=plain", "--out=" + out}));
    if (full.exit_code != 1) return "not full: " + Describe(full);
    std::filesystem::remove(disk + "/ballast");
    const ProgramOutcome again =
        RunProgram(TinyRun({"--methods=plain", "--resume", "--out=" + out}));
    if (again.exit_code != 0) return "did not go on: " + Describe(again);
    if (RecordsWithoutTimes(out) != RecordsWithoutTimes(folder / "good")) {
      return "other records";
    }
    return "";
  };
  const SmallDiskResult result = RunOnSmallDisk(disk, kRoomForAll, body);
  if (!result.was_mounted) GTEST_SKIP() << "no small disk: " << result.reason;
  EXPECT_EQ(result.problem, "");
}

}  // namespace
}  // namespace bild
