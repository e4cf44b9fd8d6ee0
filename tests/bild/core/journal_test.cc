#include "bild/journal.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "bild/base/atomic_file.h"
#include "bild/base/seed.h"
#include "gtest/gtest.h"
#include "tests/testing/temporary_folder.h"

namespace bild {
namespace {

PatchWeight Weight(int64_t place, const std::string& id) {
  PatchWeight weight;
  weight.step = 50;
  weight.place = place;
  weight.id = id;
  weight.x_px = 3;
  weight.y_px = 5;
  weight.crop_px = 64;
  weight.weight = 0.1;
  weight.loss = 1.0 / 3.0;
  return weight;
}

TEST(Journal, ReadsBackWhatWasAdded) {
  const TemporaryFolder folder;
  const std::string path = folder / "journal.jsonl";
  Journal journal(path);
  ASSERT_TRUE(journal.CutTo(0).ok());
  EXPECT_EQ(ReadJournal(path).value().curves.size(), 0u);
  journal.Add(JournalCurve{50, "gain_mean", 1e-300});
  journal.Add(Weight(0, "a \"quoted\" id\\\n\xC3\xA9"));
  PatchWeight rewarded = Weight(1, "b");
  rewarded.reward = -0.7;
  journal.Add(rewarded);
  // Nothing is in the file before the flush.
  EXPECT_EQ(ReadFile(path).value(), "");
  const int64_t bytes = journal.Flush().value();
  EXPECT_EQ(bytes, static_cast<int64_t>(ReadFile(path).value().size()));
  EXPECT_EQ(journal.Flush().value(), bytes);

  const JournalRows rows = ReadJournal(path).value();
  ASSERT_EQ(rows.curves.size(), 1u);
  EXPECT_EQ(rows.curves[0].step, 50);
  EXPECT_EQ(rows.curves[0].name, "gain_mean");
  EXPECT_EQ(rows.curves[0].value, 1e-300);
  ASSERT_EQ(rows.weights.size(), 2u);
  EXPECT_EQ(rows.weights[0].id, "a \"quoted\" id\\\n\xC3\xA9");
  EXPECT_EQ(rows.weights[0].loss, 1.0 / 3.0);
  EXPECT_EQ(rows.weights[0].weight, 0.1);
  EXPECT_FALSE(rows.weights[0].reward.has_value());
  EXPECT_EQ(rows.weights[1].place, 1);
  EXPECT_EQ(rows.weights[1].x_px, 3);
  EXPECT_EQ(rows.weights[1].y_px, 5);
  EXPECT_EQ(rows.weights[1].crop_px, 64);
  EXPECT_EQ(rows.weights[1].reward.value(), -0.7);
}

// Every double comes back as itself.
TEST(Journal, KeepsEveryBit) {
  const TemporaryFolder folder;
  Journal journal(folder / "journal.jsonl");
  ASSERT_TRUE(journal.CutTo(0).ok());
  SeedEngine engine(1, SeedStream::kShuffle, 0, 0);
  std::vector<double> values;
  for (int64_t i = 0; i < 500; ++i) {
    values.push_back(engine.Normal() * std::pow(10.0, 20.0 * engine.Normal()));
    journal.Add(JournalCurve{i, "value", values.back()});
  }
  ASSERT_TRUE(journal.Flush().ok());
  const JournalRows rows = ReadJournal(folder / "journal.jsonl").value();
  ASSERT_EQ(rows.curves.size(), values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(rows.curves[i].value, values[i]);
  }
}

// A PSNR of equal pictures is infinite, and a file name may be any bytes.
TEST(Journal, ReadsBackWhatJsonCannotHold) {
  const TemporaryFolder folder;
  const std::string path = folder / "journal.jsonl";
  const double infinity = std::numeric_limits<double>::infinity();
  Journal journal(path);
  ASSERT_TRUE(journal.CutTo(0).ok());
  journal.Add(JournalCurve{1, "validation_psnr_db", infinity});
  journal.Add(JournalCurve{2, "nan", std::nan("")});
  PatchWeight weight = Weight(0, "caf\xE9");
  weight.loss = infinity;
  weight.reward = -infinity;
  journal.Add(weight);
  ASSERT_TRUE(journal.Flush().ok());
  const auto rows = ReadJournal(path);
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ(rows->curves[0].value, infinity);
  EXPECT_TRUE(std::isnan(rows->curves[1].value));
  EXPECT_EQ(rows->weights[0].id, "caf\xEF\xBF\xBD");
  EXPECT_EQ(rows->weights[0].loss, infinity);
  EXPECT_EQ(rows->weights[0].reward.value(), -infinity);
}

TEST(Journal, NumbersOfTheWrongKindAreRefused) {
  const TemporaryFolder folder;
  const std::string path = folder / "journal.jsonl";
  for (const std::string step :
       {"1.5", "1e300", "9223372036854775808", "true", "\"1\""}) {
    ASSERT_TRUE(WriteFileAtomically(
                    path, "{\"step\":" + step + ",\"name\":\"a\",\"value\":1}")
                    .ok());
    EXPECT_NE(std::string(ReadJournal(path).status().message())
                  .find("line 1: field 'step': expected a 64-bit integer, "
                        "found "),
              std::string::npos)
        << ReadJournal(path).status();
  }
  // However long a broken line is, the message is short.
  ASSERT_TRUE(WriteFileAtomically(path, std::string(1 << 20, '[')).ok());
  EXPECT_LT(ReadJournal(path).status().message().size(), 400u);
}

TEST(Journal, CutsWhatWasWrittenAfterTheCheckpoint) {
  const TemporaryFolder folder;
  const std::string path = folder / "journal.jsonl";
  int64_t bytes = 0;
  {
    Journal journal(path);
    ASSERT_TRUE(journal.CutTo(0).ok());
    journal.Add(JournalCurve{1, "kept", 1.0});
    bytes = journal.Flush().value();
    journal.Add(JournalCurve{2, "cut", 2.0});
    ASSERT_TRUE(journal.Flush().ok());
    journal.Add(JournalCurve{3, "never written", 3.0});
  }
  Journal journal(path);
  journal.Add(JournalCurve{4, "forgotten", 4.0});
  ASSERT_TRUE(journal.CutTo(bytes).ok());
  journal.Add(JournalCurve{2, "again", 2.5});
  ASSERT_TRUE(journal.Flush().ok());
  const JournalRows rows = ReadJournal(path).value();
  ASSERT_EQ(rows.curves.size(), 2u);
  EXPECT_EQ(rows.curves[0].name, "kept");
  EXPECT_EQ(rows.curves[1].name, "again");
}

TEST(Journal, TooShortOrMissingIsDataLoss) {
  const TemporaryFolder folder;
  const std::string path = folder / "journal.jsonl";
  Journal journal(path);
  const absl::Status missing = journal.CutTo(10);
  EXPECT_EQ(missing.code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(std::string(missing.message()).find(path), std::string::npos);
  ASSERT_TRUE(WriteFileAtomically(path, "123").ok());
  const absl::Status shorter = journal.CutTo(4);
  EXPECT_EQ(shorter.code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(
      std::string(shorter.message()).find("expected at least 4 bytes, found 3"),
      std::string::npos);
  EXPECT_TRUE(journal.CutTo(3).ok());
}

TEST(Journal, DamageIsNamedByLine) {
  const TemporaryFolder folder;
  const std::string path = folder / "journal.jsonl";
  const std::string good = "{\"step\":1,\"name\":\"loss\",\"value\":0.5}\n";
  for (const std::string bad :
       {"{\"step\":2,\"name\":\"lo", "[]", "{}", "\"text\"", "",
        "{\"step\":2,\"name\":3,\"value\":1}",
        "{\"step\":2,\"name\":\"loss\",\"value\":null}"}) {
    ASSERT_TRUE(WriteFileAtomically(path, good + bad + "\n" + good).ok());
    const auto rows = ReadJournal(path);
    EXPECT_EQ(rows.status().code(), absl::StatusCode::kDataLoss) << bad;
    EXPECT_NE(std::string(rows.status().message())
                  .find("Journal '" + path + "', line 2: "),
              std::string::npos)
        << rows.status();
  }
  EXPECT_EQ(ReadJournal(folder / "none").status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace bild
