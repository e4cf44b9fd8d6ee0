#include "backbones/safetensors_header.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bild/base/seed.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

constexpr char kTwoTensors[] =
    R"({"__metadata__":{"net":"aodnet"},)"
    R"("later":{"dtype":"F64","shape":[],"data_offsets":[24,32]},)"
    R"("first":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}  )";

TEST(SafetensorsHeader, ReadsTensorsByOffsetAndMetadata) {
  const auto header = ParseSafetensorsHeader("f", kTwoTensors, 32);
  ASSERT_TRUE(header.ok()) << header.status();
  ASSERT_EQ(header->entries.size(), 2);
  EXPECT_EQ(header->entries[0].name, "first");
  EXPECT_EQ(header->entries[0].dtype, "F32");
  EXPECT_THAT(header->entries[0].shape, ElementsAre(2, 3));
  EXPECT_EQ(header->entries[0].begin, 0);
  EXPECT_EQ(header->entries[0].end, 24);
  EXPECT_EQ(header->entries[1].name, "later");
  EXPECT_THAT(header->entries[1].shape, IsEmpty());
  EXPECT_EQ(header->entries[1].end, 32);
  EXPECT_THAT(header->metadata, UnorderedElementsAre(Pair("net", "aodnet")));
}

TEST(SafetensorsHeader, EmptyTensorsTakeNoBytesWhereverTheyStand) {
  const auto header = ParseSafetensorsHeader(
      "f",
      R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
      R"("b":{"dtype":"F32","shape":[0,7],"data_offsets":[0,0]},)"
      R"("c":{"dtype":"F64","shape":[3,0],"data_offsets":[1,1]}})",
      1);
  ASSERT_TRUE(header.ok()) << header.status();
  EXPECT_EQ(header->entries[0].name, "b");
  EXPECT_EQ(header->entries[1].name, "a");
  EXPECT_EQ(header->entries[2].name, "c");
  EXPECT_TRUE(ParseSafetensorsHeader("f", "{}", 0).ok());
}

TEST(SafetensorsHeader, KnowsTheSizesOfTypes) {
  EXPECT_EQ(SafetensorsElementBytes("BOOL"), 1);
  EXPECT_EQ(SafetensorsElementBytes("BF16"), 2);
  EXPECT_EQ(SafetensorsElementBytes("F32"), 4);
  EXPECT_EQ(SafetensorsElementBytes("I64"), 8);
  EXPECT_EQ(SafetensorsElementBytes("F8_E4M3"), 0);
}

