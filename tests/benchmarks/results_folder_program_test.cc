// The results folder over several calls: finished, another run's, in use.

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

constexpr std::chrono::seconds kLongEnough{60};

class ResultsFolderTest : public testing::Test {
 protected:
  ProgramOutcome Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--methods=plain", "--out=" + out_});
    return RunProgram(TinyRun(arguments));
  }
  const TemporaryFolder folder_;
  const std::string out_ = folder_ / "out";
};

TEST_F(ResultsFolderTest, AFinishedFolderSaysSo) {
  ASSERT_EQ(Run({}).exit_code, 0);
  const std::string records = Content(out_ + "/records.jsonl");
  const ProgramOutcome again = Run({});
  EXPECT_EQ(again.exit_code, 0) << Describe(again);
  EXPECT_THAT(again.err, HasSubstr("already done, nothing to do"));
  EXPECT_THAT(again.out, HasSubstr("report=" + out_ + "/report.md"));
  EXPECT_EQ(Content(out_ + "/records.jsonl"), records);

  // A report that was lost is made again from the records.
  const std::string report = Content(out_ + "/report.md");
  std::filesystem::remove(out_ + "/report.md");
  EXPECT_EQ(Run({}).exit_code, 0);
  EXPECT_EQ(Content(out_ + "/report.md"), report);

  // Another run does not touch it.
  const ProgramOutcome other = Run({"--seeds=2"});
  EXPECT_EQ(other.exit_code, 1) << Describe(other);
  EXPECT_THAT(other.err,
              AllOf(HasSubstr("belongs to another run"), HasSubstr("--seeds=2"),
                    HasSubstr("--seeds=1"), HasSubstr("another --out")));
  EXPECT_EQ(Content(out_ + "/records.jsonl"), records);
}

TEST_F(ResultsFolderTest, TwoProcessesDoNotShareAFolder) {
  StartedProgram first(
      TinyRun({"--methods=plain", "--steps=100000", "--out=" + out_}));
  ASSERT_TRUE(first.WaitUntil([this] { return Exists(out_ + "/config.flags"); },
                              kLongEnough));
  const ProgramOutcome second = Run({"--steps=100000", "--resume"});
  EXPECT_EQ(second.exit_code, 1) << Describe(second);
  EXPECT_THAT(second.err, HasSubstr("Another process works in"));
}

TEST_F(ResultsFolderTest, SomebodyElsesFilesAreNotOverwritten) {
  WriteBytes(out_ + "/report.md", "a thesis\n");
  const ProgramOutcome outcome = Run({});
  EXPECT_EQ(outcome.exit_code, 1) << Describe(outcome);
  EXPECT_THAT(outcome.err, HasSubstr("results of something else"));
  EXPECT_EQ(Content(out_ + "/report.md"), "a thesis\n");
  EXPECT_EQ(Tree(out_), std::vector<std::string>{"report.md"});
}

}  // namespace
}  // namespace bild
