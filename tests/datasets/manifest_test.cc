#include "datasets/manifest.h"

#include "bild/base/seed.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

using testing::HasSubstr;

Manifest SmallManifest() {
  Manifest manifest;
  manifest.dataset = "its[n=2]";
  manifest.layout = "official";
  manifest.rows = {{"clear/1.png", 900, std::string(64, 'a'), 620, 460,
                    std::string(64, 'b')},
                   {"hazy/1 #1.png", 800, std::string(64, 'c'), 620, 460,
                    std::string(64, 'd')}};
  return manifest;
}

const std::string& SmallText() {
  static const auto* const text = new std::string(
      "# bild-manifest 1 its[n=2] official\nclear/1.png\t900\t" +
      std::string(64, 'a') + "\t620\t460\t" + std::string(64, 'b') +
      "\nhazy/1 #1.png\t800\t" + std::string(64, 'c') + "\t620\t460\t" +
      std::string(64, 'd') + "\n");
  return *text;
}

TEST(ManifestText, IsAsDocumentedAndReadsBack) {
  const std::string text = ManifestText(SmallManifest());
  EXPECT_EQ(text, SmallText());
  const auto read = ParseManifest(text, "f");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->dataset, "its[n=2]");
  ASSERT_EQ(read->rows.size(), 2u);
  EXPECT_EQ(read->rows[1].path, "hazy/1 #1.png");
  EXPECT_EQ(read->rows[1].bytes, 800);
  EXPECT_EQ(ManifestText(*read), SmallText());
}

TEST(ManifestText, WhatSeparatesFieldsAndRowsIsEscapedInNames) {
  Manifest manifest = SmallManifest();
  manifest.rows[0].path = "a\tb\\t.png";
  manifest.rows[1].path = "c\nd.png";
  const std::string text = ManifestText(manifest);
  EXPECT_THAT(text, HasSubstr("\na\\tb\\\\t.png\t900\t"));
  EXPECT_THAT(text, HasSubstr("\nc\\nd.png\t800\t"));
  const auto read = ParseManifest(text, "f");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->rows[0].path, "a\tb\\t.png");
  EXPECT_EQ(read->rows[1].path, "c\nd.png");
}

TEST(PathInSet, IsRelativeWithAndWithoutASlash) {
  EXPECT_EQ(PathInSet("D/its/hazy/1.png", "D/its"), "hazy/1.png");
  EXPECT_EQ(PathInSet("D/its/hazy/1.png", "D/its/"), "hazy/1.png");
  EXPECT_EQ(PathInSet("./hazy/1.png", "."), "hazy/1.png");
  EXPECT_EQ(PathInSet("/hazy/1.png", "/"), "hazy/1.png");
  EXPECT_EQ(PathInSet("D/its2/hazy/1.png", "D/its"), "D/its2/hazy/1.png");
}

