// The same run again: the same bits, whatever the number of workers.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reports/record.h"
#include "reports/result_rows.h"
#include "tests/benchmarks/tiny_run.h"

namespace bild {
namespace {

using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Not;

// Files in which nothing may differ.
void ExpectSameResults(const std::string& one, const std::string& other) {
  EXPECT_EQ(RecordsWithoutTimes(one), RecordsWithoutTimes(other));
  for (const char* name :
       {"/per_image.csv", "/curves.csv", "/weights.csv", "/identity.txt",
        "/config.flags", "/checkpoints/bild_seed1/best@val.safetensors",
        "/checkpoints/bild_seed1/last.safetensors",
        "/checkpoints/plain_seed1/journal.jsonl", "/figures/convergence.svg"}) {
    EXPECT_EQ(Content(one + name), Content(other + name)) << name;
  }
}

class RepeatTest : public testing::Test {
 protected:
  void Finish(const std::vector<std::string>& arguments) {
    const ProgramOutcome outcome = RunProgram(TinyRun(arguments));
    ASSERT_EQ(outcome.exit_code, 0) << Describe(outcome);
    last_ = outcome;
  }
  const TemporaryFolder folder_;
  ProgramOutcome last_;
};

TEST_F(RepeatTest, TwoRunsAndEveryNumberOfWorkersGiveTheSameBits) {
  const std::string first = folder_ / "first";
  Finish({"--out=" + first});
  EXPECT_THAT(
      Tree(first),
      IsSupersetOf({"config.flags", "env.json", "records.jsonl",
                    "per_image.csv", "curves.csv", "weights.csv", "report.md",
                    "report.csv", "log.txt", "figures/convergence.svg",
                    "checkpoints/bild_seed1/state.safetensors"}));
  for (const std::string& path : Tree(first)) {
    EXPECT_THAT(path, Not(HasSubstr(".bild-tmp.")));
  }
  // The hazy input, and two methods with two checkpoints, under two profiles.
  EXPECT_EQ(RecordsWithoutTimes(first).size(), 2 + 2 * 2 * 2);

  for (const char* workers : {"0", "1", "3"}) {
    const std::string other = folder_ / workers;
    Finish({"--out=" + other, std::string("--workers=") + workers,
            "--image_cache_mib=0"});
    ExpectSameResults(first, other);
  }
}

TEST_F(RepeatTest, ConfigFlagsRunTheSameAgain) {
  const std::string first = folder_ / "first";
  // The published recipe has a note that this run does not want.
  Finish({"--out=" + first, "--alpha=0.1", "--recipe_note=", "--flip=false",
          "--label_fault=other:.50", "--validation_scenes=training",
          "--stop_on_zero_gradient=false"});
  ProgramCall again = TinyRun({});
  again.arguments = {"--flagfile=" + first + "/config.flags",
                     "--out=" + folder_ / "again"};
  const ProgramOutcome outcome = RunProgram(again);
  ASSERT_EQ(outcome.exit_code, 0) << Describe(outcome);
  ExpectSameResults(first, folder_ / "again");
}

TEST_F(RepeatTest, FaultyPairsAreWrittenForWhoLooksAndStampedOnEveryRow) {
  const std::string out = folder_ / "out";
  Finish({"--methods=bild", "--label_fault=hazy:0.5", "--seeds=1,2",
          "--out=" + out});
  const auto faults = ReadLabelFaults(out + "/label_faults.csv");
  ASSERT_TRUE(faults.ok()) << faults.status();
  std::map<int64_t, std::set<std::string>> faulty;
  for (const LabelFaultRow& row : *faults) {
    EXPECT_EQ(row.fault, "hazy:0.5");
    EXPECT_EQ(row.clear_of, row.id);
    faulty[row.seed].insert(row.id);
  }
  // Of 20 training pairs; each seed draws its own.
  EXPECT_EQ(faulty.size(), 2);
  EXPECT_NE(faulty[1], faulty[2]);
  const auto records = ReadRecords(out + "/records.jsonl");
  ASSERT_TRUE(records.ok());
  for (const Record& record : *records) {
    EXPECT_THAT(record.invalid_reasons,
                HasSubstr("training pairs made faulty: label_fault=hazy:0.5"));
    EXPECT_THAT(record.split, HasSubstr("label_fault=hazy:0.5"));
  }
  EXPECT_TRUE(ReadWeights(out + "/weights.csv").ok());
}

TEST_F(RepeatTest, TheOutputEndsWithTheResult) {
  Finish({"--methods=plain", "--metric_profile=default",
          "--out=" + folder_ / "out"});
  const auto records = ReadRecords(folder_ / "out/records.jsonl");
  ASSERT_TRUE(records.ok());
  EXPECT_THAT(last_.out,
              HasSubstr("method=input profile=default n=10 psnr_db="));
  EXPECT_THAT(last_.out,
              HasSubstr("method=plain profile=default n=10 seeds=1 psnr_db="));
  EXPECT_THAT(last_.out,
              testing::EndsWith("results=" + folder_ / "out" +
                                " report=" + folder_ / "out" + "/report.md\n"));
  for (const Record& record : *records) {
    EXPECT_EQ(record.verdict, "INVALID");
    EXPECT_THAT(record.invalid_reasons, HasSubstr("smoke run"));
    EXPECT_THAT(record.invalid_reasons, HasSubstr("synthetic"));
    EXPECT_EQ(record.dataset, "synthetic_sots_indoor");
  }
}

// One outer step in a window: no standard error, and no t.
TEST_F(RepeatTest, AWindowOfOneStepIsPossible) {
  Finish({"--methods=bild", "--log_every=1", "--out=" + folder_ / "out"});
}

}  // namespace
}  // namespace bild
