// A benchmark from a packed cache: the bits of the benchmark from the files.

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

class CacheProgramTest : public testing::Test {
 protected:
  void SetUp() override {
    WritePairs(train_, 12, 40, 1);
    WritePairs(test_, 3, 40, 500);
  }

  void Pack(const std::string& root, const std::string& cache) {
    ProgramCall call;
    call.program = TestedProgram("PACK");
    call.arguments = {"--dataset=pair", "--data_root=" + root,
                      "--output=" + cache};
    const ProgramOutcome outcome = RunProgram(call);
    ASSERT_EQ(outcome.exit_code, 0) << Describe(outcome);
  }

  ProgramOutcome Run(std::vector<std::string> arguments) {
    arguments.emplace_back("--dataset=pair");
    return RunProgram(TinyRun(arguments));
  }

  const TemporaryFolder folder_;
  const std::string train_ = folder_ / "train";
  const std::string test_ = folder_ / "test";
};

TEST_F(CacheProgramTest, ARunFromTheCacheIsARunFromTheFiles) {
  Pack(train_, folder_ / "train_cache");
  Pack(test_, folder_ / "test_cache");
  const std::string from_files = folder_ / "from_files";
  const std::string from_cache = folder_ / "from_cache";
  const ProgramOutcome files = Run(
      {"--data_root=" + train_, "--test_root=" + test_, "--out=" + from_files});
  ASSERT_EQ(files.exit_code, 0) << Describe(files);
  // The files are gone: a cache does not need them.
  std::filesystem::rename(train_, folder_ / "moved");
  const ProgramOutcome cached = Run({"--cache=" + folder_ / "train_cache",
                                     "--test_cache=" + folder_ / "test_cache",
                                     "--workers=3", "--out=" + from_cache});
  ASSERT_EQ(cached.exit_code, 0) << Describe(cached);
  EXPECT_EQ(RecordsWithoutTimes(from_files), RecordsWithoutTimes(from_cache));
  // identity.txt: it is the same run, by its id too.
  for (const char* name :
       {"/per_image.csv", "/curves.csv", "/weights.csv", "/identity.txt",
        "/checkpoints/bild_seed1/best@val.safetensors",
        "/checkpoints/bild_seed1/last.safetensors",
        "/checkpoints/plain_seed1/last.safetensors",
        "/checkpoints/bild_seed1/journal.jsonl"}) {
    EXPECT_EQ(Content(from_files + name), Content(from_cache + name)) << name;
  }
  EXPECT_THAT(Content(from_cache + "/config.flags"),
              HasSubstr("train_cache\n--test_cache="));
  EXPECT_THAT(Content(from_cache + "/log.txt"),
              HasSubstr("was not compared with its sources"));

  const std::string weights =
      from_cache + "/checkpoints/bild_seed1/last.safetensors";
  const std::vector<std::string> common = {
      "--backbone=aodnet", "--weights=" + weights, "--dataset=pair",
      "--metric_profile=default,ffa"};
  std::vector<std::string> of_files = common;
  of_files.push_back("--data_root=" + test_);
  std::vector<std::string> of_cache = common;
  of_cache.push_back("--cache=" + folder_ / "test_cache");
  const ProgramOutcome scored = RunProgram(TinyEvaluation(of_files));
  const ProgramOutcome again = RunProgram(TinyEvaluation(of_cache));
  EXPECT_EQ(scored.exit_code, 0) << Describe(scored);
  EXPECT_EQ(again.exit_code, 0) << Describe(again);
  EXPECT_EQ(scored.out, again.out);
}

TEST_F(CacheProgramTest, AStaleCacheIsRefusedBeforeAnythingIsWritten) {
  Pack(train_, folder_ / "cache");
  WritePicture(train_ + "/hazy/s11.png", PatternImage(40, 40, 4711));
  const std::string out = folder_ / "out";
  const ProgramOutcome outcome =
      Run({"--cache=" + folder_ / "cache", "--out=" + out});
  EXPECT_EQ(outcome.exit_code, 1) << Describe(outcome);
  EXPECT_THAT(
      outcome.err,
      AllOf(HasSubstr("1 of 24 pictures changed since they were packed"),
            HasSubstr("hazy/s11.png"),
            HasSubstr("bazel run //datasets:pack -- --dataset=pair")));
  EXPECT_FALSE(Exists(out));
}

TEST_F(CacheProgramTest, FilesAndCacheAtOnceAreAWrongCall) {
  const ProgramOutcome both =
      Run({"--cache=" + folder_ / "cache", "--data_root=" + train_,
           "--test_cache=x", "--test_root=" + test_});
  EXPECT_EQ(both.exit_code, 2) << Describe(both);
  EXPECT_THAT(both.err, AllOf(HasSubstr("--cache and --data_root"),
                              HasSubstr("--test_cache and --test_root")));
  const ProgramOutcome none = Run({"--cache=" + folder_ / "nowhere"});
  EXPECT_EQ(none.exit_code, 1) << Describe(none);
  EXPECT_THAT(none.err, HasSubstr("there is no cache of pair"));
}

}  // namespace
}  // namespace bild
