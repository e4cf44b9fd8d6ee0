// Every value of the metrics' golden vectors: tests/golden/metrics, or the
// folder that --test_env=BILD_GOLDEN_DIR=... names. Real pictures take part
// with --test_env=BILD_DATA_DIR=..., the folder of the data sets.

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "bild/metrics/ciede2000.h"
#include "bild/metrics/compared_values.h"
#include "bild/metrics/metrics.h"
#include "bild/metrics/profile.h"
#include "bild/metrics/rgb_values.h"
#include "bild/metrics/ssim.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "reports/resampling.h"
#include "reports/statistics.h"
#include "tests/bild/metrics/golden_pictures.h"
#include "tests/bild/metrics/golden_vectors.h"

namespace bild {
namespace {

using nlohmann::json;

// Independent float64 implementations agree to about 1e-12.
constexpr double kTolerance = 1e-9;

const std::set<std::string>& SectionsReadHere() {
  static const auto& sections = *new std::set<std::string>{
      "schema",     "tolerance",     "gaussian_11_sigma_1.5",
      "quantise",   "pool_ratio",    "ciede2000_pairs",
      "statistics", "formula_cases", "real_cases"};
  return sections;
}

// For readers; the probes of formula_cases check what `formula` says.
const std::set<std::string>& SectionsThatDescribe() {
  static const auto& sections =
      *new std::set<std::string>{"about", "data", "spec", "formula"};
  return sections;
}

const GoldenFolder& Folder() {
  static const auto& folder = *new GoldenFolder(ReadGoldenFolder());
  return folder;
}

// Every entry of one section over all vectors.
std::vector<json> CasesOf(const std::string& section) {
  std::vector<json> cases;
  for (const GoldenVector& vector : Folder().metrics) {
    if (!vector.content.contains(section)) continue;
    const json& entries = vector.content.at(section);
    EXPECT_TRUE(entries.is_array() && !entries.empty())
        << vector.path << ": section " << section << " holds no cases";
    cases.insert(cases.end(), entries.begin(), entries.end());
  }
  return cases;
}

void Report(const std::string& line) {
  std::cout << "[   GOLDEN ] " << line << std::endl;
}

// "inf" stands for the number that JSON does not have.
double NumberOf(const json& value) {
  return value == "inf" ? std::numeric_limits<double>::infinity()
                        : value.get<double>();
}

void ExpectValue(double found, const json& wanted, const std::string& what) {
  const double number = NumberOf(wanted);
  if (std::isinf(number)) {
    EXPECT_EQ(found, number) << what;
  } else {
    EXPECT_NEAR(found, number, kTolerance) << what;
  }
}

// The code and a fragment of our message for each error of the vectors.
void ExpectError(const absl::Status& found, const json& wanted) {
  static const auto& errors =
      *new std::map<std::string, std::pair<absl::StatusCode, std::string>>{
          {"smaller than the window",
           {absl::StatusCode::kFailedPrecondition, "smaller than the window"}},
          {"size mismatch",
           {absl::StatusCode::kInvalidArgument, "sizes must be equal"}},
          {"non-finite pixel", {kNonFinitePixel, "channel"}},
      };
  const auto expected = errors.find(wanted.get<std::string>());
  ASSERT_NE(expected, errors.end()) << "unknown error " << wanted;
  EXPECT_EQ(found.code(), expected->second.first) << found;
  EXPECT_THAT(std::string(found.message()),
              testing::HasSubstr(expected->second.second));
}

void ExpectKeys(const json& object, const std::set<std::string>& allowed) {
  for (const auto& [key, value] : object.items()) {
    EXPECT_EQ(allowed.count(key), 1u) << "unknown key '" << key << "'";
  }
}

// All of a case's `values`.
void ExpectScores(const GoldenPair& pair, const json& values,
                  const std::string& name) {
  SCOPED_TRACE(name);
  for (const MetricProfile& profile : KnownProfiles()) {
    EXPECT_TRUE(values.contains(profile.name)) << "no " << profile.name;
  }
  EXPECT_TRUE(values.contains("ciede2000"));
  for (const auto& [key, wanted] : values.items()) {
    SCOPED_TRACE(key);
    if (key == "ciede2000") {
      if (wanted.is_number()) {
        ExpectValue(MeanCiede2000(pair.restored, pair.clear), wanted, key);
      } else {
        ExpectKeys(wanted, {"error"});
        ExpectError(CheckScorable(pair.restored, pair.clear, name),
                    wanted.at("error"));
      }
      continue;
    }
    const auto profile = FindProfile(key);
    ASSERT_TRUE(profile.ok()) << profile.status();
    const auto score = Score(pair.restored, pair.clear, *profile, name);
    if (wanted.contains("error")) {
      ExpectKeys(wanted, {"error"});
      ExpectError(score.status(), wanted.at("error"));
      continue;
    }
    ASSERT_TRUE(score.ok()) << score.status();
    ExpectKeys(wanted, {"psnr_db", "ssim"});
    ExpectValue(score->psnr_db, wanted.at("psnr_db"), "psnr_db");
    ExpectValue(score->ssim, wanted.at("ssim"), "ssim");
    EXPECT_EQ(score->ciede2000.has_value(), profile->reports_ciede2000);
    if (score->ciede2000.has_value()) {
      ExpectValue(*score->ciede2000, values.at("ciede2000"), "ciede2000");
    }
  }
}

TEST(MetricsGolden, EveryFileIsOfAKnownKind) {
  Report(absl::StrCat(Folder().metrics.size(), " vectors of the metrics in '",
                      Folder().path, "'"));
  for (const std::string& path : Folder().of_other_suites) {
    Report(absl::StrCat("skipped, another suite's vector: ", path));
  }
  EXPECT_THAT(Folder().problems, testing::IsEmpty());
  EXPECT_FALSE(Folder().metrics.empty());
}

TEST(MetricsGolden, EverySectionIsKnown) {
  for (const GoldenVector& vector : Folder().metrics) {
    for (const auto& [section, content] : vector.content.items()) {
      EXPECT_TRUE(SectionsReadHere().count(section) > 0 ||
                  SectionsThatDescribe().count(section) > 0)
          << vector.path << ": unknown section '" << section << "'";
    }
    EXPECT_EQ(vector.content.value("schema", ""), "bild-metrics-golden/1")
        << vector.path;
    if (vector.content.contains("tolerance")) {
      ExpectKeys(vector.content.at("tolerance"), {"abs", "why"});
      EXPECT_GE(vector.content.at("tolerance").at("abs").get<double>(),
                kTolerance)
          << vector.path << ": stricter than this test";
    }
  }
}

TEST(MetricsGolden, GaussianTaps) {
  const std::vector<double> taps = WindowTaps(SsimWindow::kGaussian11);
  for (const GoldenVector& vector : Folder().metrics) {
    if (!vector.content.contains("gaussian_11_sigma_1.5")) continue;
    const json& wanted = vector.content.at("gaussian_11_sigma_1.5");
    ASSERT_EQ(taps.size(), wanted.size()) << vector.path;
    for (size_t i = 0; i < taps.size(); ++i) {
      EXPECT_NEAR(taps[i], wanted.at(i).get<double>(), 1e-15) << "tap " << i;
    }
  }
}

TEST(MetricsGolden, Quantise) {
  const std::vector<json> cases = CasesOf("quantise");
  for (const json& quantised : cases) {
    ExpectKeys(quantised, {"x", "u8"});
    EXPECT_EQ(ByteOf(quantised.at("x").get<double>()),
              quantised.at("u8").get<double>())
        << quantised;
  }
  Report(absl::StrCat(cases.size(), " values rounded to 8 bits"));
}

TEST(MetricsGolden, PoolRatio) {
  const std::vector<json> cases = CasesOf("pool_ratio");
  for (const json& pooled : cases) {
    SCOPED_TRACE(pooled.dump());
    ExpectKeys(pooled, {"height", "width", "ratio", "pooled"});
    const auto height_px = pooled.at("height").get<int64_t>();
    const auto width_px = pooled.at("width").get<int64_t>();
    const int64_t ratio = ShrinkRatio(height_px, width_px);
    EXPECT_EQ(ratio, pooled.at("ratio").get<int64_t>());
    const std::vector<double> values(static_cast<size_t>(height_px * width_px),
                                     0.5);
    const ComparedValues small = Shrunk(
        {width_px, height_px, /*channel_count=*/1, values.data()}, ratio);
    EXPECT_EQ(small.height_px, pooled.at("pooled").at(0).get<int64_t>());
    EXPECT_EQ(small.width_px, pooled.at("pooled").at(1).get<int64_t>());
    EXPECT_EQ(static_cast<int64_t>(small.values.size()),
              small.height_px * small.width_px);
  }
  Report(absl::StrCat(cases.size(), " sizes of shrunk pictures"));
}

// One case of section `statistics`: differences from a formula, their interval
// and their p.
void ExpectStatistics(const json& wanted) {
  SCOPED_TRACE(wanted.at("name").get<std::string>());
  ExpectKeys(wanted,
             {"name", "seed", "n", "resamples", "plain_first", "other_first",
              "mean_plain", "sd_plain", "mean_difference", "ci95",
              "permutation_p", "scenes", "scene_of_image"});
  const auto seed = wanted.at("seed").get<uint32_t>();
  const auto n = wanted.at("n").get<size_t>();
  std::vector<double> plain, other, differences;
  for (uint32_t i = 0; i < n; ++i) {
    plain.push_back(28.0 + FormulaHash16(seed, 1, 0, 0, i) / 8192.0);
    other.push_back(plain.back() + 0x1p-6 +
                    (FormulaHash16(seed, 2, 0, 0, i) - 32768.0) * 0x1p-18);
    differences.push_back(other.back() - plain.back());
  }
  for (size_t i = 0; i < wanted.at("plain_first").size(); ++i) {
    ASSERT_EQ(plain[i], wanted.at("plain_first").at(i).get<double>());
    ASSERT_EQ(other[i], wanted.at("other_first").at(i).get<double>());
  }
  const SeedSummary summary = Summarise(plain);
  ExpectValue(summary.mean, wanted.at("mean_plain"), "mean_plain");
  ExpectValue(summary.sd, wanted.at("sd_plain"), "sd_plain");
  ExpectValue(Summarise(differences).mean, wanted.at("mean_difference"),
              "mean_difference");

  const bool by_scene = wanted.contains("scene_of_image");
  std::vector<std::string> scenes;
  for (size_t i = 0; i < n; ++i) {
    scenes.push_back(absl::StrCat(
        by_scene ? wanted.at("scene_of_image").at(i).get<size_t>() : i));
  }
  const DifferenceGroups groups = GroupDifferences(differences, scenes);
  ASSERT_EQ(groups.size(), by_scene ? wanted.at("scenes").get<size_t>() : n);
  const ResamplingOptions options = {seed,
                                     wanted.at("resamples").get<int64_t>()};
  const Interval interval = BootstrapInterval(groups, options);
  ExpectValue(interval.low, wanted.at("ci95").at(0), "low");
  ExpectValue(interval.high, wanted.at("ci95").at(1), "high");
  ExpectValue(SignFlipP(groups, options), wanted.at("permutation_p"), "p");
}

TEST(MetricsGolden, Statistics) {
  for (const GoldenVector& vector : Folder().metrics) {
    if (!vector.content.contains("statistics")) continue;
    const json& statistics = vector.content.at("statistics");
    ExpectKeys(statistics, {"inputs", "random", "cases", "seeds", "holm"});
    for (const json& wanted : statistics.at("cases")) ExpectStatistics(wanted);
    for (const json& wanted : statistics.at("seeds")) {
      ExpectKeys(wanted, {"values", "mean", "sd", "t_975", "half_width"});
      const auto values = wanted.at("values").get<std::vector<double>>();
      const SeedSummary summary = Summarise(values);
      ExpectValue(summary.mean, wanted.at("mean"), "mean");
      ExpectValue(summary.sd, wanted.at("sd"), "sd");
      ExpectValue(
          StudentQuantile(0.975, static_cast<int64_t>(values.size()) - 1),
          wanted.at("t_975"), "t_975");
      ExpectValue(summary.half_width, wanted.at("half_width"), "half_width");
    }
    const json& holm = statistics.at("holm");
    ExpectKeys(holm, {"p", "adjusted"});
    const std::vector<double> adjusted =
        HolmAdjusted(holm.at("p").get<std::vector<double>>());
    ASSERT_EQ(adjusted.size(), holm.at("adjusted").size());
    for (size_t i = 0; i < adjusted.size(); ++i) {
      ExpectValue(adjusted[i], holm.at("adjusted").at(i), "adjusted p");
    }
    Report(absl::StrCat(statistics.at("cases").size(),
                        " samples of differences, ",
                        statistics.at("seeds").size(),
                        " of seeds, a family of ", adjusted.size(), " tests"));
  }
}

TEST(MetricsGolden, Ciede2000Pairs) {
  const auto lab_of = [](const json& v) {
    return Lab{v.at(0).get<double>(), v.at(1).get<double>(),
               v.at(2).get<double>()};
  };
  const std::vector<json> pairs = CasesOf("ciede2000_pairs");
  for (const json& pair : pairs) {
    SCOPED_TRACE(pair.dump());
    ExpectKeys(pair, {"lab1", "lab2", "published", "value"});
    const Lab first = lab_of(pair.at("lab1"));
    const Lab second = lab_of(pair.at("lab2"));
    for (const double found :
         {Ciede2000(first, second), Ciede2000(second, first)}) {
      ExpectValue(found, pair.at("value"), "value");
      EXPECT_EQ(std::round(found * 1e4),
                std::round(pair.at("published").get<double>() * 1e4));
    }
  }
  Report(absl::StrCat(pairs.size(), " pairs of CIEDE2000, in both orders"));
}

TEST(MetricsGolden, FormulaCases) {
  const std::vector<json> cases = CasesOf("formula_cases");
  for (const json& formula_case : cases) {
    const auto name = formula_case.at("name").get<std::string>();
    SCOPED_TRACE(name);
    ExpectKeys(formula_case,
               {"name", "kind", "seed", "height", "width", "probes", "values"});
    const auto pair = FormulaPair(formula_case.at("kind").get<std::string>(),
                                  formula_case.at("seed").get<uint32_t>(),
                                  formula_case.at("height").get<int64_t>(),
                                  formula_case.at("width").get<int64_t>());
    ASSERT_TRUE(pair.ok()) << pair.status();
    // The generator first: all but u8's divisions are exact, and these are
    // rounded once.
    EXPECT_FALSE(formula_case.at("probes").empty());
    for (const json& probe : formula_case.at("probes")) {
      ExpectKeys(probe, {"c", "y", "x", "clear", "restored"});
      const int64_t at = probe.at("x").get<int64_t>() * RgbValues::kChannels +
                         probe.at("c").get<int64_t>();
      const auto y = probe.at("y").get<int64_t>();
      ASSERT_EQ(pair->clear.Row(y)[at], probe.at("clear").get<double>())
          << "the test's generator is wrong at " << probe;
      ASSERT_EQ(pair->restored.Row(y)[at], probe.at("restored").get<double>())
          << "the test's generator is wrong at " << probe;
    }
    ExpectScores(*pair, formula_case.at("values"), name);
  }
  Report(absl::StrCat(cases.size(), " formula cases"));
}

TEST(MetricsGolden, RealCases) {
  const std::vector<json> cases = CasesOf("real_cases");
  const char* data_root = std::getenv("BILD_DATA_DIR");
  if (data_root == nullptr || *data_root == '\0') {
    Report(absl::StrCat("skipped: ", cases.size(),
                        " real cases; --test_env=BILD_DATA_DIR=... names the "
                        "folder of their pictures"));
    return;
  }
  for (const json& real_case : cases) {
    const auto name =
        absl::StrCat(real_case.at("dataset").get<std::string>(), " ",
                     real_case.at("hazy").get<std::string>());
    SCOPED_TRACE(name);
    ExpectKeys(real_case,
               {"dataset", "hazy", "clear", "height", "width",
                "hazy_file_sha256", "clear_file_sha256", "hazy_pixels_sha256",
                "clear_pixels_sha256", "values"});
    const auto pair = RealPair(real_case, data_root);
    EXPECT_TRUE(pair.ok()) << pair.status();
    if (!pair.ok()) continue;
    EXPECT_EQ(pair->restored.height_px, real_case.at("height").get<int64_t>());
    EXPECT_EQ(pair->restored.width_px, real_case.at("width").get<int64_t>());
    ExpectScores(*pair, real_case.at("values"), name);
  }
  Report(absl::StrCat(cases.size(), " real cases"));
}

}  // namespace
}  // namespace bild
