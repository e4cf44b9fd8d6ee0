#include "reports/comparison.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reports/comparison_table.h"
#include "tests/reports/sample_results.h"

namespace bild {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// plain and one method over seeds 1 to S; image i of seed s has the difference
// differences[i] + (s % 2 == 0 ? wobble : -wobble).
struct Results {
  std::vector<Record> records;
  std::vector<PerImageRow> images;
};

Results Made(int64_t seeds, const std::vector<double>& differences_db,
             double wobble_db, int64_t images_per_scene = 1) {
  Results made;
  for (const char* method : {"plain", "bild"}) {
    for (int64_t seed = 1; seed <= seeds; ++seed) {
      Record record = SampleRecord(method, seed, "best@val", "default");
      record.n = static_cast<int64_t>(differences_db.size());
      double sum_db = 0.0;
      for (size_t i = 0; i < differences_db.size(); ++i) {
        PerImageRow row;
        row.method = method;
        row.seed = seed;
        row.checkpoint = "best@val";
        row.profile = "default";
        row.hazy = std::to_string(i);
        row.clear = std::to_string(static_cast<int64_t>(i) / images_per_scene);
        row.psnr_db = 25.0 + static_cast<double>(i % 7);
        if (record.method == "bild") {
          row.psnr_db +=
              differences_db[i] + (seed % 2 == 0 ? wobble_db : -wobble_db);
        }
        sum_db += row.psnr_db;
        made.images.push_back(row);
      }
      record.psnr_db = sum_db / static_cast<double>(record.n);
      made.records.push_back(record);
    }
  }
  return made;
}

std::vector<Comparison> Compared(const Results& results) {
  const auto tables = GroupIntoTables(results.records);
  EXPECT_TRUE(tables.ok()) << tables.status();
  EXPECT_EQ(tables->size(), 1u);
  return CompareToPlain(tables->front(), PerImageScores(results.images),
                        ComparedMetric::kPsnrDb);
}

Comparison OneCompared(const Results& results) {
  const std::vector<Comparison> comparisons = Compared(results);
  EXPECT_EQ(comparisons.size(), 1u);
  return comparisons.empty() ? Comparison() : comparisons.front();
}

std::vector<double> Shifted(std::vector<double> values, double by) {
  for (double& value : values) value += by;
  return values;
}

const std::vector<double> kTwelve = {0.1,  0.2, 0.3,  0.1, 0.2,  0.3,
                                     0.15, 0.2, 0.25, 0.1, 0.35, 0.15};

TEST(ComparisonTest, BetterNeedsBothIntervalsAndTheTest) {
  const Comparison better = OneCompared(Made(4, kTwelve, 0.01));
  ASSERT_TRUE(better.images.has_value());
  EXPECT_NEAR(better.images->mean, 0.2, 1e-12);
  EXPECT_NEAR(better.seeds.summary.mean, 0.2, 1e-12);
  EXPECT_FALSE(better.images->by_scene);
  EXPECT_EQ(better.images->units, 12);
  EXPECT_GT(better.images->interval.low, 0.1);
  EXPECT_LT(better.images->interval.high, 0.3);
  // All twelve on one side: 2 of 2^12 flips.
  EXPECT_EQ(better.images->p, 2.0 / 4096.0);
  EXPECT_EQ(better.images->holm_p, better.images->p);
  EXPECT_EQ(better.word, Word::kBetter);

  const Comparison worse = OneCompared(Made(4, Shifted(kTwelve, -0.4), 0.01));
  EXPECT_EQ(worse.word, Word::kWorse);
}

TEST(ComparisonTest, SeedsThatDisagreeSayNothing) {
  const Comparison comparison = OneCompared(Made(4, kTwelve, 0.5));
  ASSERT_TRUE(comparison.images.has_value());
  EXPECT_GT(comparison.images->interval.low, 0.0);
  EXPECT_FALSE(comparison.seeds.excludes_zero);
  EXPECT_EQ(comparison.word, Word::kNotDistinguishable);
}

TEST(ComparisonTest, ImagesThatDisagreeSayNothing) {
  const Comparison comparison =
      OneCompared(Made(4, {2.0, -1.0, 1.5, -1.0, 1.0, -1.0}, 0.01));
  ASSERT_TRUE(comparison.images.has_value());
  EXPECT_TRUE(comparison.seeds.excludes_zero);
  EXPECT_LT(comparison.images->interval.low, 0.0);
  EXPECT_EQ(comparison.word, Word::kNotDistinguishable);
}

// Five images on one side: both intervals leave out 0, p = 2/32 does not reach.
TEST(ComparisonTest, FiveImagesNeverReachTheLevel) {
  const Comparison comparison =
      OneCompared(Made(4, {0.2, 0.25, 0.3, 0.2, 0.25}, 0.01));
  ASSERT_TRUE(comparison.images.has_value());
  EXPECT_GT(comparison.images->interval.low, 0.0);
  EXPECT_TRUE(comparison.seeds.excludes_zero);
  EXPECT_EQ(comparison.images->p, 0.0625);
  EXPECT_EQ(comparison.word, Word::kNotDistinguishable);
  const std::string table = ComparisonTable({comparison}, "plain");
  EXPECT_THAT(table, HasSubstr("not distinguishable, few images |"));
  EXPECT_THAT(table, HasSubstr("under 0.3 dB"));
}

TEST(ComparisonTest, OneSeedIsNeverEnough) {
  const Comparison comparison = OneCompared(Made(1, kTwelve, 0.0));
  ASSERT_TRUE(comparison.images.has_value());
  EXPECT_EQ(comparison.images->p, 2.0 / 4096.0);
  EXPECT_EQ(comparison.word, Word::kNotDistinguishable);
  const std::string table = ComparisonTable({comparison}, "plain");
  EXPECT_THAT(table, HasSubstr(" 1 seed | "));
  EXPECT_THAT(table, Not(HasSubstr("few images")));
}

TEST(ComparisonTest, ScenesAreDrawnAndFlippedAsWholes) {
  const Comparison comparison = OneCompared(Made(4, kTwelve, 0.01, 3));
  ASSERT_TRUE(comparison.images.has_value());
  EXPECT_TRUE(comparison.images->by_scene);
  EXPECT_EQ(comparison.images->units, 4);
  EXPECT_EQ(comparison.images->images, 12);
  EXPECT_EQ(comparison.images->p, 2.0 / 16.0);
  EXPECT_EQ(comparison.word, Word::kNotDistinguishable);
  EXPECT_THAT(ComparisonTable({comparison}, "plain"),
              HasSubstr(" by scene (4) |"));
}

// Twelve pictures of one scene are one witness, and one has no spread.
TEST(ComparisonTest, OneSceneHasNoInterval) {
  const Comparison comparison = OneCompared(Made(4, kTwelve, 0.01, 12));
  ASSERT_TRUE(comparison.images.has_value());
  EXPECT_EQ(comparison.images->units, 1);
  EXPECT_TRUE(std::isnan(comparison.images->interval.low));
  EXPECT_TRUE(std::isnan(comparison.images->interval.high));
  EXPECT_EQ(comparison.images->p, 1.0);
  EXPECT_EQ(comparison.word, Word::kNotDistinguishable);
  EXPECT_THAT(ComparisonTable({comparison}, "plain"),
              HasSubstr("| n/a by scene (1) |"));
}

TEST(ComparisonTest, PValuesAreAdjustedOverTheMethods) {
  const auto tables = GroupIntoTables(SampleRecords());
  ASSERT_TRUE(tables.ok());
  const PerImageScores images(SamplePerImage());
  for (const ResultTable& table : *tables) {
    const std::vector<Comparison> comparisons =
        CompareToPlain(table, images, ComparedMetric::kPsnrDb);
    ASSERT_EQ(comparisons.size(), 2u);
    ASSERT_TRUE(comparisons[0].images && comparisons[1].images);
    EXPECT_EQ(comparisons[0].method, "bild");
    EXPECT_EQ(comparisons[0].images->p, 0.125);
    EXPECT_EQ(comparisons[0].images->holm_p, 0.25);
    EXPECT_EQ(comparisons[1].images->holm_p, comparisons[1].images->p);
    EXPECT_NEAR(comparisons[0].images->mean, comparisons[0].seeds.summary.mean,
                1e-12);
  }
}

TEST(ComparisonTest, WithoutTheRecordsImagesThereIsNoInterval) {
  Results results = Made(4, kTwelve, 0.01);
  const auto has_images = [](const Results& of) {
    return OneCompared(of).images.has_value();
  };
  EXPECT_TRUE(has_images(results));
  Results none = results;
  none.images.clear();
  EXPECT_FALSE(has_images(none));
  EXPECT_EQ(ComparisonTable({OneCompared(none)}, "plain"), "");
  EXPECT_EQ(ReadingTheComparisons({{OneCompared(none)}}), "");

  Results one_short = results;
  one_short.images.pop_back();
  EXPECT_FALSE(has_images(one_short));
  Results other_mean = results;
  other_mean.images.front().psnr_db += 0.01;
  EXPECT_FALSE(has_images(other_mean));
  Results other_image = results;
  other_image.images.front().hazy = "another";
  EXPECT_FALSE(has_images(other_image));
}

TEST(ComparisonTest, AnInfinitePsnrHasNoDifference) {
  Results results = Made(3, kTwelve, 0.01);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  results.images.back().psnr_db = kInfinity;
  results.records.back().psnr_db = kInfinity;
  const Comparison comparison = OneCompared(results);
  EXPECT_FALSE(comparison.images.has_value());
  EXPECT_EQ(comparison.word, Word::kNotDistinguishable);
}

TEST(ComparisonTest, PlainAloneIsNotCompared) {
  Results results = Made(3, kTwelve, 0.01);
  results.records.resize(3);
  EXPECT_TRUE(Compared(results).empty());
}

// 0.01 of SSIM where there is 1 dB, which is one family of tests of its own.
TEST(ComparisonTest, SsimIsComparedLikePsnr) {
  Results results = Made(4, kTwelve, 0.01);
  for (Record& record : results.records) record.ssim = 0.0;
  for (PerImageRow& row : results.images) {
    row.ssim = 0.01 * row.psnr_db + 0.5;
    for (Record& record : results.records) {
      if (record.method == row.method && record.seed == row.seed) {
        record.ssim += row.ssim / static_cast<double>(record.n);
      }
    }
  }
  const auto tables = GroupIntoTables(results.records);
  ASSERT_TRUE(tables.ok()) << tables.status();
  const std::vector<Comparison> comparisons = CompareToPlain(
      tables->front(), PerImageScores(results.images), ComparedMetric::kSsim);
  ASSERT_EQ(comparisons.size(), 1u);
  const Comparison& ssim = comparisons.front();
  ASSERT_TRUE(ssim.images.has_value());
  EXPECT_NEAR(ssim.images->mean, 0.002, 1e-12);
  EXPECT_NEAR(ssim.seeds.summary.mean, 0.002, 1e-12);
  EXPECT_EQ(ssim.images->p, 2.0 / 4096.0);
  EXPECT_EQ(ssim.word, Word::kBetter);
  const Comparison psnr = OneCompared(results);
  EXPECT_NEAR(ssim.images->interval.low, 0.01 * psnr.images->interval.low,
              1e-12);
  EXPECT_THAT(ComparisonTable(comparisons, "plain"),
              AllOf(HasSubstr("| SSIM − plain |"), HasSubstr(" +0.00200 | ")));
}

// Another row of records, from another folder, as a baseline.
TEST(ComparisonTest, AnyRowMayBeTheBaseline) {
  const Results results = Made(4, kTwelve, 0.01);
  const auto tables = GroupIntoTables(results.records);
  ASSERT_TRUE(tables.ok()) << tables.status();
  const PerImageScores images(results.images);
  const MethodRow& plain = *tables->front().Find("plain");
  const MethodRow& bild = *tables->front().Find("bild");
  std::vector<Comparison> family = {
      Compare({plain, images}, {bild, images}, ComparedMetric::kPsnrDb),
      Compare({bild, images}, {bild, images}, ComparedMetric::kPsnrDb)};
  JudgeTogether(&family);
  EXPECT_NEAR(family[0].images->mean, -0.2, 1e-12);
  EXPECT_EQ(family[0].images->holm_p, 4.0 / 4096.0);
  EXPECT_EQ(family[0].word, Word::kWorse);
  EXPECT_EQ(family[1].images->p, 1.0);
  EXPECT_EQ(family[1].word, Word::kNotDistinguishable);
}

TEST(ComparisonTest, Words) {
  Comparison comparison;
  EXPECT_EQ(WordText(comparison), "not distinguishable");
  comparison.has_few_images = true;
  EXPECT_EQ(WordText(comparison), "not distinguishable, few images");
  comparison.word = Word::kBetter;
  EXPECT_EQ(WordText(comparison), "better, few images");
  comparison.has_few_images = false;
  comparison.word = Word::kWorse;
  EXPECT_EQ(WordText(comparison), "worse");
}

}  // namespace
}  // namespace bild
