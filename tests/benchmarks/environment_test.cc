#include "benchmarks/environment.h"

#include <stdlib.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "bild/base/atomic_file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/testing/temporary_folder.h"

namespace bild {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

class EnvironmentTest : public testing::Test {
 protected:
  ~EnvironmentTest() override { ::unsetenv("BUILD_WORKSPACE_DIRECTORY"); }

  // A repository with one commit and `workspace` as its WORKSPACE file, in
  // which `bazel run` would have been typed. False where there is no git.
  bool MakeRepository(const std::string& workspace) {
    EXPECT_TRUE(WriteFileAtomically(folder_ / "WORKSPACE", workspace).ok());
    ::setenv("BUILD_WORKSPACE_DIRECTORY", folder_.path().c_str(), 1);
    const std::string git =
        "git -c user.name=t -c user.email=t@t.invalid -C '" + folder_.path() +
        "' ";
    return Shell(git + "init -q") && Shell(git + "add .") &&
           Shell(git + "commit -q -m one");
  }
  static bool Shell(const std::string& command) {
    return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
  }
  static Environment Look() { return LookAtEnvironment(DeviceSettings()); }

  TemporaryFolder folder_;
};

TEST_F(EnvironmentTest, NamesLibrariesProcessorAndTime) {
  DeviceSettings settings;
  settings.threads = 3;
  const Environment environment = LookAtEnvironment(settings);
  EXPECT_THAT(environment.libraries,
              MatchesRegex("LibTorch 2\\.[0-9.]+.*, OpenCV 4\\.[0-9.]+.*, "
                           "g\\+\\+ .+"));
  EXPECT_FALSE(environment.processor.empty());
  EXPECT_EQ(environment.device, "cpu");
  EXPECT_EQ(environment.threads, 3);
  EXPECT_THAT(environment.started_at,
              MatchesRegex("20[0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:"
                           "[0-5][0-9]:[0-6][0-9]Z"));
}

TEST_F(EnvironmentTest, TheCommitOfThisTreeAndWhetherItIsDirty) {
  if (!MakeRepository("workspace(name = \"bild\")\n")) {
    GTEST_SKIP() << "no git";
  }
  const Environment clean = Look();
  EXPECT_THAT(clean.commit, MatchesRegex("[0-9a-f]+"));
  EXPECT_EQ(clean.commit.size(), 40);
  EXPECT_FALSE(clean.is_dirty);

  ASSERT_TRUE(WriteFileAtomically(folder_ / "new.cc", "int x;\n").ok());
  const Environment changed = Look();
  EXPECT_EQ(changed.commit, clean.commit);
  EXPECT_TRUE(changed.is_dirty);
}

// A program started inside somebody's own project must not carry its commit.
TEST_F(EnvironmentTest, AnotherRepositoryIsNotThisTree) {
  if (!MakeRepository("workspace(name = \"other\")\n")) {
    GTEST_SKIP() << "no git";
  }
  const Environment environment = Look();
  EXPECT_EQ(environment.commit, "unknown");
  EXPECT_TRUE(environment.is_dirty);
}

TEST_F(EnvironmentTest, NoRepositoryIsUnknown) {
  ::setenv("BUILD_WORKSPACE_DIRECTORY", "/no \"such\" $folder", 1);
  EXPECT_EQ(Look().commit, "unknown");
}

TEST_F(EnvironmentTest, JsonHoldsTheSame) {
  Environment environment;
  environment.commit = "0123456";
  environment.is_dirty = false;
  environment.libraries = "LibTorch \"quoted\"";
  environment.threads = 2;
  const auto json = nlohmann::json::parse(EnvironmentJson(environment));
  EXPECT_EQ(json.at("commit"), "0123456");
  EXPECT_EQ(json.at("dirty"), false);
  EXPECT_EQ(json.at("libraries"), "LibTorch \"quoted\"");
  EXPECT_EQ(json.at("threads"), 2);
  EXPECT_TRUE(json.contains("compute"));
  EXPECT_TRUE(json.contains("processor"));
}

TEST_F(EnvironmentTest, PeakMemoryGrowsWithWhatIsUsed) {
  const double before = PeakMemoryMib();
  EXPECT_GT(before, 1.0);
  // Touched, so that it is resident.
  std::string block(64 << 20, 'x');
  EXPECT_EQ(block[block.size() / 2], 'x');
  EXPECT_GE(PeakMemoryMib(), before + 32.0);
}

}  // namespace
}  // namespace bild
