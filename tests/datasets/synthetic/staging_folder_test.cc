#include "datasets/synthetic/staging_folder.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <utility>

#include "bild/base/atomic_file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/temporary_folder.h"

namespace bild {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(StagingFolder, AppearsWholeAtTheCommit) {
  const TemporaryFolder folder;
  absl::StatusOr<StagingFolder> staging =
      StagingFolder::Create(folder / "parents/too/set");
  ASSERT_TRUE(staging.ok()) << staging.status();
  ASSERT_TRUE(staging->Write("a", "content").ok());
  EXPECT_FALSE(std::filesystem::exists(folder / "parents/too/set"));
  ASSERT_TRUE(staging->Commit().ok());
  EXPECT_THAT(NamesIn(folder / "parents/too"), ElementsAre("set"));
  EXPECT_EQ(*ReadFile(folder / "parents/too/set/a"), "content");
}

TEST(StagingFolder, IsGoneWithoutACommit) {
  const TemporaryFolder folder;
  {
    absl::StatusOr<StagingFolder> staging =
        StagingFolder::Create(folder / "set");
    ASSERT_TRUE(staging.ok());
    ASSERT_TRUE(staging->Write("a", "content").ok());
    const StagingFolder moved = *std::move(staging);
    EXPECT_EQ(NamesIn(folder.path()).size(), 1u);
  }
  EXPECT_THAT(NamesIn(folder.path()), IsEmpty());
}

TEST(StagingFolder, ReplacesAnEmptyFolderOnly) {
  const TemporaryFolder folder;
  ASSERT_TRUE(MakeFolders(folder / "set").ok());
  absl::StatusOr<StagingFolder> first = StagingFolder::Create(folder / "set/");
  ASSERT_TRUE(first->Write("a", "first").ok());
  ASSERT_TRUE(first->Commit().ok());
  absl::StatusOr<StagingFolder> second = StagingFolder::Create(folder / "set");
  const absl::Status status = second->Commit();
  EXPECT_TRUE(absl::IsAlreadyExists(status)) << status;
  EXPECT_EQ(*ReadFile(folder / "set/a"), "first");
  EXPECT_THAT(NamesIn(folder.path()), ElementsAre("set"));
}

TEST(StagingFolder, LeavesAliveOnesAlone) {
  const TemporaryFolder folder;
  const absl::StatusOr<StagingFolder> one =
      StagingFolder::Create(folder / "set");
  const absl::StatusOr<StagingFolder> two =
      StagingFolder::Create(folder / "set");
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_NE(one->path(), two->path());
  EXPECT_TRUE(std::filesystem::exists(one->path()));
}

TEST(StagingFolder, WhatAKilledProcessLeftIsRemovedByTheNext) {
  const TemporaryFolder folder;
  const pid_t child = ::fork();
  if (child == 0) {
    absl::StatusOr<StagingFolder> staging =
        StagingFolder::Create(folder / "set");
    (void)staging->Write("a", "half");
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  ASSERT_EQ(NamesIn(folder.path()).size(), 1u);
  EXPECT_THAT(NamesIn(folder.path())[0], HasSubstr(".set.partial-"));
  // Another set beside it is none of its business.
  { ASSERT_TRUE(StagingFolder::Create(folder / "other").ok()); }
  EXPECT_EQ(NamesIn(folder.path()).size(), 1u);
  { ASSERT_TRUE(StagingFolder::Create(folder / "set").ok()); }
  EXPECT_THAT(NamesIn(folder.path()), IsEmpty());
}

TEST(StagingFolder, SaysWhyItCannotBeMade) {
  const TemporaryFolder folder;
  ASSERT_TRUE(WriteFileAtomically(folder / "file", "x").ok());
  const absl::Status status =
      StagingFolder::Create(folder / "file/set").status();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("/file': Not a directory"));
}

TEST(StagingFolder, SaysWhyAFileCannotBeWritten) {
  const TemporaryFolder folder;
  const absl::StatusOr<StagingFolder> staging =
      StagingFolder::Create(folder / "set");
  ASSERT_TRUE(staging.ok());
  const absl::Status status = staging->Write("no/such/folder.png", "12345");
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("5 bytes"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("no/such/folder.png"));
}

}  // namespace
}  // namespace bild
