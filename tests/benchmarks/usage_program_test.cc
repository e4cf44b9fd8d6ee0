// What a user types wrongly: exit code 2, a message that says everything that
// is wrong, and no file.

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
using testing::IsEmpty;
using testing::Not;

// Runs it, expects exit code 2 and nothing on standard output and in the home;
// returns the message.
std::string UsageError(ProgramCall call) {
  const TemporaryFolder home;
  call.folder = home.path();
  call.environment["XDG_CACHE_HOME"] = home / "cache";
  const ProgramOutcome outcome = RunProgram(call);
  EXPECT_EQ(outcome.exit_code, 2) << Describe(outcome);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(NamesIn(home.path()), IsEmpty());
  return outcome.err;
}

TEST(BenchmarkUsageTest, UnknownFlagsAndUnreadableValuesAtOnce) {
  EXPECT_THAT(
      UsageError(TinyRun({"--sceens=3", "--steps=many", "--flip=maybe",
                          "--learning_rate", "fast", "--out=out"})),
      AllOf(HasSubstr("the command line: unknown flag --sceens"),
            HasSubstr("the command line: --steps='many'"),
            HasSubstr("--flip='maybe'"), HasSubstr("--learning_rate='fast'"),
            HasSubstr("--help lists the flags")));
}

TEST(BenchmarkUsageTest, AWrongFlagInARecipeIsNamedWithFileAndLine) {
  const TemporaryFolder folder;
  WriteBytes(folder / "mine.flags",
             "# A recipe.\n--steps=6\n\n--lerning_rate=0.1\n--batch=x\n");
  EXPECT_THAT(UsageError(TinyRun({"--flagfile=" + folder / "mine.flags"})),
              AllOf(HasSubstr("mine.flags:4: unknown flag --lerning_rate"),
                    HasSubstr("mine.flags:5: --batch='x'")));
  EXPECT_THAT(UsageError(TinyRun({"--flagfile=" + folder / "none.flags"})),
              HasSubstr("none.flags"));
}

TEST(BenchmarkUsageTest, ValuesThatCannotBeAtOnce) {
  EXPECT_THAT(
      UsageError(TinyRun({"--backbone=aodnat", "--seeds=1,one,1",
                          "--synthetic_size=48", "--methods=plain,magic",
                          "--batch=2", "--dataset=ets", "--out=out"})),
      AllOf(HasSubstr("its_aodnet cannot run so:"),
            HasSubstr("there is no net 'aodnat'. Known backbones: aodnet, "),
            HasSubstr("--seeds: 'one' is no whole number"),
            HasSubstr("a seed is given twice"),
            HasSubstr("--synthetic_size='48': expected WIDTHxHEIGHT"),
            HasSubstr("magic"), HasSubstr("zscore"), HasSubstr("'ets'")));
}

TEST(BenchmarkUsageTest, TheNetOfAnotherTarget) {
  EXPECT_THAT(UsageError(TinyRun({"--backbone=ffa"})),
              HasSubstr("--backbone='ffa': this target trains aodnet"));
}

TEST(BenchmarkUsageTest, PairNeedsAFolder) {
  EXPECT_THAT(UsageError(TinyRun({"--dataset=pair"})),
              HasSubstr("--dataset=pair needs --data_root"));
}

TEST(BenchmarkUsageTest, ATestSetWithoutClearPictures) {
  EXPECT_THAT(UsageError(TinyRun({"--test_dataset=rtts"})),
              HasSubstr("--test_dataset='rtts': 'rtts' has no clear pictures"));
}

TEST(BenchmarkUsageTest, HelpIsNoError) {
  ProgramCall call = TinyRun({"--help"});
  const ProgramOutcome outcome = RunProgram(call);
  EXPECT_EQ(outcome.exit_code, 0) << Describe(outcome);
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("bazel run //benchmarks:its_aodnet"),
                    HasSubstr("--scene_block=1\n"), HasSubstr("--flagfile="),
                    Not(HasSubstr("undefok"))));
}

// `bazel run` starts the program in its runfiles and says where the user is.
TEST(BenchmarkUsageTest, RecipesAreFoundFromAnyFolder) {
  const TemporaryFolder elsewhere;
  ProgramCall call = TinyRun({"--workers=-1"});
  call.folder = "";
  call.environment["BUILD_WORKING_DIRECTORY"] = elsewhere.path();
  const ProgramOutcome outcome = RunProgram(call);
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(outcome.err,
            "its_aodnet cannot run so:\n  --workers=-1: expected 0 to 256.\n");
}

TEST(EvaluateUsageTest, EverythingThatIsMissingAtOnce) {
  EXPECT_THAT(UsageError(TinyEvaluation({})),
              AllOf(HasSubstr("--backbone is not given"),
                    HasSubstr("--weights is not given"),
                    HasSubstr("--dataset is not given"),
                    HasSubstr("--data_root is not given")));
}

TEST(EvaluateUsageTest, UnknownNamesListTheKnownOnes) {
  EXPECT_THAT(
      UsageError(
          TinyEvaluation({"--backbone=aodnat", "--weights=w", "--dataset=sots",
                          "--data_root=d", "--metric_profile=best"})),
      AllOf(HasSubstr("there is no net 'aodnat'. Known backbones: aodnet, "),
            HasSubstr("Unknown dataset 'sots'. Known: its, ots_beta, ots_v0, "
                      "sots_indoor, sots_outdoor, hsts, "),
            HasSubstr("best")));
  EXPECT_THAT(UsageError(TinyEvaluation({"--backbones=aodnet"})),
              HasSubstr("unknown flag --backbones"));
}

TEST(EvaluateUsageTest, HelpIsNoError) {
  const ProgramOutcome outcome = RunProgram(TinyEvaluation({"--help"}));
  EXPECT_EQ(outcome.exit_code, 0) << Describe(outcome);
  EXPECT_THAT(outcome.out, HasSubstr("bazel run //benchmarks:evaluate"));
}

}  // namespace
}  // namespace bild
