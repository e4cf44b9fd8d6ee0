#include "datasets/cache_index.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "bild/base/seed.h"
#include "bild/base/sha256.h"
#include "datasets/cache_journal.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

using testing::AllOf;
using testing::HasSubstr;

CachedImage SmallImage(int64_t width_px, int64_t height_px,
                       const std::string& path) {
  CachedImage image;
  image.width_px = width_px;
  image.height_px = height_px;
  image.source_path = path;
  image.source_bytes = 900 + width_px;
  image.source_mtime_ns = 1'700'000'000'000'000'017;
  image.source_sha256 = Sha256Hex(path);
  image.pixels_sha256 = Sha256Hex("pixels of " + path);
  return image;
}

CacheIndex SmallIndex() {
  CacheIndex index;
  index.set = "pair";
  index.name = "pair";
  index.layout = "folders";
  index.root = "/data/my set";
  index.source_folder = "/data/my set";
  index.decoder_sha256 = Sha256Hex("decoder");
  index.manifest_sha256 = Sha256Hex("manifest");
  index.invalid_reasons = {"grey pictures: 2"};
  index.notes = {"a note of\ntwo lines", "and another\\"};
  index.images = {SmallImage(24, 20, "/data/my set/hazy/a\tb.png"),
                  SmallImage(24, 20, "/data/my set/clear/a\n\\b.png"),
                  SmallImage(3, 2, "hazy/\xff.png"),
                  SmallImage(3, 2, "clear/c.png")};
  index.images[2].is_16_bit = true;
  index.pairs = {{"a\tb", "a\n\\b", 0, 1}, {"c", "c", 2, 3}};
  PlaceImages(&index);
  index.plan_sha256 = PlanSha256(index);
  return index;
}

// The text without its checksum.
std::string Body(const CacheIndex& index) {
  const std::string text = CacheIndexText(index);
  return text.substr(0, text.rfind("sha256\t"));
}

std::string ErrorOf(const CacheIndex& index) {
  const auto parsed = ParseCacheIndexBody(Body(index), "f");
  EXPECT_FALSE(parsed.ok());
  EXPECT_EQ(parsed.status().code(), absl::StatusCode::kDataLoss);
  return std::string(parsed.status().message());
}

TEST(CacheIndex, PlacesImagesAtMultiplesOf64AfterTheHeader) {
  const CacheIndex index = SmallIndex();
  EXPECT_EQ(index.images[0].offset, 128);
  // 128 + 24 * 20 * 3 = 1568, and the next multiple of 64 is 1600.
  EXPECT_EQ(index.images[1].offset, 1600);
  EXPECT_EQ(index.images[2].offset, 3072);  // 3040 -> 3072.
  EXPECT_EQ(index.images[3].offset, 3136);  // 3072 + 36 -> 3136.
  EXPECT_EQ(index.data_bytes, 3136 + 18);
}

TEST(CacheIndex, TextReadsBack) {
  const CacheIndex index = SmallIndex();
  const std::string text = CacheIndexText(index);
  const auto again = ParseCacheIndex(text, "f");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(CacheIndexText(*again), text);
  EXPECT_EQ(again->root, "/data/my set");
  EXPECT_EQ(again->notes, index.notes);
  EXPECT_EQ(again->images[1].source_path, "/data/my set/clear/a\n\\b.png");
  EXPECT_EQ(again->images[0].source_mtime_ns, 1'700'000'000'000'000'017);
  EXPECT_TRUE(again->images[2].is_16_bit);
  EXPECT_EQ(again->pairs[0].id, "a\tb");
  EXPECT_EQ(again->pairs[1].clear, 3);
}

TEST(CacheIndex, ThePlanIsWhatIsKnownBeforeDecoding) {
  const CacheIndex index = SmallIndex();
  CacheIndex other = index;
  other.images[0].pixels_sha256 = Sha256Hex("x");
  other.images[1].source_sha256 = Sha256Hex("x");
  other.manifest_sha256 = Sha256Hex("x");
  EXPECT_EQ(PlanSha256(other), index.plan_sha256);
  other.images[0].source_mtime_ns += 1;
  EXPECT_NE(PlanSha256(other), index.plan_sha256);
  other = index;
  other.reading.expand_grey = true;
  EXPECT_NE(PlanSha256(other), index.plan_sha256);
}

TEST(CacheIndex, NoByteCanBeChangedOrLost) {
  const std::string text = CacheIndexText(SmallIndex());
  for (size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(ParseCacheIndex(changed, "f").ok()) << i;
    EXPECT_FALSE(ParseCacheIndex(text.substr(0, i), "f").ok()) << i;
  }
  EXPECT_FALSE(ParseCacheIndex(text + "\n", "f").ok());
  EXPECT_THAT(std::string(ParseCacheIndex(text.substr(0, 200), "cache.index")
                              .status()
                              .message()),
              AllOf(HasSubstr("'cache.index'"), HasSubstr("cut off")));
}

TEST(CacheIndex, OtherVersionsAreNamed) {
  std::string text = CacheIndexText(SmallIndex());
  text.replace(text.find(" 1\n"), 3, " 2\n");
  const auto parsed = ParseCacheIndex(text, "f");
  EXPECT_EQ(parsed.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(parsed.status().message()),
              HasSubstr("version '2', expected version 1"));
}

TEST(CacheIndex, ImagesNeitherOverlapNorLeaveTheFile) {
  CacheIndex index = SmallIndex();
  index.images[1].offset = 1536;  // Inside the first.
  EXPECT_THAT(ErrorOf(index), HasSubstr("an image at 1536, expected at 1600"));
  index = SmallIndex();
  index.images[0].offset = 0;  // The header.
  EXPECT_THAT(ErrorOf(index), HasSubstr("an image at 0, expected at 128"));
  index = SmallIndex();
  index.images[3].offset = int64_t{1} << 62;
  EXPECT_THAT(ErrorOf(index), HasSubstr("expected at 3136"));
  index = SmallIndex();
  index.data_bytes -= 1;
  EXPECT_THAT(ErrorOf(index),
              HasSubstr("its images end at 3154, its bytes say 3153"));
}