TEST(SafetensorsHeader, FormatsLengthJsonAndPadding) {
  SafetensorsHeader header;
  header.metadata = {{"k\"", "v"}};
  header.entries = {{"w\n", "F32", {2}, 0, 8}};
  const auto bytes = FormatSafetensorsHeader(header);
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  const std::string json =
      R"({"__metadata__":{"k\"":"v"},)"
      R"("w\n":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
  ASSERT_EQ(json.size(), 83);
  EXPECT_EQ(*bytes, std::string("\x58\0\0\0\0\0\0\0", 8) + json + "     ");
  const auto parsed = ParseSafetensorsHeader("f", bytes->substr(8), 8);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->entries[0].name, "w\n");

  header.metadata = {{"k", "\xff"}};
  EXPECT_EQ(FormatSafetensorsHeader(header).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(SafetensorsHeader, LengthIsLittleEndianAndBounded) {
  const unsigned char length[8] = {0x02, 0x01, 0, 0, 0, 0, 0, 0};
  EXPECT_EQ(*ParseSafetensorsHeaderLength("f", length, 300), 258);
  EXPECT_EQ(*ParseSafetensorsHeaderLength("f", length, 266), 258);
  EXPECT_THAT(
      ParseSafetensorsHeaderLength("f", length, 265).status().ToString(),
      AllOf(HasSubstr("DATA_LOSS: 'f': "), HasSubstr("at most 257 bytes"),
            HasSubstr("file of 265 bytes"), HasSubstr("length 258")));
  EXPECT_THAT(ParseSafetensorsHeaderLength("f", length, 7).status().ToString(),
              HasSubstr("found a file of 7 bytes"));
  const unsigned char large[8] = {1, 2, 3, 4, 5, 6, 7, 255};
  EXPECT_THAT(ParseSafetensorsHeaderLength("f", large, uint64_t{1} << 40)
                  .status()
                  .ToString(),
              AllOf(HasSubstr("at most 100000000 bytes"),
                    HasSubstr("length 18376663423120507393")));
  const unsigned char zip[8] = {'P', 'K', 3, 4, 0, 0, 0, 0};
  EXPECT_THAT(
      ParseSafetensorsHeaderLength("x.pth", zip, 999).status().message(),
      AllOf(HasSubstr("'x.pth'"), HasSubstr("ZIP archive"),
            HasSubstr("Convert it to safetensors")));
}

struct BadHeader {
  std::string name;
  std::string json;
  uint64_t data_bytes;
  std::vector<std::string> fragments;
};

void PrintTo(const BadHeader& bad, std::ostream* os) { *os << bad.name; }

// A header of one tensor 'w' with these fields.
std::string One(const std::string& fields) {
  return absl::StrCat(R"({"w":{)", fields, "}}");
}

const std::vector<BadHeader>& BadHeaders() {
  static const auto* const kBad = new std::vector<BadHeader>{
      {"Empty", "", 0, {"starts with '{'", "found an empty one"}},
      {"LeadingSpace", " {}", 0, {"starts with '{'", "found ' {}'"}},
      {"Array", "[]", 0, {"starts with '{'", "found '[]'"}},
      {"CutShort", R"({"w":{"dtype)", 0, {"well-formed JSON", "at byte 13"}},
      {"TrailingText", "{} {}", 0, {"well-formed JSON", "after its end"}},
      {"TrailingZero", std::string("{}\0", 3), 0, {"zero byte at byte 2"}},
      {"Comment", "{/**/}", 0, {"well-formed JSON"}},
      {"NotUtf8", "{\"\xff\":1}", 0, {"well-formed JSON"}},
      {"LoneSurrogate", R"({"\ud800":1})", 0, {"well-formed JSON"}},
      {"NumberAsTensor", R"({"w":1})", 0, {"an object for tensor 'w'", "1"}},
      {"NullAsTensor", R"({"w":null})", 0, {"object for tensor 'w'", "null"}},
      {"NameTwice",
       R"({"w":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},)"
       R"("w":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}})",
       0,
       {"every name once", "found 'w' twice"}},
      {"MetadataTwice",
       R"({"__metadata__":{},"__metadata__":{}})",
       0,
       {"every name once", "'__metadata__' twice"}},
      {"MetadataKeyTwice",
       R"({"__metadata__":{"k":"1","k":"1"}})",
       0,
       {"every key of __metadata__ once", "found 'k' twice"}},
      {"MetadataNumber",
       R"({"__metadata__":{"k":1.5}})",
       0,
       {"a text as value of 'k' in __metadata__", "the number '1.5'"}},
      {"MetadataText",
       R"({"__metadata__":"k"})",
       0,
       {"an object as __metadata__", "the text 'k'"}},
      {"NoFields", One(""), 0, {"'dtype', 'shape' and", "found none"}},
      {"FieldMissing",
       One(R"("shape":[],"dtype":"F32")"),
       4,
       {"for tensor 'w'", "found only 'dtype', 'shape'"}},
      {"FieldTwice",
       One(R"("dtype":"F32","dtype":"F32")"),
       4,
       {"the field 'dtype' once for tensor 'w'", "found it twice"}},
      {"FieldUnknown",
       One(R"("dtype":"F32","type":1)"),
       4,
       {"only the fields", "for tensor 'w', found 'type'"}},
      {"DtypeNumber",
       One(R"("dtype":32)"),
       4,
       {"a text as 'dtype' of tensor 'w'", "the number 32"}},
      {"DtypeUnknown",
       One(R"("dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1])"),
       1,
       {"tensor 'w'", "one of the types BOOL, U8, I8, I16, I32, I64, F16, BF16",
        "found 'F8_E4M3'"}},
      {"ShapeNumber", One(R"("shape":3)"), 0, {"array of sizes", "number 3"}},
      {"ShapeNested", One(R"("shape":[[3]])"), 0, {"array of sizes", "array"}},
      {"ShapeTrue", One(R"("shape":[true])"), 0, {"array of sizes", "true"}},
      {"ShapeNegative",
       One(R"("shape":[2,-3])"),
       0,
       {"sizes from 0", "'shape' of tensor 'w'", "negative number -3"}},
      {"ShapeFraction", One(R"("shape":[2.0])"), 0, {"the number '2.0'"}},
      {"ShapeAboveInt64",
       One(R"("shape":[9223372036854775808])"),
       0,
       {"to 9223372036854775807", "found the number 9223372036854775808"}},
      {"ShapeAboveUint64",
       One(R"("shape":[99999999999999999999])"),
       0,
       {"found the number '99999999999999999999'"}},
      {"ShapeOverflows",
       One(R"("dtype":"F32","shape":[4294967296,4294967296],)"
           R"("data_offsets":[0,0])"),
       0,
       {"less than 2^63 bytes", "[4294967296, 4294967296] of F32"}},
      {"ShapeOverflowsBeforeZero",
       One(R"("dtype":"F32","shape":[4294967296,4294967296,0],)"
           R"("data_offsets":[0,0])"),
       0,
       {"less than 2^63 bytes"}},
      {"BytesOverflow",
       One(R"("dtype":"F64","shape":[2305843009213693952],)"
           R"("data_offsets":[0,0])"),
       0,
       {"less than 2^63 bytes", "[2305843009213693952] of F64"}},
      {"OneOffset",
       One(R"("data_offsets":[0])"),
       0,
       {"two offsets", "of tensor 'w'", "found 1 of them"}},
      {"ThreeOffsets", One(R"("data_offsets":[0,4,8])"), 0, {"two offsets"}},
      {"NegativeOffset", One(R"("data_offsets":[-1,4])"), 0, {"number -1"}},
      {"OffsetsBackwards",
       One(R"("dtype":"U8","shape":[2],"data_offsets":[2,0])"),
       2,
       {"expected 2 bytes", "[2] of U8", "found the offsets [2, 0]"}},
      {"OffsetsTooFew",
       One(R"("dtype":"F32","shape":[2],"data_offsets":[0,4])"),
       4,
       {"tensor 'w': expected 8 bytes", "found the offsets [0, 4]"}},
      {"HoleAtStart",
       One(R"("dtype":"U8","shape":[2],"data_offsets":[1,3])"),
       3,
       {"begin at offset 0, right after the start of the data",
        "found 1, which leaves a hole"}},
      {"Overlap",
       R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
       R"("b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}})",
       6,
       {"tensor 'b': expected to begin at offset 4, right after tensor 'a'",
        "found 2, an overlap"}},
      {"DataCutShort",
       One(R"("dtype":"F32","shape":[2],"data_offsets":[0,8])"),
       7,
       {"expected 8 bytes of data, found 7", "cut short"}},
      {"DataTooLong",
       One(R"("dtype":"F32","shape":[2],"data_offsets":[0,8])"),
       9,
       {"expected 8 bytes of data, found 9", "after the last tensor"}},
  };
  return *kBad;
}