TEST(ParseManifest, NamesEveryLineThatIsWrong) {
  EXPECT_THAT(std::string(ParseManifest("x\n", "F").status().message()),
              HasSubstr("'F' is no manifest: its first line is 'x'"));
  EXPECT_FALSE(ParseManifest("", "F").ok());
  const std::string hash(64, 'a');
  const auto bad = ParseManifest(
      "# bild-manifest 1 pair folders\n"
      "a\t1\t" +
          hash +
          "\t2\t3\n"  // A field is missing.
          "b\t-1\t" +
          hash + "\t2\t3\t" + hash +
          "\n"  // Bytes.
          "c\t1\t" +
          hash + "\t2\t3x\t" + hash +
          "\n"  // Height.
          "d\t1\tabc\t2\t3\t" +
          hash +
          "\n"  // Hash.
          "z\t1\t" +
          hash + "\t2\t3\t" + hash +
          "\n"
          "y\t1\t" +
          hash + "\t2\t3\t" + hash +
          "\n"  // Order.
          "z\\x\t1\t" +
          hash + "\t2\t3\t" + hash +
          "\n"  // An escape.
          "\t1\t" +
          hash + "\t2\t3\t" + hash,  // Path; no line feed.
      "F");
  const std::string text(bad.status().message());
  EXPECT_EQ(bad.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(text, HasSubstr("the last line has no line feed"));
  EXPECT_THAT(text, HasSubstr("line 2: 5 fields, expected 6"));
  EXPECT_THAT(text, HasSubstr("line 3: bytes"));
  EXPECT_THAT(text, HasSubstr("line 4: width or height"));
  EXPECT_THAT(text, HasSubstr("line 5: a hash"));
  EXPECT_THAT(text, HasSubstr("line 7: paths are not sorted"));
  EXPECT_THAT(text, HasSubstr("line 8: an escape in the path that nobody "
                              "writes"));
  EXPECT_THAT(text, HasSubstr("line 9: no path"));
}

// Whatever is in the file: a manifest that writes as it reads, or an error.
TEST(ParseManifest, SurvivesMutations) {
  SeedEngine engine(4, SeedStream::kInit, 0, 0);
  for (int round = 0; round < 3000; ++round) {
    std::string text = SmallText();
    for (uint64_t i = 0; i <= engine.UniformInt(4); ++i) {
      const size_t at = engine.UniformInt(text.size());
      switch (engine.UniformInt(3)) {
        case 0:
          text[at] = static_cast<char>(engine.UniformInt(256));
          break;
        case 1:
          text.erase(at, 1 + engine.UniformInt(9));
          break;
        default:
          text.insert(at, 1, "\t\n# 0\\"[engine.UniformInt(6)]);
          break;
      }
      if (text.empty()) text = "\n";
    }
    const auto manifest = ParseManifest(text, "f");
    if (!manifest.ok()) continue;
    const std::string again = ManifestText(*manifest);
    ASSERT_TRUE(ParseManifest(again, "f").ok()) << again;
  }
}

TEST(CompareManifests, TellsMissingExtraChangedAndReencoded) {
  const Manifest wanted = SmallManifest();
  ProblemReport problems;
  ProblemReport warnings;
  CompareManifests(wanted, wanted, &problems, &warnings);
  EXPECT_TRUE(problems.groups().empty());
  EXPECT_TRUE(warnings.groups().empty());

  Manifest found = wanted;
  found.layout = "ffa";
  found.rows[0].sha256 = std::string(64, 'e');  // The same pixels.
  found.rows[0].bytes = 901;
  found.rows[1].path = "hazy/2.png";
  found.rows.push_back(found.rows[1]);
  found.rows[2].path = "hazy/3.png";
  Manifest more = wanted;
  more.rows.push_back(found.rows[2]);
  more.rows[2].pixels_sha256 = std::string(64, 'f');
  CompareManifests(more, found, &problems, &warnings);
  ASSERT_EQ(problems.groups().size(), 3u);
  EXPECT_EQ(problems.groups()[0].kind, "manifest_missing");
  EXPECT_EQ(problems.groups()[0].lines[0], "'hazy/1 #1.png'");
  EXPECT_EQ(problems.groups()[1].kind, "manifest_extra");
  EXPECT_EQ(problems.groups()[1].lines[0], "'hazy/2.png'");
  EXPECT_EQ(problems.groups()[2].kind, "manifest_changed");
  EXPECT_THAT(problems.groups()[2].lines[0], HasSubstr("'hazy/3.png'"));
  ASSERT_EQ(warnings.groups().size(), 2u);
  EXPECT_EQ(warnings.groups()[0].kind, "manifest_layout");
  EXPECT_EQ(warnings.groups()[1].kind, "manifest_reencoded");
  EXPECT_EQ(warnings.groups()[1].lines[0],
            "'clear/1.png': 900 bytes in the manifest, 901 here");
}

}  // namespace
}  // namespace bild
