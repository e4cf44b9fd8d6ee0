#include "bild/base/atomic_file.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/small_disk.h"
#include "tests/testing/temporary_folder.h"

namespace bild {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(WriteFileAtomicallyTest, WritesReplacesAndLeavesNothingElse) {
  const TemporaryFolder folder;
  const std::string path = folder / "a.bin";
  const std::string content("line\n\0\xff end", 11);
  ASSERT_TRUE(WriteFileAtomically(path, content).ok());
  EXPECT_EQ(*ReadFile(path), content);
  ASSERT_TRUE(WriteFileAtomically(path, "short").ok());
  EXPECT_EQ(*ReadFile(path), "short");
  ASSERT_TRUE(WriteFileAtomically(path, "").ok());
  EXPECT_EQ(*ReadFile(path), "");
  EXPECT_THAT(NamesIn(folder.path()), ElementsAre("a.bin"));
}

TEST(WriteFileAtomicallyTest, JoinsPieces) {
  const TemporaryFolder folder;
  const std::string large(300000, 'x');
  const std::string small = "12";
  const std::vector<Bytes> pieces = {{small.data(), small.size()},
                                     {nullptr, 0},
                                     {large.data(), large.size()},
                                     {small.data(), 1}};
  ASSERT_TRUE(WriteFileAtomically(folder / "b", pieces).ok());
  EXPECT_EQ(*ReadFile(folder / "b"), "12" + large + "1");
}

TEST(WriteFileAtomicallyTest, NamesAMissingFolder) {
  const TemporaryFolder folder;
  const absl::Status status = WriteFileAtomically(folder / "no/a", "x");
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr(folder / "no/a"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("Check the path"));
}

TEST(WriteFileAtomicallyTest, DoesNotReplaceAFolder) {
  const TemporaryFolder folder;
  ASSERT_TRUE(MakeFolders(folder / "a").ok());
  const absl::Status status = WriteFileAtomically(folder / "a", "x");
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr(folder / "a"));
  EXPECT_THAT(NamesIn(folder.path()), ElementsAre("a"));
}

// Writes a file that fits, then one that does not. Returns what is wrong with
// what happened, or an empty string.
std::string OverfillKeepingTheOldFile(const std::string& folder,
                                      size_t size_bytes) {
  const std::string path = folder + "/a";
  if (const absl::Status status = WriteFileAtomically(path, "old");
      !status.ok()) {
    return "the small file was refused: " + std::string(status.message());
  }
  const absl::Status status =
      WriteFileAtomically(path, std::string(size_bytes, 'n'));
  const std::string message(status.message());
  if (!absl::IsResourceExhausted(status)) return "status: " + message;
  const std::string bytes = std::to_string(size_bytes) + " bytes";
  for (const std::string& part :
       {path, bytes, std::string("Free space there")}) {
    if (message.find(part) == std::string::npos) {
      return "'" + part + "' is not in: " + message;
    }
  }
  if (*ReadFile(path) != "old") return "the old file is gone";
  if (NamesIn(folder) != std::vector<std::string>{"a"}) {
    return "a temporary file was left";
  }
  return "";
}

TEST(WriteFileAtomicallyTest, AFullDiskKeepsTheOldFile) {
  const TemporaryFolder folder;
  const SmallDiskResult result =
      RunOnSmallDisk(folder.path(), 64 << 10, [&folder] {
        const std::string problem =
            OverfillKeepingTheOldFile(folder.path(), 100 << 10);
        if (!problem.empty()) return problem;
        // And the space of the failed attempt is free again.
        return std::string(
            WriteFileAtomically(folder / "b", std::string(40 << 10, 'b'))
                .message());
      });
  if (!result.was_mounted) GTEST_SKIP() << "no small disk: " << result.reason;
  EXPECT_EQ(result.problem, "");
}

