#include "reports/ablation_report.h"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reports/ablation_rows.h"
#include "reports/ablation_table.h"
#include "reports/csv.h"
#include "reports/forest_plot.h"
#include "tests/reports/sample_results.h"

namespace bild {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string Text(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// Two knobs. The run "plain" has no knob; of the others size 1 and 2 are
// bild, whose PSNR is that of SampleRecords() and 1 dB more.
AblationPlan SamplePlan() {
  AblationPlan plan;
  plan.target = "ablation_sample";
  plan.question = "Does it matter?";
  plan.knobs = {"size", "kind"};
  plan.variants = {{"plain", {"", ""}},
                   {"size=1,kind=x", {"1", "x"}},
                   {"size=2,kind=x", {"2", "x"}}};
  plan.quantities = {"psnr_db", "gain", "weight_auc"};
  plan.contrasts = {{"psnr_db", "plain", ""},
                    {"psnr_db", "bild", "size=1,kind=x"}};
  plan.figures = {
      {"gain", "gain_normalised_mean", "Gain", "gain", true, {"kind"}}};
  plan.seed_by_seed = {"psnr_db"};
  return plan;
}

void WriteVariants(const std::string& folder) {
  const auto only = [](const std::string& method, double more_db) {
    std::vector<Record> records;
    for (Record record : SampleRecords()) {
      if (record.method != method) continue;
      record.psnr_db += more_db;
      record.steps = 100;
      records.push_back(record);
    }
    return records;
  };
  const auto curves = [](const std::string& method, double gain) {
    std::vector<CurvePoint> points;
    for (const int64_t seed : {1, 2, 3}) {
      // Up to step 50 it is another one, which does not count.
      for (const int step : {25, 50, 75, 100}) {
        points.push_back({method, seed, step, "gain_normalised_mean",
                          step <= 50 ? -1.0 : gain + 0.001 * (step - 75)});
      }
    }
    return points;
  };
  const auto write = [&folder](const std::string& name,
                               const std::vector<Record>& records,
                               const std::vector<CurvePoint>& points) {
    const std::string own = folder + "/variants/" + name;
    std::filesystem::create_directories(own);
    WriteSampleResults(own, records, points);
  };
  write("plain", only("plain", 0), curves("plain", 0));
  write("size=1,kind=x", only("bild", 0), curves("bild", 0.5));
  write("size=2,kind=x", only("bild", 1), curves("bild", 0.25));
}

TEST(AblationRowsTest, QuantitiesAndDifferencesAreBySeed) {
  const TemporaryFolder folder;
  WriteVariants(folder.path());
  const AblationPlan plan = SamplePlan();
  const auto rows = ReadAblation(plan, folder.path());
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_EQ(rows->rows.size(), 3);
  const AblationRow& plain = rows->rows[0];
  const AblationRow& bild = rows->rows[1];
  EXPECT_EQ(plain.Of("psnr_db"),
            (std::map<int64_t, double>{{1, 31.25}, {2, 31.5}, {3, 31.125}}));
  EXPECT_EQ(bild.Of("psnr_db").at(1), 31.5);
  EXPECT_EQ(bild.Of("psnr_last_db").at(1), 31.25);
  // The windows up to 75 and 100: 0.5 and 0.525.
  EXPECT_NEAR(bild.Of("gain").at(2), 0.5125, 1e-12);
  EXPECT_TRUE(bild.Of("weight_auc").empty());

  const auto difference =
      Differences(rows->rows, rows->rows[2], plan.contrasts[0]);
  ASSERT_TRUE(difference.has_value());
  EXPECT_NEAR(difference->summary.mean, 1.28125, 1e-12);
  EXPECT_EQ(difference->seeds.size(), 3);
  EXPECT_FALSE(Differences(rows->rows, plain, plan.contrasts[0]).has_value());
  EXPECT_FALSE(Differences(rows->rows, bild, plan.contrasts[1]).has_value());
  // A knob that never varies among those who have it still tells plain apart.
  EXPECT_EQ(RowLabel(plan, rows->rows, plain), "plain");
  EXPECT_EQ(RowLabel(plan, rows->rows, bild, {"kind"}), "size=1");
  EXPECT_EQ(ContrastTitle(plan.contrasts[1]), "PSNR (dB) − size=1,kind=x");
}

TEST(AblationReportTest, WritesTablesFiguresAndWhatTheyMean) {
  const TemporaryFolder folder;
  WriteVariants(folder.path());
  AblationPlan plan = SamplePlan();
  plan.left_out = {"size=3: it diverged."};
  plan.same_curves_as = "size=1,kind=x";
  const absl::Status status = WriteAblationReport(plan, folder.path());
  ASSERT_TRUE(status.ok()) << status;
  const std::string report = Text(folder.File("report.md"));
  EXPECT_THAT(
      report,
      AllOf(HasSubstr("# ablation_sample\n\nDoes it matter?"),
            HasSubstr("31.57 ± 0.21"), HasSubstr("32.57 ± 0.21"),
            // t(0.975, 2) = 4.3027, sd 0.03125: half width 0.0776.
            HasSubstr("+0.281 [+0.204, +0.359]"),
            HasSubstr("+1.281 [+1.204, +1.359]"), HasSubstr("+1.000 [+1.000"),
            HasSubstr("Left out: size=3: it diverged."),
            HasSubstr("](variants/size=2,kind=x/report.md)"),
            HasSubstr("## How it was measured"),
            // Nobody looked at faults: no such column.
            Not(HasSubstr("AUC of w"))));
  // 0.25 apart on a curve whose largest value is 1.
  EXPECT_THAT(report, HasSubstr("2.5e-01 of the curve's largest value (0.25)"));
  // The gains are the same up to step 50, and 0.25 apart at 75; the other
  // curves that must coincide were not logged.
  EXPECT_THAT(report, HasSubstr("within 1 % of its largest value"));
  EXPECT_THAT(report, HasSubstr("100: together to the end"));
  EXPECT_THAT(
      report,
      HasSubstr("| Variant         | gain_normalised_mean | All of them "
                "|"));
  EXPECT_THAT(
      report,
      HasSubstr("| `size=2,kind=x` |           50, 50, 50 |  50, 50, 50 "
                "|"));
  const std::string csv = Text(folder.File("report.csv"));
  EXPECT_THAT(csv, HasSubstr("variant,size,kind,method,seeds,psnr_db,"));
  EXPECT_THAT(csv, HasSubstr("\"size=2,kind=x\",2,x,bild,3,32.572"));
  EXPECT_THAT(Text(folder.File("seeds.csv")),
              HasSubstr("plain,,,plain,2,psnr_db,31.5\n"));
  for (const char* name :
       {"figures/psnr_db_minus_plain.svg", "figures/psnr_db.svg",
        "figures/psnr_db_minus_size=1,kind=x.svg", "figures/gain_x.svg"}) {
    EXPECT_THAT(Text(folder.File(name)), HasSubstr("<svg")) << name;
  }
  // The same input gives the same bytes.
  ASSERT_TRUE(WriteAblationReport(plan, folder.path()).ok());
  EXPECT_EQ(Text(folder.File("report.md")), report);
}

// The images of every run beside its records; `more_db` as in WriteVariants.
void WriteVariantImages(const std::string& folder) {
  const auto write = [&folder](const std::string& name,
                               const std::string& method, double more_db) {
    std::string text = PerImageHeader();
    for (PerImageRow row : SamplePerImage()) {
      if (row.method != method) continue;
      row.psnr_db += more_db;
      text += ToCsvLine(row);
    }
    std::ofstream(folder + "/variants/" + name + "/per_image.csv") << text;
  };
  write("plain", "plain", 0);
  write("size=1,kind=x", "bild", 0);
  write("size=2,kind=x", "bild", 1);
}

// Two rows are two tests: p = 2 / 16 (report_test.cc) counts twice.
TEST(AblationReportTest, SettingsAreOneFamilyOfTests) {
  const TemporaryFolder folder;
  WriteVariants(folder.path());
  WriteVariantImages(folder.path());
  const absl::Status status = WriteAblationReport(SamplePlan(), folder.path());
  ASSERT_TRUE(status.ok()) << status;
  const std::string report = Text(folder.File("report.md"));
  const std::string images = report.substr(report.find("## Over the test"));
  EXPECT_THAT(
      images,
      AllOf(HasSubstr("| `size=1 kind=x` |            +0.281 | +0.204 to "
                      "+0.359 | +0.219 to +0.344 by scene (4) | 0.1250 |      "
                      "0.2500 | not distinguishable |"),
            HasSubstr("Against `size=1,kind=x`"),
            HasSubstr("Who chooses among the settings of this sweep")));
  EXPECT_THAT(report, HasSubstr("PSNR: profile `default`, checkpoint "
                                "`best@val`, 140 test images (4 clear "
                                "images), list `aaaaaaaaaaaa`, resolution "
                                "`full`, tiling `none`, decoder probe "
                                "`9b1c44f0e2d7`."));
  const auto csv = ParseCsv(Text(folder.File("report.csv")));
  ASSERT_TRUE(csv.ok()) << csv.status();
  std::map<std::string, std::string> row;
  for (size_t i = 0; i < csv->front().fields.size(); ++i) {
    row[csv->front().fields[i]] = (*csv)[2].fields[i];
  }
  EXPECT_EQ(row["variant"], "size=1,kind=x");
  EXPECT_EQ(row["psnr_db_minus_plain_image_low_95"], "0.21875");
  EXPECT_EQ(row["psnr_db_minus_plain_sign_flip_p"], "0.125");
  EXPECT_EQ(row["psnr_db_minus_plain_sign_flip_p_holm"], "0.25");
  EXPECT_EQ(row["psnr_db_minus_plain_word"], "not distinguishable");
  EXPECT_EQ(row["psnr_db_minus_size=1,kind=x_word"], "");
  EXPECT_EQ(row["profile"], "default");
  EXPECT_EQ(row["n"], "140");
  EXPECT_EQ(row["n_clear"], "4");
  EXPECT_EQ(row["test_list_sha256"], std::string(60, 'a') + "0123");
  EXPECT_EQ(row["evaluation_resolution"], "full");
  EXPECT_EQ(row["tiling"], "none");
  EXPECT_EQ(row["decoder_probe"], "9b1c44f0e2d7");
  EXPECT_EQ(row["commit"], "0f3ac61d2b7e");
}

// A seed that ended with a reason of its own says so in the row.
TEST(AblationReportTest, ReasonsOfEverySeedAreThere) {
  const TemporaryFolder folder;
  WriteVariants(folder.path());
  const std::string path = folder.File("variants/size=1,kind=x/records.jsonl");
  auto records = ReadRecords(path);
  ASSERT_TRUE(records.ok()) << records.status();
  for (Record& record : *records) {
    if (record.seed == 2) record.invalid_reasons += "; dead net";
  }
  ASSERT_TRUE(WriteRecords(path, *records).ok());
  ASSERT_TRUE(WriteAblationReport(SamplePlan(), folder.path()).ok());
  EXPECT_THAT(Text(folder.File("report.csv")), HasSubstr("; dead net"));
}

TEST(AblationReportTest, NothingIsWrittenWhereARunIsMissing) {
  const TemporaryFolder folder;
  WriteVariants(folder.path());
  std::filesystem::remove(folder.File("variants/plain/records.jsonl"));
  const absl::Status status = WriteAblationReport(SamplePlan(), folder.path());
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("variants/plain/records.jsonl"));
  EXPECT_FALSE(std::filesystem::exists(folder.File("report.md")));
  EXPECT_FALSE(std::filesystem::exists(folder.File("figures")));
}

TEST(AblationRowsTest, FaultsAreRankedWhereTheyAreNamed) {
  const TemporaryFolder folder;
  WriteVariants(folder.path());
  const std::string own = folder.File("variants/size=1,kind=x");
  std::ofstream(own + "/label_faults.csv")
      << LabelFaultsHeader() << "2,bad,hazy:0.3,bad\n";
  std::ofstream(own + "/weights.csv")
      << WeightsHeader() << "bild,2,50,0,bad,0,0,8,0.9,0.1,1\n"
      << "bild,2,50,1,good,0,0,8,0.1,0.1,0\n"  // Not the second half.
      << "bild,2,60,0,bad,0,0,8,0.25,0.1,3\n"
      << "bild,2,60,1,good,0,0,8,0.75,0.1,2\n";
  const auto rows = ReadAblation(SamplePlan(), folder.path());
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ(rows->rows[1].Of("weight_auc"),
            (std::map<int64_t, double>{{2, 1.0}}));
  EXPECT_EQ(rows->rows[1].Of("reward_auc"),
            (std::map<int64_t, double>{{2, 0.0}}));
  EXPECT_EQ(rows->rows[1].Of("faulty_share").at(2), 0.5);
}

TEST(ForestPlotTest, DotsMeansAndIntervals) {
  ForestPlot plot;
  plot.file = "forest";
  plot.x_title = "x";
  plot.has_reference = true;
  plot.rows = {{"it's first", {1.0, 3.0}}, {"second", {HUGE_VAL, NAN, 5.0}}};
  // sd of 1 and 3 is 1.4142; t(0.975, 1) = 12.7062; half width 12.7062.
  EXPECT_THAT(ForestCsv(plot), AllOf(HasSubstr("2,it's first,seed,3,\n"),
                                     HasSubstr("2,it's first,mean,2,12.706"),
                                     HasSubstr("1,second (mean ∞),seed,inf,\n"),
                                     HasSubstr("1,second (mean ∞),seed,5,\n"),
                                     HasSubstr("1,second (mean ∞),mean,inf,\n"),
                                     Not(HasSubstr("nan"))));
  EXPECT_THAT(
      ForestScript(plot),
      AllOf(HasSubstr("'it''s first' 2"), HasSubstr("'second (mean ∞)' 1"),
            HasSubstr("set xrange [-11.7"), HasSubstr("from first 0,graph 0")));
}

// The labels below each other are to be read in full.
TEST(ForestPlotTest, LongLabelsAreSetSmaller) {
  ForestPlot plot;
  plot.file = "forest";
  plot.rows = {{"short", {1.0}}};
  // 36 px and 5 characters of 0.57 * 15 px, of 960.
  EXPECT_THAT(
      ForestScript(plot),
      AllOf(HasSubstr("set ytics nomirror scale 0 font 'sans-serif,15'"),
            HasSubstr("set lmargin at screen 0.0820")));
  plot.rows.push_back({std::string(70, 'x'), {2.0}});
  // 70 characters of 0.57 * 12 px are 478.8 px; of 13 px they would be more
  // than half of the page.
  EXPECT_THAT(
      ForestScript(plot),
      AllOf(HasSubstr("set ytics nomirror scale 0 font 'sans-serif,12'"),
            HasSubstr("set lmargin at screen 0.536")));
}

}  // namespace
}  // namespace bild
