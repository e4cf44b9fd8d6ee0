#include "reports/record.h"

#include <cmath>
#include <limits>
#include <random>
#include <string>

#include "bild/base/atomic_file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/reports/sample_results.h"

namespace bild {
namespace {

using testing::HasSubstr;

std::string MessageOf(const absl::Status& status) {
  return std::string(status.message());
}

std::string Replaced(std::string text, const std::string& from,
                     const std::string& to) {
  const size_t place = text.find(from);
  EXPECT_NE(place, std::string::npos) << from;
  return place == std::string::npos ? text
                                    : text.replace(place, from.size(), to);
}

std::string ProblemOf(const std::string& line) {
  const absl::StatusOr<Record> record = ParseRecord(line);
  EXPECT_FALSE(record.ok()) << line;
  return record.ok() ? "" : MessageOf(record.status());
}

Record BildRecord() { return SampleRecord("bild", 2, "best@val", "default"); }

TEST(RecordTest, EveryRecordSurvivesTheFile) {
  for (const Record& record : SampleRecords()) {
    const std::string line = ToJsonLine(record);
    const absl::StatusOr<Record> read = ParseRecord(line);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(ToJsonLine(*read), line);
  }
}

TEST(RecordTest, LineIsFlatAndBeginsWithTheSchema) {
  const std::string line = ToJsonLine(BildRecord());
  EXPECT_EQ(line.rfind("{\"schema\":\"bild-record/3\",\"run_id\":", 0), 0U);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_EQ(line.find('{', 1), std::string::npos);
  EXPECT_EQ(line.find('['), line.find("[dim=16,blocks=2]"));
  EXPECT_THAT(line, HasSubstr("\"seed\":2,\"checkpoint\":\"best@val\","
                              "\"checkpoint_step\":240,"));
  EXPECT_THAT(line, HasSubstr("\"psnr_db\":31.8125,"));
  EXPECT_THAT(line, HasSubstr("\"layout\":\"ots\",\"test_layout\":\"sots\","));
}

TEST(RecordTest, ValuesKeepEveryBit) {
  Record record = BildRecord();
  record.psnr_db = 31.291666666666668;
  record.ssim = std::nextafter(0.1, 1.0);
  record.ciede2000 = 5e-324;
  record.gain_t = -0.0;
  record.seed = std::numeric_limits<int64_t>::max();
  record.parameters = std::numeric_limits<int64_t>::min();
  const absl::StatusOr<Record> read = ParseRecord(ToJsonLine(record));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->psnr_db, 31.291666666666668);
  EXPECT_EQ(read->ssim, std::nextafter(0.1, 1.0));
  EXPECT_EQ(read->ciede2000, 5e-324);
  EXPECT_TRUE(std::signbit(*read->gain_t));
  EXPECT_EQ(read->seed, std::numeric_limits<int64_t>::max());
  EXPECT_EQ(read->parameters, std::numeric_limits<int64_t>::min());
}

TEST(RecordTest, InfinityIsAStringAndNotANumberIsNull) {
  Record record = BildRecord();
  record.psnr_db = std::numeric_limits<double>::infinity();
  record.gain_t = std::numeric_limits<double>::quiet_NaN();
  const std::string line = ToJsonLine(record);
  EXPECT_THAT(line, HasSubstr("\"psnr_db\":\"inf\""));
  EXPECT_THAT(line, HasSubstr("\"gain_t\":null"));
  const absl::StatusOr<Record> read = ParseRecord(line);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->psnr_db, std::numeric_limits<double>::infinity());
  EXPECT_FALSE(read->gain_t.has_value());
}

TEST(RecordTest, TextOfAnyKindSurvives) {
  Record record = BildRecord();
  record.loss = "a \"quoted\"\tpart,\nnext line \\ and µ";
  const absl::StatusOr<Record> read = ParseRecord(ToJsonLine(record));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->loss, record.loss);
  record.loss = "not UTF-8: \xFF";
  EXPECT_TRUE(ParseRecord(ToJsonLine(record)).ok());
}