// The same where nobody may mount: the limit on a file's size fails in the
// middle of a write as well.
TEST(WriteFileAtomicallyTest, AFileLimitKeepsTheOldFile) {
  const TemporaryFolder folder;
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {50 << 10, 50 << 10};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const std::string problem =
        OverfillKeepingTheOldFile(folder.path(), 100 << 10);
    if (!problem.empty()) fprintf(stderr, "%s\n", problem.c_str());
    ::_exit(problem.empty() ? 0 : 1);
  }
  ASSERT_GT(child, 0);
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

// Linux numbers no process so high: its maker is gone.
constexpr char kGone[] = "4194305";

TEST(RemoveAbandonedTemporariesTest, TakesWhatKilledWritersLeft) {
  const TemporaryFolder folder;
  const std::string left = folder / (std::string(".a.index.bild-tmp.") + kGone);
  const std::string alive =
      folder / (".a.index.bild-tmp." + std::to_string(::getppid()));
  for (const std::string& path : {left, alive}) {
    ASSERT_TRUE(AppendToFile(path, "half").ok());
  }
  RemoveAbandonedTemporaries(folder.path());
  EXPECT_FALSE(std::filesystem::exists(left));
  EXPECT_TRUE(std::filesystem::exists(alive));
  RemoveAbandonedTemporaries(folder / "none");
}

// What lies in a folder that a user names and only looks like it.
TEST(RemoveAbandonedTemporariesTest, LeavesEverythingElse) {
  const TemporaryFolder folder;
  const std::string ending = std::string(".bild-tmp.") + kGone;
  ASSERT_TRUE(MakeFolders(folder / "thesis").ok());
  ASSERT_TRUE(MakeFolders(folder / (".a" + ending)).ok());
  std::vector<std::string> kept = {
      "notes.tmp.20240101", "a.index.tmp.4194305",  "a" + ending,
      ".a" + ending + "x",  ".a.bild-tmp.",         ".a.bild-tmp.+4194305",
      ".a.bild-tmp.04",     ".a.bild-tmp.-4194305", "thesis/.a" + ending};
  for (const std::string& name : kept) {
    ASSERT_TRUE(AppendToFile(folder / name, "mine").ok());
  }
  std::filesystem::create_symlink("notes.tmp.20240101",
                                  folder / (".link" + ending));
  kept.push_back(".link" + ending);
  kept.push_back(".a" + ending);
  RemoveAbandonedTemporaries(folder.path());
  for (const std::string& name : kept) {
    EXPECT_TRUE(std::filesystem::exists(folder / name)) << name;
  }
}

TEST(AppendToFileTest, AppendsAndReportsAFullDevice) {
  const TemporaryFolder folder;
  ASSERT_TRUE(AppendToFile(folder / "j", "one\n").ok());
  ASSERT_TRUE(AppendToFile(folder / "j", "two\n").ok());
  EXPECT_EQ(*ReadFile(folder / "j"), "one\ntwo\n");

  const absl::Status status = AppendToFile("/dev/full", "x");
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("Cannot append to '/dev/full'"));
}

TEST(ReadFileTest, SaysWhatIsThereInstead) {
  const TemporaryFolder folder;
  const absl::Status missing = ReadFile(folder / "none").status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.message()), HasSubstr("none"));

  const absl::Status is_folder = ReadFile(folder.path()).status();
  EXPECT_EQ(is_folder.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(is_folder.message()), HasSubstr("it is a folder"));
}

TEST(MakeFoldersTest, MakesParentsAndToleratesWhatIsThere) {
  const TemporaryFolder folder;
  EXPECT_TRUE(MakeFolders(folder / "a/b/c").ok());
  EXPECT_TRUE(MakeFolders(folder / "a/b/c").ok());
  EXPECT_TRUE(std::filesystem::is_directory(folder / "a/b/c"));

  ASSERT_TRUE(WriteFileAtomically(folder / "file", "x").ok());
  const absl::Status status = MakeFolders(folder / "file/inside");
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("file/inside"));
}

}  // namespace
}  // namespace bild
