#include "reports/published_figures.h"

#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/reports/sample_results.h"

namespace bild {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// The sample results as if they were this net's on this set.
std::vector<Record> RecordsOf(const std::string& backbone,
                              const std::string& dataset) {
  std::vector<Record> records = SampleRecords();
  for (Record& record : records) {
    record.dataset = dataset;
    if (record.seed.has_value()) record.backbone = backbone;
  }
  return records;
}

std::string TableOf(const std::vector<Record>& records,
                    const std::string& profile) {
  const auto tables = GroupIntoTables(records);
  EXPECT_TRUE(tables.ok()) << tables.status();
  for (const ResultTable& table : *tables) {
    if (table.Head().profile == profile &&
        table.Head().checkpoint == "best@val") {
      return PublishedTable(table);
    }
  }
  ADD_FAILURE() << "no table of " << profile;
  return "";
}

// 38.58 dB is BILD's own figure for FFA-Net, scored as grid-bild does; 31.07 dB
// stand beside it, the mean of 31.5, 31.8125 and 31.40625 less 0.5.
TEST(PublishedFigures, ADifferenceNeedsTheSameProfile) {
  const std::vector<Record> records = RecordsOf("ffa", "sots_indoor");
  const std::string same = TableOf(records, "grid-bild");
  EXPECT_THAT(same, HasSubstr("| `grid-bild` |               38.58 |         "
                              "0.9921 |          31.07 |                 "
                              "-7.51 |"));
  const std::string other = TableOf(records, "default");
  EXPECT_THAT(
      other,
      AllOf(HasSubstr("| `plain` | read-me of FFA-Net (Qin et al., AAAI 2020)"),
            HasSubstr(" 36.39 |         0.9886 |          31.29 |"),
            HasSubstr(" 38.58 |         0.9921 |          31.57 |"),
            Not(HasSubstr("frozen_random")), Not(HasSubstr("-7.01"))));
}

TEST(PublishedFigures, AnUnknownProfileSaysSo) {
  const std::string table =
      TableOf(RecordsOf("aodnet", "sots_indoor"), "default");
  EXPECT_THAT(table, AllOf(HasSubstr("| profile unknown |"),
                           HasSubstr(" 19.06 |"), Not(HasSubstr("+12.23"))));
}

TEST(PublishedFigures, AWeightsFileStandsBesideThePlainNet) {
  Record record = SampleRecord("weights", std::nullopt, "", "ffa");
  record.backbone = "msbdn";
  record.dataset = "sots_indoor";
  record.psnr_db = 33.5;
  const auto tables = GroupIntoTables({record});
  ASSERT_TRUE(tables.ok()) << tables.status();
  EXPECT_THAT(
      PublishedTable(tables->front()),
      AllOf(HasSubstr("33.79"), HasSubstr(" 0.984 |"), HasSubstr(" -0.29 |")));
}

TEST(PublishedFigures, OtherNetsSetsAndResolutionsHaveNone) {
  EXPECT_EQ(
      TableOf(RecordsOf("ffa[dim=16,blocks=1]", "sots_indoor"), "default"), "");
  EXPECT_EQ(TableOf(RecordsOf("ffa", "sots_indoor[n=60]"), "default"), "");
  EXPECT_EQ(TableOf(RecordsOf("ffa", "synthetic_sots_indoor"), "default"), "");
  std::vector<Record> half = RecordsOf("ffa", "sots_indoor");
  for (Record& record : half) record.evaluation_resolution = "half";
  EXPECT_EQ(TableOf(half, "default"), "");
}

TEST(PublishedFigures, EachIsThereOnce) {
  std::set<std::tuple<std::string, std::string, std::string>> seen;
  for (const PublishedFigure& figure : PublishedFigures()) {
    EXPECT_TRUE(
        seen.insert({figure.backbone, figure.method, figure.dataset}).second)
        << figure.backbone;
    EXPECT_FALSE(figure.source.empty());
  }
}

}  // namespace
}  // namespace bild
