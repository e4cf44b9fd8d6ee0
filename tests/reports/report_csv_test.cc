// report.csv, as WriteReport() leaves it.

#include <map>
#include <string>
#include <vector>

#include "bild/base/atomic_file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reports/csv.h"
#include "reports/report.h"
#include "tests/reports/sample_results.h"

namespace bild {
namespace {

std::string Content(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadFile(path);
  EXPECT_TRUE(text.ok()) << text.status();
  return text.value_or("");
}

// The row of report.csv for a method at best@val in profile default.
std::map<std::string, std::string> CsvRowOf(const std::string& csv,
                                            const std::string& method) {
  const auto rows = ParseCsv(csv);
  EXPECT_TRUE(rows.ok()) << rows.status();
  for (const CsvRow& row : *rows) {
    std::map<std::string, std::string> named;
    for (size_t i = 0; i < row.fields.size(); ++i) {
      named[rows->front().fields[i]] = row.fields[i];
    }
    if (named["method"] == method && named["checkpoint"] == "best@val" &&
        named["profile"] == "default") {
      return named;
    }
  }
  ADD_FAILURE() << "no row of " << method;
  return {};
}

TEST(ReportCsvTest, HasFullPrecision) {
  const TemporaryFolder folder;
  WriteSampleResults(folder.path(), SampleRecords(), {});
  ASSERT_TRUE(WriteReport(folder.path()).ok());
  const std::string csv = Content(folder.File("report.csv"));
  auto plain = CsvRowOf(csv, "plain");
  EXPECT_EQ(plain["psnr_db_mean"], "31.291666666666668");
  EXPECT_EQ(plain["psnr_db_sd"], "0.19094065395649332");
  EXPECT_EQ(plain["seeds"], "1 2 3");
  EXPECT_EQ(plain["psnr_minus_plain_db_mean"], "");
  auto bild = CsvRowOf(csv, "bild");
  EXPECT_EQ(bild["backbone"], "ffa[dim=16,blocks=2]");
  EXPECT_EQ(bild["psnr_minus_plain_db_mean"], "0.28125");
  EXPECT_EQ(bild["psnr_minus_plain_db_sd"], "0.03125");
  EXPECT_EQ(bild["beyond_seed_spread"], "yes");
  EXPECT_EQ(bild["verdict"], "INVALID");
  EXPECT_EQ(bild["decoder_probe"], "9b1c44f0e2d7");
  EXPECT_EQ(bild["n_identical"], "0 0 0");
  EXPECT_EQ(CsvRowOf(csv, "frozen_random")["beyond_seed_spread"], "no");
  EXPECT_EQ(bild["psnr_sign_flip_p"], "");
  EXPECT_EQ(bild["psnr_word"], "not distinguishable");
  EXPECT_EQ(plain["psnr_word"], "");

  WriteSampleResults(folder.path(), SampleRecords(), {}, SamplePerImage());
  ASSERT_TRUE(WriteReport(folder.path()).ok());
  bild = CsvRowOf(Content(folder.File("report.csv")), "bild");
  EXPECT_EQ(bild["psnr_minus_plain_db_image_low_95"], "0.21875");
  EXPECT_EQ(bild["psnr_minus_plain_db_image_high_95"], "0.34375");
  EXPECT_EQ(bild["resampled"], "scenes");
  EXPECT_EQ(bild["psnr_sign_flip_p"], "0.125");
  EXPECT_EQ(bild["psnr_sign_flip_p_holm"], "0.25");
  auto input = CsvRowOf(csv, "input");
  EXPECT_EQ(input["psnr_db_mean"], "15.92");
  EXPECT_EQ(input["psnr_db_sd"], "");
  EXPECT_EQ(input["seeds"], "");
}

// A seed may have been made at another commit and end with a reason of its own.
TEST(ReportCsvTest, SpeaksForAllSeeds) {
  std::vector<Record> records = SampleRecords();
  for (Record& record : records) {
    if (record.method != "bild" || record.seed != 3) continue;
    record.commit = "1111aaaa2222";
    record.dirty = true;
    record.n_identical = 2;
    record.invalid_reasons += "; weights not learned";
  }
  const TemporaryFolder folder;
  WriteSampleResults(folder.path(), records, {});
  ASSERT_TRUE(WriteReport(folder.path()).ok());
  auto bild = CsvRowOf(Content(folder.File("report.csv")), "bild");
  EXPECT_EQ(bild["commit"], "0f3ac61d2b7e 1111aaaa2222");
  EXPECT_EQ(bild["dirty"], "yes");
  EXPECT_EQ(bild["n_identical"], "0 0 2");
  EXPECT_EQ(bild["invalid_reasons"],
            "synthetic data; quick recipe; narrowed net "
            "ffa[dim=16,blocks=2]; weights not learned");
}

TEST(ReportCsvTest, HasThePublishedFigure) {
  std::vector<Record> records = SampleRecords();
  for (Record& record : records) {
    record.dataset = "sots_indoor";
    if (record.seed.has_value()) record.backbone = "griddehazenet";
    // CsvRowOf looks at one profile.
    record.profile = record.profile == "default" ? "grid-bild" : "default";
  }
  const TemporaryFolder folder;
  WriteSampleResults(folder.path(), records, {});
  ASSERT_TRUE(WriteReport(folder.path()).ok());
  auto plain = CsvRowOf(Content(folder.File("report.csv")), "plain");
  EXPECT_EQ(plain["published_psnr_db"], "32.16");
  EXPECT_EQ(plain["published_ssim"], "0.9836");
  EXPECT_EQ(plain["published_profile"], "grid-bild");
  EXPECT_EQ(plain["psnr_minus_published_db"], "");
  EXPECT_NE(plain["published_source"].find("ICCV 2019"), std::string::npos);
  auto bild = CsvRowOf(Content(folder.File("report.csv")), "bild");
  EXPECT_EQ(bild["published_psnr_db"], "");
}

}  // namespace
}  // namespace bild