class BadHeaderTest : public testing::TestWithParam<BadHeader> {};

TEST_P(BadHeaderTest, IsRefusedWithAReason) {
  const BadHeader& bad = GetParam();
  const absl::Status status =
      ParseSafetensorsHeader("some/file", bad.json, bad.data_bytes).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  const std::string message(status.message());
  EXPECT_THAT(message, testing::StartsWith("'some/file': "));
  EXPECT_THAT(message, HasSubstr("expected "));
  EXPECT_THAT(message, HasSubstr("found "));
  for (const std::string& fragment : bad.fragments) {
    EXPECT_THAT(message, HasSubstr(fragment));
  }
}

INSTANTIATE_TEST_SUITE_P(All, BadHeaderTest, testing::ValuesIn(BadHeaders()),
                         [](const auto& test) { return test.param.name; });

TEST(SafetensorsHeader, RefusesMoreDimensionsThanTensorsHave) {
  std::string shape = "1";
  for (int i = 1; i < 64; ++i) shape += ",1";
  const auto with_shape = [](const std::string& text) {
    return One(absl::StrCat(R"("dtype":"U8","shape":[)", text,
                            R"(],"data_offsets":[0,1])"));
  };
  EXPECT_TRUE(ParseSafetensorsHeader("f", with_shape(shape), 1).ok());
  EXPECT_THAT(ParseSafetensorsHeader("f", with_shape(shape + ",1"), 1)
                  .status()
                  .message(),
              HasSubstr("at most 64 dimensions in the shape of tensor 'w'"));
}

