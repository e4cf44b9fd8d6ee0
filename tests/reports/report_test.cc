#include "reports/report.h"

#include <stdlib.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "bild/base/atomic_file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/reports/sample_results.h"

namespace bild {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string Content(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadFile(path);
  EXPECT_TRUE(text.ok()) << text.status();
  return text.value_or("");
}

// The report of these records; fails the test if it cannot be written.
std::string ReportOf(const std::vector<Record>& records,
                     const std::vector<CurvePoint>& curves = {},
                     const std::vector<PerImageRow>& images = {}) {
  const TemporaryFolder folder;
  WriteSampleResults(folder.path(), records, curves, images);
  const absl::Status status = WriteReport(folder.path());
  EXPECT_TRUE(status.ok()) << status;
  return status.ok() ? Content(folder.File("report.md")) : "";
}

// The first line that begins with `start`.
std::string LineOf(const std::string& text, const std::string& start) {
  const size_t begin = text.find("\n" + start);
  if (begin == std::string::npos) return "";
  return text.substr(begin + 1, text.find('\n', begin + 1) - begin - 1);
}

std::vector<Record> OnlySeedOne() {
  std::vector<Record> records;
  for (const Record& record : SampleRecords()) {
    if (record.seed.value_or(1) == 1) records.push_back(record);
  }
  return records;
}

std::string ErrorOf(const std::string& folder) {
  const absl::Status status = WriteReport(folder);
  EXPECT_FALSE(status.ok());
  return std::string(status.message());
}

// Worked by hand in tests/reports/sample_results.h.
TEST(ReportTest, MethodsStandBesideEachOther) {
  const std::string report = ReportOf(SampleRecords());
  EXPECT_EQ(report.rfind("# ots_ffa\n", 0), 0U);
  EXPECT_THAT(report,
              HasSubstr("## `ffa[dim=16,blocks=2]` on `ots_synthetic_test`, "
                        "profile `default`, checkpoint `best@val`"));
  EXPECT_THAT(LineOf(report, "| `input`"), HasSubstr(" 15.92 |"));
  EXPECT_THAT(LineOf(report, "| `plain`"),
              HasSubstr("31.29 ± 0.19 | 0.9531 ± 0.0078 | 4.00 ± 0.25 |"));
  const std::string bild = LineOf(report, "| `bild`");
  EXPECT_THAT(bild,
              HasSubstr("31.57 ± 0.21 | 0.9531 ± 0.0078 | 4.00 ± 0.25 |"));
  EXPECT_THAT(bild, HasSubstr("+0.281 ± 0.031 |"));
  EXPECT_THAT(bild, HasSubstr("0.250 ± 0.062, t 3.0 to 5.0 |"));
  EXPECT_THAT(bild, HasSubstr("0.625 |"));
  EXPECT_THAT(bild, HasSubstr("1.750 / 5.25 |"));
  EXPECT_THAT(bild, HasSubstr("252.0 | INVALID |"));
  EXPECT_THAT(LineOf(report, "| `frozen_random`"), HasSubstr("31.31 ± 0.38 |"));
}

TEST(ReportTest, SaysWhetherADifferenceIsBeyondTheSeeds) {
  const std::string report = ReportOf(SampleRecords());
  EXPECT_THAT(
      report,
      HasSubstr("- `bild` is 0.281 dB above `plain` (3 seeds, paired by seed, "
                "sd 0.031 dB, 95 % interval +0.204 to +0.359 dB): **beyond the "
                "seeds' spread**."));
  EXPECT_THAT(
      report,
      HasSubstr("- `frozen_random` is 0.021 dB above `plain` (3 seeds, paired "
                "by seed, sd 0.201 dB, 95 % interval -0.478 to +0.520 dB): "
                "**within the seeds' spread**."));
  EXPECT_THAT(report,
              HasSubstr("with 3 seeds it cannot get below p = 0.25; six "
                        "seeds are the least"));
}

// Four scenes, two of them 1/16 dB above the mean difference and two below. Of
// the sixteen flips none and all reach the observed sum: p = 2 / 16. Both
// bounds lie where all four draws hit scenes of one kind, 1 of 16 resamples.
TEST(ReportTest, ImagesAndSeedsAreComparedBesideEachOther) {
  const std::string report = ReportOf(SampleRecords(), {}, SamplePerImage());
  const std::string compared = report.substr(report.find("Against `plain`"));
  const std::string bild = LineOf(compared, "| `bild`");
  EXPECT_THAT(bild, HasSubstr(" +0.281 | +0.204 to +0.359 | +0.219 to +0.344 "
                              "by scene (4) | 0.1250 |"));
  EXPECT_THAT(bild, HasSubstr(" 0.2500 | not distinguishable |"));
  EXPECT_THAT(report, HasSubstr("*Over images*: would other test images"));
  EXPECT_THAT(ReportOf(SampleRecords()), Not(HasSubstr("Over images")));
}

TEST(ReportTest, OneSeedSaysNothing) {
  const std::string report = ReportOf(OnlySeedOne());
  EXPECT_THAT(LineOf(report, "| `plain`"), HasSubstr("31.25 (1 seed) |"));
  EXPECT_THAT(report, HasSubstr("- `bild` is 0.250 dB above `plain`. One seed: "
                                "nothing can be said about the method."));
  EXPECT_THAT(report,
              HasSubstr("- `frozen_random` is 0.125 dB below `plain`."));
  EXPECT_THAT(report, Not(HasSubstr("the seeds' spread")));
}

TEST(ReportTest, SeedsWithoutAPartnerAreNamed) {
  std::vector<Record> records = SampleRecords();
  records.erase(std::remove_if(records.begin(), records.end(),
                               [](const Record& r) {
                                 return r.method == "plain" && r.seed == 3;
                               }),
                records.end());
  EXPECT_THAT(ReportOf(records),
              HasSubstr("Left out: 1 seed that only one of them has."));
}

TEST(ReportTest, TellsWhyTheRowsAreNoPublishedResult) {
  const std::string report = ReportOf(SampleRecords());
  EXPECT_THAT(report,
              HasSubstr("\n> **These rows are INVALID for any published "
                        "protocol: synthetic data; quick recipe; narrowed net "
                        "ffa[dim=16,blocks=2].**\n"));

  std::vector<Record> records = SampleRecords();
  for (Record& record : records) {
    record.verdict = "VALID";
    record.invalid_reasons.clear();
  }
  EXPECT_THAT(ReportOf(records),
              HasSubstr("> **These rows are not to be set beside published "
                        "numbers: quick recipe, not the backbone's published "
                        "one.**"));
  for (Record& record : records) record.published = true;
  EXPECT_THAT(ReportOf(records), Not(HasSubstr("> **")));
  records[5].verdict = "INVALID";
  records[5].invalid_reasons = "300 of 1000 steps";
  EXPECT_THAT(ReportOf(records),
              HasSubstr("> **Some of these rows are INVALID for any published "
                        "protocol: 300 of 1000 steps.**"));
}

TEST(ReportTest, ProfilesHaveTheirOwnTables) {
  const std::string report = ReportOf(SampleRecords());
  const size_t other =
      report.find("profile `grid-bild`, checkpoint `best@val`");
  ASSERT_NE(other, std::string::npos);
  const std::string rest = report.substr(other);
  EXPECT_THAT(LineOf(rest, "| `plain`"), HasSubstr("30.79 ± 0.19 |"));
  // That profile has no colour difference: no such column.
  EXPECT_THAT(LineOf(rest, "| Method"), Not(HasSubstr("CIEDE2000")));
}

TEST(ReportTest, IdenticalImagesHaveADagger) {
  std::vector<Record> records = SampleRecords();
  for (Record& record : records) {
    if (record.method != "bild" || record.seed != 2) continue;
    record.n_identical = 3;
    if (record.profile == "grid-bild") {
      record.psnr_db = std::numeric_limits<double>::infinity();
    }
  }
  const std::string report = ReportOf(records);
  EXPECT_THAT(LineOf(report, "| `bild`"), HasSubstr("31.57† ± 0.21 |"));
  EXPECT_THAT(report,
              HasSubstr("† `bild`, seed 2: 3 of 140 images identical to "
                        "the clear image."));
  const std::string rest = report.substr(report.find("profile `grid-bild`"));
  EXPECT_THAT(LineOf(rest, "| `bild`"), HasSubstr("∞† |"));
  EXPECT_THAT(rest, HasSubstr("- `bild` and `plain`: a mean is infinite"));
}

// A method that was to learn weights and was taught nothing says so.
TEST(ReportTest, ZeroGradientsAreMentioned) {
  std::vector<Record> records = SampleRecords();
  const std::string note =
      "`bild`: the gradient of the reweighting network was zero";
  for (Record& record : records) {
    if (record.method == "bild") record.zero_gradient_share = 1.0;
    if (record.method == "frozen_random") record.zero_gradient_share = 0.98;
  }
  const std::string report = ReportOf(records);
  EXPECT_THAT(report, HasSubstr(note));
  EXPECT_THAT(report, Not(HasSubstr("`frozen_random`: the gradient")));
  for (Record& record : records) {
    if (record.seed == 2) record.zero_gradient_share = 0.5;
  }
  EXPECT_THAT(ReportOf(records), Not(HasSubstr(note)));
}

TEST(ReportTest, FewImagesAreMentioned) {
  std::vector<Record> records = SampleRecords();
  EXPECT_THAT(ReportOf(records), Not(HasSubstr("Few images")));
  for (Record& record : records) record.n = 5;
  EXPECT_THAT(ReportOf(records), HasSubstr("Few images (5)"));
}

TEST(ReportTest, SaysHowItWasMeasured) {
  std::vector<Record> records = SampleRecords();
  for (Record& record : records) record.dirty = true;
  const std::string report = ReportOf(records);
  const std::string how = report.substr(report.find("## How it was measured"));
  EXPECT_THAT(how, HasSubstr("`5d1f0c2a9b34`"));
  EXPECT_THAT(how, HasSubstr("`0f3ac61d2b7e`, with changes that are not "
                             "committed"));
  EXPECT_THAT(how, HasSubstr("`1`, `2`, `3`"));
  EXPECT_THAT(how, HasSubstr("`ots_synthetic_test`: 140 images, SHA-256 `" +
                             std::string(60, 'a') + "0123`"));
  EXPECT_THAT(how, HasSubstr("`ots_synthetic`: 245 pairs, SHA-256 `bbb"));
  EXPECT_THAT(how, HasSubstr("`ots_synthetic`: 35 pairs, SHA-256 `ccc"));
  EXPECT_THAT(LineOf(how, "| Layout, trained on "), HasSubstr("| `ots` "));
  EXPECT_THAT(LineOf(how, "| Layout, tested on "), HasSubstr("| `sots` "));
  EXPECT_THAT(how, HasSubstr("`ffa[dim=16,blocks=2]`, 51234 trainable"));
  EXPECT_THAT(how, HasSubstr("300 steps, batch 8, crop 64 px, loss L1"));
  EXPECT_THAT(how, HasSubstr("`--alpha=0.01 --batch=8"));
  EXPECT_THAT(how, HasSubstr("`9b1c44f0e2d7`"));
  EXPECT_THAT(how, HasSubstr("`cpu`, 2 threads"));
  EXPECT_THAT(how, HasSubstr("LibTorch 2.11.0, OpenCV 4.6.0"));
  EXPECT_THAT(how, HasSubstr("`none`, `in_backward`"));
}

TEST(ReportTest, FiguresAreDrawnAndShown) {
  const TemporaryFolder folder;
  WriteSampleResults(folder.path(), SampleRecords(), SampleCurves());
  ASSERT_TRUE(WriteReport(folder.path()).ok());
  const std::string report = Content(folder.File("report.md"));
  for (const char* figure : {"convergence", "psnr_difference", "weight_gain"}) {
    EXPECT_THAT(report,
                HasSubstr(std::string("](figures/") + figure + ".svg)"));
    const std::string svg =
        Content(folder.File(std::string("figures/") + figure + ".svg"));
    EXPECT_THAT(svg, HasSubstr("trained on ots_synthetic, seeds 1, 2, 3"));
    EXPECT_THAT(svg, HasSubstr("INVALID for any published protocol"));
  }
  EXPECT_THAT(ReportOf(SampleRecords()), HasSubstr("No curve was logged."));
}

TEST(ReportTest, TheSameFolderGivesTheSameBytes) {
  const TemporaryFolder folder;
  WriteSampleResults(folder.path(), SampleRecords(), SampleCurves());
  const auto contents = [&folder] {
    std::map<std::string, std::string> files;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(folder.path())) {
      if (entry.is_regular_file()) {
        files[entry.path().string()] = Content(entry.path().string());
      }
    }
    return files;
  };
  ASSERT_TRUE(WriteReport(folder.path()).ok());
  const auto first = contents();
  ASSERT_TRUE(WriteReport(folder.path()).ok());
  EXPECT_EQ(contents(), first);
  // 2 inputs, 2 reports, 3 figures of 3 files, no temporary file.
  EXPECT_EQ(first.size(), 13U);
}

