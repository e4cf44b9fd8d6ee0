#include "reports/csv.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using Fields = std::vector<std::string>;

std::vector<CsvRow> Parsed(const std::string& text) {
  absl::StatusOr<std::vector<CsvRow>> rows = ParseCsv(text);
  EXPECT_TRUE(rows.ok()) << rows.status();
  return rows.ok() ? *std::move(rows) : std::vector<CsvRow>();
}

std::string ProblemOf(const std::string& text) {
  const absl::Status status = ParseCsv(text).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
  return std::string(status.message());
}

TEST(CsvTest, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(CsvField("plain"), "plain");
  EXPECT_EQ(CsvField(""), "");
  EXPECT_EQ(CsvField("a b;c'd"), "a b;c'd");
  EXPECT_EQ(CsvField("ffa[dim=16,blocks=2]"), "\"ffa[dim=16,blocks=2]\"");
  EXPECT_EQ(CsvField("say \"x\""), "\"say \"\"x\"\"\"");
  EXPECT_EQ(CsvField("two\nlines"), "\"two\nlines\"");
  EXPECT_EQ(CsvLine({"a", "b,c", ""}), "a,\"b,c\",\n");
}

TEST(CsvTest, NumbersAreShortestAndExact) {
  EXPECT_EQ(CsvNumber(0.1), "0.1");
  EXPECT_EQ(CsvNumber(23.0), "23");
  EXPECT_EQ(CsvNumber(31.291666666666668), "31.291666666666668");
  EXPECT_EQ(CsvNumber(std::numeric_limits<double>::infinity()), "inf");
  EXPECT_EQ(CsvNumber(-std::numeric_limits<double>::infinity()), "-inf");
  EXPECT_EQ(CsvNumber(std::numeric_limits<double>::quiet_NaN()), "");
  EXPECT_EQ(CsvNumber(std::optional<double>()), "");
  EXPECT_EQ(CsvNumber(std::optional<int64_t>(7)), "7");
}

TEST(CsvTest, AnyDoubleSurvives) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 20000; ++i) {
    const uint64_t bits = random();
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    if (std::isnan(value)) continue;
    double read = 0;
    ASSERT_TRUE(ParseCsvNumber(CsvNumber(value), &read)) << CsvNumber(value);
    EXPECT_EQ(std::memcmp(&read, &value, sizeof value), 0) << value;
  }
}

TEST(CsvTest, WholeFieldsAreNumbersOrNot) {
  double value = 5;
  EXPECT_TRUE(ParseCsvNumber("", &value));
  EXPECT_TRUE(std::isnan(value));
  EXPECT_TRUE(ParseCsvNumber("1e-3", &value));
  EXPECT_EQ(value, 0.001);
  for (const char* text : {"1.5x", " 1", "1 ", "nan", "--1", "0x10", "1,5"}) {
    EXPECT_FALSE(ParseCsvNumber(text, &value)) << text;
    EXPECT_EQ(value, 0.001);
  }
  int64_t integer = 3;
  EXPECT_TRUE(ParseCsvInteger("-12", &integer));
  EXPECT_EQ(integer, -12);
  for (const char* text : {"", "1.0", "9223372036854775808", "one"}) {
    EXPECT_FALSE(ParseCsvInteger(text, &integer)) << text;
    EXPECT_EQ(integer, -12);
  }
}

TEST(CsvTest, ReadsBothLineEndsAndCountsLines) {
  const std::vector<CsvRow> rows = Parsed("a,b\r\n\"1\n2\",\"x\"\"y\"\nlast,");
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_THAT(rows[0].fields, ElementsAre("a", "b"));
  EXPECT_THAT(rows[1].fields, ElementsAre("1\n2", "x\"y"));
  EXPECT_THAT(rows[2].fields, ElementsAre("last", ""));
  EXPECT_EQ(rows[1].line, 2);
  EXPECT_EQ(rows[2].line, 4);
  EXPECT_TRUE(Parsed("").empty());
}

TEST(CsvTest, WrongQuotesAreNamedWithTheirLine) {
  EXPECT_EQ(ProblemOf("a,b\nc\"d,e\n"),
            "line 2: a quote inside a field that is not quoted");
  EXPECT_EQ(ProblemOf("a\n\"b\"c\n"),
            "line 2: text after the closing quote of a field");
  EXPECT_EQ(ProblemOf("a\nb\n\"c\nd\n"),
            "line 3: a quoted field that is never closed");
}

TEST(CsvTest, TablesHaveTheirHeaderAndWidth) {
  const Fields header = {"x", "y"};
  const auto rows = ParseCsvTable("x,y\n1,2\n3,4\n", header, "t.csv");
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_EQ(rows->size(), 2U);
  EXPECT_THAT((*rows)[1].fields, ElementsAre("3", "4"));

  const absl::Status other = ParseCsvTable("x,z\n", header, "t.csv").status();
  EXPECT_THAT(std::string(other.message()),
              HasSubstr("'t.csv' line 1: expected the header 'x,y', found "
                        "'x,z'"));
  const absl::Status narrow =
      ParseCsvTable("x,y\n1,2\n3\n4,5,6\n", header, "t.csv").status();
  EXPECT_THAT(std::string(narrow.message()), HasSubstr("line 3: 1 fields"));
  EXPECT_THAT(std::string(narrow.message()), HasSubstr("line 4: 3 fields"));
  EXPECT_FALSE(ParseCsvTable("", header, "t.csv").ok());
}

// Whatever the fields hold, a written row reads back as itself.
TEST(CsvTest, AnyTextSurvives) {
  std::mt19937 random(4180);
  const std::string alphabet = "ab,\"\r\n '\\\t;=\xC3\xA9";
  for (int round = 0; round < 2000; ++round) {
    std::vector<Fields> table(1 + random() % 4);
    std::string text;
    for (Fields& fields : table) {
      fields.resize(1 + random() % 5);
      for (std::string& field : fields) {
        const auto length = random() % 6;
        for (unsigned i = 0; i < length; ++i) {
          field.push_back(alphabet[random() % alphabet.size()]);
        }
      }
      text += CsvLine(fields);
    }
    const std::vector<CsvRow> rows = Parsed(text);
    ASSERT_EQ(rows.size(), table.size()) << text;
    for (size_t i = 0; i < table.size(); ++i) {
      EXPECT_EQ(rows[i].fields, table[i]) << text;
    }
  }
}

TEST(CsvTest, DamagedTextNeverCrashes) {
  std::mt19937 random(7);
  const std::string alphabet = "a,\"\r\n";
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    const auto length = random() % 12;
    for (unsigned i = 0; i < length; ++i) {
      text.push_back(alphabet[random() % alphabet.size()]);
    }
    const auto rows = ParseCsv(text);
    if (!rows.ok()) {
      EXPECT_THAT(std::string(rows.status().message()), HasSubstr("line "));
    }
  }
}

}  // namespace
}  // namespace bild