TEST(SafetensorsHeader, MessagesStayShortAndPrintable) {
  const std::string json =
      absl::StrCat("{\"", std::string(1 << 20, 'n'), "\":7}");
  const absl::Status status = ParseSafetensorsHeader("f", json, 0).status();
  EXPECT_LT(status.message().size(), 400);
  EXPECT_THAT(
      ParseSafetensorsHeader("f", R"({"a\n\u0007":7})", 0).status().message(),
      HasSubstr(R"('a\n\007')"));
}

TEST(SafetensorsHeader, DeepNestingStopsAtOnce) {
  const std::string json = "{\"w\":" + std::string(50'000'000, '[');
  EXPECT_THAT(ParseSafetensorsHeader("f", json, 0).status().message(),
              HasSubstr("an object for tensor 'w', found an array"));
}

// Whatever happens to a header, the parser answers, and what it lets through
// describes the data without hole or overlap.
TEST(SafetensorsHeader, SurvivesMutations) {
  const std::string valid = kTwoTensors;
  const std::string alphabet =
      "{}[]\",:0123456789-.eEtfn\\u \0\xff"
      "FIU";
  SeedEngine engine(1, SeedStream::kOrder, 0, 0);
  int refused = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string json = valid;
    const uint64_t changes = 1 + engine.UniformInt(4);
    for (uint64_t i = 0; i < changes && !json.empty(); ++i) {
      const size_t place = engine.UniformInt(json.size());
      const char letter = alphabet[engine.UniformInt(alphabet.size())];
      switch (engine.UniformInt(5)) {
        case 0:
          json[place] = letter;
          break;
        case 1:
          json.insert(place, 1, letter);
          break;
        case 2:
          json.erase(place, 1 + engine.UniformInt(4));
          break;
        case 3:
          json.insert(place, json.substr(engine.UniformInt(json.size()),
                                         engine.UniformInt(40)));
          break;
        default:
          json.resize(place);
      }
    }
    const auto header = ParseSafetensorsHeader("f", json, 32);
    if (!header.ok()) {
      ++refused;
      ASSERT_FALSE(header.status().message().empty());
      continue;
    }
    uint64_t end = 0;
    for (const SafetensorsEntry& entry : header->entries) {
      ASSERT_EQ(entry.begin, end) << json;
      uint64_t bytes = SafetensorsElementBytes(entry.dtype);
      for (int64_t size : entry.shape) bytes *= static_cast<uint64_t>(size);
      ASSERT_EQ(entry.end - entry.begin, bytes) << json;
      end = entry.end;
    }
    ASSERT_EQ(end, 32) << json;
  }
  // Most changes break the form; some only touch names or spaces.
  EXPECT_GT(refused, 15000);
  EXPECT_LT(refused, 20000);
}

}  // namespace
}  // namespace bild