TEST(RecordTest, IdenticalRunsDifferInTimesOnly) {
  const Record first = BildRecord();
  Record second = first;
  second.wall_seconds = 1;
  second.step_milliseconds_median = 2;
  second.peak_memory_mib = 3;
  second.started_at = "2001-01-01T00:00:00Z";
  EXPECT_NE(ToJsonLine(first), ToJsonLine(second));
  EXPECT_EQ(ToJsonLine(RecordWithoutTimes(first)),
            ToJsonLine(RecordWithoutTimes(second)));
  second.psnr_db = std::nextafter(second.psnr_db, 0);
  EXPECT_NE(ToJsonLine(RecordWithoutTimes(first)),
            ToJsonLine(RecordWithoutTimes(second)));
  EXPECT_THAT(RecordTimeFields(),
              testing::ElementsAre("wall_seconds", "step_milliseconds_median",
                                   "peak_memory_mib", "started_at"));
}

TEST(RecordTest, AnUnknownSchemaIsRefused) {
  const absl::StatusOr<Record> record = ParseRecord(
      Replaced(ToJsonLine(BildRecord()), "bild-record/3", "bild-record/4"));
  EXPECT_EQ(record.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(MessageOf(record.status()),
              HasSubstr("schema 'bild-record/4' is unknown, expected "
                        "'bild-record/3'"));
}

TEST(RecordTest, EveryProblemOfALineIsNamedAtOnce) {
  std::string line = ToJsonLine(BildRecord());
  line = Replaced(line, "\"n\":140", "\"n\":\"140\"");
  line = Replaced(line, "\"ssim\":", "\"ssym\":");
  line = Replaced(line, "\"dirty\":false", "\"dirty\":0");
  const std::string problem = ProblemOf(line);
  EXPECT_THAT(problem,
              HasSubstr("field 'n': expected a 64-bit integer, found \"140\""));
  EXPECT_THAT(problem, HasSubstr("field 'ssim' is missing"));
  EXPECT_THAT(problem, HasSubstr("field 'ssym' is unknown"));
  EXPECT_THAT(problem, HasSubstr("field 'dirty': expected true or false"));
}

TEST(RecordTest, StrictAboutTypesNestingAndRepetition) {
  const std::string line = ToJsonLine(BildRecord());
  EXPECT_THAT(ProblemOf(Replaced(line, "\"steps\":300", "\"steps\":300.0")),
              HasSubstr("'steps': expected a 64-bit integer, found 300.0"));
  EXPECT_THAT(ProblemOf(Replaced(line, "\"steps\":300",
                                 "\"steps\":9223372036854775808")),
              HasSubstr("'steps': expected a 64-bit integer"));
  EXPECT_THAT(
      ProblemOf(Replaced(line, "\"psnr_db\":31.8125", "\"psnr_db\":null")),
      HasSubstr("'psnr_db': expected a number or \"inf\", found null"));
  EXPECT_THAT(
      ProblemOf(Replaced(line, "\"psnr_db\":31.8125", "\"psnr_db\":\"31\"")),
      HasSubstr("found \"31\""));
  EXPECT_THAT(ProblemOf(Replaced(line, "\"steps\":300", "\"steps\":[300]")),
              HasSubstr("a record is flat"));
  EXPECT_THAT(
      ProblemOf(Replaced(line, "\"steps\":300", "\"steps\":300,\"steps\":300")),
      HasSubstr("'steps' stands there twice"));
  EXPECT_THAT(ProblemOf(Replaced(line, "\"test_layout\":\"sots\",", "")),
              HasSubstr("field 'test_layout' is missing"));
  EXPECT_THAT(ProblemOf("[1]"), HasSubstr("no JSON object"));
  EXPECT_THAT(ProblemOf(line + "x"), HasSubstr("no valid JSON"));
  EXPECT_THAT(ProblemOf(""), HasSubstr("no valid JSON"));
}

TEST(RecordTest, ValuesMustMakeSense) {
  const std::string line = ToJsonLine(BildRecord());
  EXPECT_THAT(ProblemOf(Replaced(line, "\"n\":140", "\"n\":0")),
              HasSubstr("'n': expected at least one image, found 0"));
  EXPECT_THAT(
      ProblemOf(Replaced(line, "\"profile\":\"default\"", "\"profile\":\"\"")),
      HasSubstr("without a metric profile"));
  EXPECT_THAT(ProblemOf(Replaced(line, "\"verdict\":\"INVALID\"",
                                 "\"verdict\":\"VALID\"")),
              HasSubstr("verdict VALID contradicts invalid_reasons"));
  EXPECT_THAT(ProblemOf(Replaced(line, "\"verdict\":\"INVALID\"",
                                 "\"verdict\":\"fine\"")),
              HasSubstr("expected VALID or INVALID, found 'fine'"));
}

TEST(RecordTest, FilesNameTheirWrongLines) {
  const TemporaryFolder folder;
  const std::string path = folder.File("records.jsonl");
  const std::string good = ToJsonLine(BildRecord()) + "\n";
  ASSERT_TRUE(
      WriteFileAtomically(path, good + "{}\n" + good + good.substr(0, 100))
          .ok());
  const absl::StatusOr<std::vector<Record>> records = ReadRecords(path);
  EXPECT_EQ(records.status().code(), absl::StatusCode::kInvalidArgument);
  const std::string message = MessageOf(records.status());
  EXPECT_THAT(message, HasSubstr(path));
  EXPECT_THAT(message, HasSubstr("line 2: field 'schema' is missing"));
  EXPECT_THAT(message, HasSubstr("problems in all"));
  EXPECT_THAT(message, HasSubstr("line 4: no valid JSON"));
  EXPECT_THAT(message, HasSubstr("--resume"));
  EXPECT_EQ(message.find("line 3"), std::string::npos);
}

TEST(RecordTest, FilesThatAreMissingOrEmpty) {
  const TemporaryFolder folder;
  EXPECT_EQ(ReadRecords(folder.File("none")).status().code(),
            absl::StatusCode::kNotFound);
  ASSERT_TRUE(WriteFileAtomically(folder.File("empty"), "").ok());
  const absl::Status empty = ReadRecords(folder.File("empty")).status();
  EXPECT_EQ(empty.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(MessageOf(empty), HasSubstr("is empty"));
}

TEST(RecordTest, WrittenFilesReadBack) {
  const TemporaryFolder folder;
  const std::vector<Record> records = SampleRecords();
  ASSERT_TRUE(WriteRecords(folder.File("records.jsonl"), records).ok());
  const auto read = ReadRecords(folder.File("records.jsonl"));
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->size(), 38U);  // 2 of the input, 3 methods x 3 seeds x 2 x 2.
  for (size_t i = 0; i < records.size(); ++i) {
    EXPECT_EQ(ToJsonLine((*read)[i]), ToJsonLine(records[i])) << i;
  }
}

// A damaged line is a record or an error, never a crash; and what is read as a
// record is written and read again as the same one.
TEST(RecordTest, DamagedLinesNeverCrash) {
  std::mt19937 random(20220);
  const std::string line = ToJsonLine(BildRecord());
  const std::string alphabet = "{}[]\",:\\0123456789eE+-.ntruflasINF \xC3\xFF";
  int still_records = 0;
  for (int round = 0; round < 4000; ++round) {
    std::string damaged = line;
    const auto changes = 1 + random() % 4;
    for (unsigned change = 0; change < changes && !damaged.empty(); ++change) {
      const size_t place = random() % damaged.size();
      switch (random() % 5) {
        case 0:
          damaged[place] = alphabet[random() % alphabet.size()];
          break;
        case 1:
          damaged.insert(place, 1, alphabet[random() % alphabet.size()]);
          break;
        case 2:
          damaged.erase(place, 1 + random() % 20);
          break;
        case 3:
          damaged.resize(place);
          break;
        default:
          damaged.insert(place, damaged.substr(random() % damaged.size(), 30));
      }
    }
    const absl::StatusOr<Record> record = ParseRecord(damaged);
    if (!record.ok()) {
      EXPECT_FALSE(record.status().message().empty());
      continue;
    }
    ++still_records;
    const absl::StatusOr<Record> again = ParseRecord(ToJsonLine(*record));
    ASSERT_TRUE(again.ok()) << damaged << "\n" << again.status();
    EXPECT_EQ(ToJsonLine(*again), ToJsonLine(*record));
  }
  EXPECT_GT(still_records, 100);  // Changes inside a text are no damage.
}

TEST(RecordTest, DeepNestingIsRefusedQuickly) {
  EXPECT_FALSE(ParseRecord("{\"schema\":" + std::string(200000, '[')).ok());
  EXPECT_FALSE(ParseRecord("{\"schema\":" + std::string(200000, '[') +
                           std::string(200000, ']') + "}")
                   .ok());
}

}  // namespace
}  // namespace bild
