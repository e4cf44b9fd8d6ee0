#include "benchmarks/summary.h"

#include <limits>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace bild {
namespace {

Record RecordOf(const std::string& method, std::optional<int64_t> seed,
                const std::string& profile, double psnr_db, double ssim) {
  Record record;
  record.dataset = "synthetic_its";
  record.backbone = "aodnet";
  record.method = method;
  record.seed = seed;
  record.checkpoint = seed.has_value() ? "best@val" : "";
  record.profile = profile;
  record.n = 10;
  record.psnr_db = psnr_db;
  record.ssim = ssim;
  return record;
}

TEST(SummarizeRecordsTest, MeansOverSeedsInTheOrderOfTheRecords) {
  std::vector<Record> records = {
      RecordOf("input", std::nullopt, "default", 12.5, 0.5),
      RecordOf("plain", 1, "default", 20.0, 0.5),
      RecordOf("plain", 1, "grid-bild", 18.0, 0.25),
      RecordOf("bild", 1, "default", 21.0, 0.75),
      RecordOf("plain", 2, "default", 23.0, 0.75),
      RecordOf("plain", 2, "grid-bild", 19.0, 0.75)};
  records[1].ciede2000 = 6.0;
  records[4].ciede2000 = 7.0;
  EXPECT_EQ(
      SummarizeRecords(records),
      "dataset=synthetic_its backbone=aodnet method=input profile=default "
      "n=10 psnr_db=12.5 ssim=0.5\n"
      "dataset=synthetic_its backbone=aodnet method=plain profile=default "
      "n=10 seeds=2 psnr_db=21.5 ssim=0.625 ciede2000=6.5\n"
      "dataset=synthetic_its backbone=aodnet method=plain profile=grid-bild "
      "n=10 seeds=2 psnr_db=18.5 ssim=0.5\n"
      "dataset=synthetic_its backbone=aodnet method=bild profile=default "
      "n=10 seeds=1 psnr_db=21 ssim=0.75\n");
}

TEST(SummarizeRecordsTest, TheLastCheckpointIsNotMixedIn) {
  std::vector<Record> records = {RecordOf("plain", 1, "default", 20.0, 0.5),
                                 RecordOf("plain", 1, "default", 10.0, 0.1)};
  records[1].checkpoint = "last";
  EXPECT_EQ(
      SummarizeRecords(records),
      "dataset=synthetic_its backbone=aodnet method=plain profile=default "
      "n=10 seeds=1 psnr_db=20 ssim=0.5\n");
}

TEST(SummarizeRecordsTest, FullPrecisionAndInfinity) {
  EXPECT_EQ(
      SummarizeRecords(
          {RecordOf("weights", std::nullopt, "default",
                    std::numeric_limits<double>::infinity(), 1.0 / 3.0)}),
      "dataset=synthetic_its backbone=aodnet method=weights profile=default "
      "n=10 psnr_db=inf ssim=0.3333333333333333\n");
}

TEST(SummarizeRecordsTest, NothingIsNothing) {
  EXPECT_EQ(SummarizeRecords({}), "");
}

}  // namespace
}  // namespace bild