TEST(CacheIndex, HugeAndNegativeSizesAreRefused) {
  for (const auto& [width_px, height_px] :
       {std::pair<int64_t, int64_t>{int64_t{1} << 62, 4},
        {4, int64_t{1} << 62},
        {int64_t{1} << 32, int64_t{1} << 32},
        {-3, -2},
        {0, 5}}) {
    CacheIndex index = SmallIndex();
    index.images[3].width_px = width_px;
    index.images[3].height_px = height_px;
    EXPECT_THAT(ErrorOf(index), HasSubstr("expected 1 to 268435456 pixels"));
  }
}

TEST(CacheIndex, PairsAreOfImagesThatAreThereAndFit) {
  CacheIndex index = SmallIndex();
  index.pairs[1].clear = 4;
  EXPECT_THAT(ErrorOf(index), HasSubstr("none of 4 images"));
  index.pairs[1].clear = -1;
  EXPECT_THAT(ErrorOf(index), HasSubstr("none of 4 images"));
  index.pairs[1].clear = 0;
  EXPECT_THAT(ErrorOf(index), HasSubstr("a pair of 3x2 and 24x20"));
  index = SmallIndex();
  index.pairs[1].id = "a\tb";
  EXPECT_THAT(ErrorOf(index), HasSubstr("not sorted bytewise, each once"));
  index.pairs.clear();
  EXPECT_THAT(ErrorOf(index), HasSubstr("it names no pair"));
}

TEST(CacheIndex, ManyBadLinesAreToldAtOnce) {
  CacheIndex index = SmallIndex();
  for (CachedImage& image : index.images) image.source_sha256 = "ABC";
  index.decoder_sha256 = "";
  const std::string text = ErrorOf(index);
  EXPECT_THAT(text, HasSubstr("line 10: decoder is no SHA-256"));
  EXPECT_THAT(text, HasSubstr("line 17: a field that is no SHA-256"));
  EXPECT_THAT(text, HasSubstr("line 20: a field that is no SHA-256"));
}

// What is accepted is exactly what would have been written.
TEST(CacheIndex, MutatedBodiesAreRefusedOrReadBack) {
  const std::string body = Body(SmallIndex());
  SeedEngine engine(1, SeedStream::kOrder, 0, 0);
  int accepted = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string text = body;
    for (uint64_t i = 0; i <= engine.UniformInt(3); ++i) {
      const size_t at = engine.UniformInt(text.size());
      switch (engine.UniformInt(5)) {
        case 0:
          text[at] = static_cast<char>(engine.UniformInt(256));
          break;
        case 1:
          text.erase(at, 1 + engine.UniformInt(30));
          break;
        case 2:
          text.insert(at, 1, "\t\n\\0-9"[engine.UniformInt(6)]);
          break;
        case 3:
          text.insert(at, "99999999999999999999");
          break;
        default: {  // A line again, or somewhere else.
          const size_t start = text.rfind('\n', at);
          if (start == std::string::npos) break;
          const size_t end = text.find('\n', start + 1);
          if (end == std::string::npos) break;
          text.insert(engine.UniformInt(2) == 0 ? end : start,
                      text.substr(start, end - start));
          break;
        }
      }
      if (text.empty()) text = "\n";
    }
    const auto parsed = ParseCacheIndexBody(text, "f");
    if (!parsed.ok()) continue;
    ++accepted;
    ASSERT_EQ(Body(*parsed), text);
  }
  EXPECT_GT(accepted, 50);
}

TEST(CacheJournal, GoesUpToTheLineThatWasCutOff) {
  const std::string plan = Sha256Hex("plan");
  const std::vector<CacheJournalRow> rows = {
      {4, Sha256Hex("a"), Sha256Hex("b"), Sha256Hex("c")},
      {0, Sha256Hex("d"), Sha256Hex("e"), Sha256Hex("f")}};
  const std::string text = CacheJournalHead(plan) + CacheJournalText(rows);
  EXPECT_EQ(ParseCacheJournal(text, plan, 5).size(), 2u);
  EXPECT_EQ(ParseCacheJournal(text, plan, 5)[1].whole_pixels_sha256,
            Sha256Hex("e"));
  // Another plan, a number that the plan does not have, a picture twice.
  EXPECT_TRUE(ParseCacheJournal(text, Sha256Hex("x"), 5).empty());
  EXPECT_TRUE(ParseCacheJournal(text, plan, 4).empty());
  EXPECT_EQ(ParseCacheJournal(text + CacheJournalText(rows), plan, 5).size(),
            2u);
  // What nobody wrote.
  for (const std::string& row :
       {" 1\t" + Sha256Hex("a"), "+1\t" + Sha256Hex("a"),
        "01\t" + Sha256Hex("a"), "1\t" + std::string(64, 'x')}) {
    EXPECT_EQ(ParseCacheJournal(text + row + "\t" + Sha256Hex("b") + "\t" +
                                    Sha256Hex("c") + "\n",
                                plan, 5)
                  .size(),
              2u);
  }
  for (size_t i = 0; i < text.size(); ++i) {
    const size_t whole =
        i < CacheJournalHead(plan).size()
            ? 0
            : std::count(text.begin(), text.begin() + i, '\n') - 1;
    EXPECT_EQ(ParseCacheJournal(text.substr(0, i), plan, 5).size(), whole) << i;
  }
}

}  // namespace
}  // namespace bild
