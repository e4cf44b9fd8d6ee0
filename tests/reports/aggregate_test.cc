#include "reports/aggregate.h"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/reports/sample_results.h"

namespace bild {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<ResultTable> Tables(const std::vector<Record>& records) {
  absl::StatusOr<std::vector<ResultTable>> tables = GroupIntoTables(records);
  EXPECT_TRUE(tables.ok()) << tables.status();
  return tables.ok() ? *std::move(tables) : std::vector<ResultTable>();
}

std::vector<std::string> MethodsOf(const ResultTable& table) {
  std::vector<std::string> methods;
  for (const MethodRow& row : table.rows) methods.push_back(row.method);
  return methods;
}

TEST(AggregateTest, OneTablePerProfileAndCheckpoint) {
  std::vector<Record> records = SampleRecords();
  // The order of the file does not matter.
  std::reverse(records.begin(), records.end());
  const std::vector<ResultTable> tables = Tables(records);
  ASSERT_EQ(tables.size(), 4U);
  const auto subject = [&](size_t i) {
    return tables[i].Head().profile + " " + tables[i].Head().checkpoint;
  };
  EXPECT_EQ(subject(0), "default best@val");
  EXPECT_EQ(subject(1), "default last");
  EXPECT_EQ(subject(2), "grid-bild best@val");
  EXPECT_EQ(subject(3), "grid-bild last");
  for (const ResultTable& table : tables) {
    EXPECT_THAT(MethodsOf(table),
                ElementsAre("input", "plain", "bild", "frozen_random"));
    ASSERT_EQ(table.Find("bild")->records.size(), 3U);
    EXPECT_EQ(table.Find("bild")->records[0].seed, 1);
    EXPECT_EQ(table.Find("bild")->records[2].seed, 3);
    EXPECT_EQ(table.Find("input")->records.size(), 1U);
  }
  EXPECT_EQ(tables[0].Find("shuffled"), nullptr);
}

// Each of these makes results that must not be compared.
TEST(AggregateTest, WhatWasMeasuredDifferentlyStandsApart) {
  const std::vector<std::function<void(Record*)>> changes = {
      [](Record* r) { r->test_list_sha256 = std::string(64, 'f'); },
      [](Record* r) { r->evaluation_resolution = "half"; },
      [](Record* r) { r->profile = "ffa"; },
      [](Record* r) { r->tiling = "512 overlap 64"; },
      [](Record* r) { r->decoder_probe = "other"; },
      [](Record* r) { r->n = 139; },
      [](Record* r) { r->backbone = "ffa"; },
      [](Record* r) { r->train_list_sha256 = std::string(64, 'e'); },
      [](Record* r) { r->validation_list_sha256 = std::string(64, 'e'); },
      [](Record* r) { r->steps = 301; },
      [](Record* r) { r->batch = 4; },
      [](Record* r) { r->crop_px = 48; },
      [](Record* r) { r->loss = "MSE"; },
      [](Record* r) { r->published = true; },
  };
  for (size_t i = 0; i < changes.size(); ++i) {
    Record plain = SampleRecord("plain", 1, "last", "default");
    Record bild = SampleRecord("bild", 1, "last", "default");
    EXPECT_EQ(Tables({plain, bild}).size(), 1U);
    changes[i](&bild);
    EXPECT_EQ(Tables({plain, bild}).size(), 2U) << "change " << i;
  }
}

TEST(AggregateTest, InputAloneHasATable) {
  const std::vector<ResultTable> tables =
      Tables({SampleRecord("input", std::nullopt, "", "default")});
  ASSERT_EQ(tables.size(), 1U);
  EXPECT_THAT(MethodsOf(tables[0]), ElementsAre("input"));
}

TEST(AggregateTest, InputOfOtherImagesStaysAway) {
  Record input = SampleRecord("input", std::nullopt, "", "default");
  input.test_list_sha256 = std::string(64, 'f');
  const std::vector<ResultTable> tables =
      Tables({input, SampleRecord("plain", 1, "last", "default")});
  ASSERT_EQ(tables.size(), 2U);
  for (const ResultTable& table : tables) EXPECT_EQ(table.rows.size(), 1U);
}

TEST(AggregateTest, ResultsThatAreThereTwiceAreAnError) {
  std::vector<Record> records = SampleRecords();
  records.push_back(records[4]);
  records.push_back(records[0]);
  const absl::Status status = GroupIntoTables(records).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  const std::string message(status.message());
  EXPECT_THAT(message, HasSubstr("lines 5 and 39: plain, seed 1, last, profile "
                                 "default"));
  EXPECT_THAT(message, HasSubstr("lines 1 and 40: input, profile default"));
}

TEST(AggregateTest, DifferencesAreToPlainOfTheSameSeed) {
  const ResultTable table = Tables(SampleRecords())[0];
  EXPECT_FALSE(PsnrDifferenceToPlain(table, *table.Find("plain")).has_value());
  EXPECT_FALSE(PsnrDifferenceToPlain(table, *table.Find("input")).has_value());
  const auto bild = PsnrDifferenceToPlain(table, *table.Find("bild"));
  ASSERT_TRUE(bild.has_value());
  EXPECT_THAT(bild->differences, ElementsAre(0.25, 0.3125, 0.28125));
}

TEST(AggregateTest, VerdictsOfSeveralSeeds) {
  MethodRow row = *Tables(SampleRecords())[0].Find("bild");
  EXPECT_EQ(VerdictOf(row), "INVALID");
  row.records[1].verdict = "VALID";
  EXPECT_EQ(VerdictOf(row), "1 of 3 VALID");
  row.records[0].verdict = row.records[2].verdict = "VALID";
  EXPECT_EQ(VerdictOf(row), "VALID");
}

TEST(AggregateTest, EmptyValuesAreLeftOut) {
  const ResultTable table = Tables(SampleRecords())[0];
  EXPECT_TRUE(ValuesOf(*table.Find("plain"), [](const Record& r) {
                return r.gain_t;
              }).empty());
  EXPECT_THAT(ColourDifferenceValues(*table.Find("plain")),
              ElementsAre(4.25, 4.0, 3.75));
  EXPECT_NEAR(SummaryOf(*table.Find("bild"), &Record::gain_mean).mean, 0.25,
              1e-15);
}

}  // namespace
}  // namespace bild