TEST(ReportTest, WeightsThatWereOnlyScored) {
  Record record = SampleRecord("weights", std::nullopt, "", "default");
  record.backbone = "aodnet";
  record.parameters = 1761;
  record.psnr_db = 19.0625;
  const std::string report = ReportOf({record});
  EXPECT_THAT(report, HasSubstr("## `aodnet` on `ots_synthetic_test`, profile "
                                "`default`\n"));
  EXPECT_THAT(LineOf(report, "| `weights`"), HasSubstr(" 19.06 |"));
  EXPECT_THAT(report, Not(HasSubstr("(1 seed)")));
  EXPECT_THAT(report, Not(HasSubstr("logging window")));
}

TEST(ReportTest, MissingInputIsNamed) {
  EXPECT_THAT(ErrorOf("/nowhere/results"),
              HasSubstr("No results folder '/nowhere/results'"));
  const TemporaryFolder folder;
  EXPECT_THAT(ErrorOf(folder.path()), HasSubstr("records.jsonl'"));
  EXPECT_EQ(WriteReport(folder.path()).code(), absl::StatusCode::kNotFound);
}

TEST(ReportTest, DamagedInputIsNamedAndNothingIsWritten) {
  const TemporaryFolder folder;
  WriteSampleResults(folder.path(), SampleRecords(), {});
  ASSERT_TRUE(AppendToFile(folder.File("records.jsonl"), "{\"schema\"").ok());
  EXPECT_THAT(ErrorOf(folder.path()), HasSubstr("line 39: no valid JSON"));

  WriteSampleResults(folder.path(), SampleRecords(), SampleCurves());
  ASSERT_TRUE(AppendToFile(folder.File("curves.csv"), "bild,1,30").ok());
  EXPECT_THAT(ErrorOf(folder.path()), HasSubstr(": 3 fields"));

  WriteSampleResults(folder.path(), SampleRecords(), SampleCurves());
  ASSERT_TRUE(
      WriteFileAtomically(folder.File("per_image.csv"), "method,seed\nbild,1\n")
          .ok());
  EXPECT_THAT(ErrorOf(folder.path()), HasSubstr("per_image.csv' line 1"));
  std::filesystem::remove(folder.File("per_image.csv"));

  std::vector<Record> twice = SampleRecords();
  twice.push_back(twice[7]);
  WriteSampleResults(folder.path(), twice, SampleCurves());
  EXPECT_THAT(ErrorOf(folder.path()), HasSubstr("lines 8 and 39"));

  EXPECT_FALSE(std::filesystem::exists(folder.File("report.md")));
  EXPECT_FALSE(std::filesystem::exists(folder.File("report.csv")));
  EXPECT_FALSE(std::filesystem::exists(folder.File("figures")));
}

TEST(ReportTest, WithoutGnuplotItSaysWhatToInstall) {
  const TemporaryFolder folder;
  WriteSampleResults(folder.path(), SampleRecords(), SampleCurves());
  const std::string path = ::getenv("PATH");
  ::setenv("PATH", folder.path().c_str(), 1);
  const std::string message = ErrorOf(folder.path());
  ::setenv("PATH", path.c_str(), 1);
  EXPECT_THAT(message, HasSubstr("gnuplot-nox"));
  EXPECT_FALSE(std::filesystem::exists(folder.File("report.md")));
}

}  // namespace
}  // namespace bild
