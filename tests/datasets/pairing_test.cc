#include "datasets/pairing.h"

#include <filesystem>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/datasets/pictures.h"
#include "tests/testing/temporary_folder.h"

namespace bild {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<PictureFile> Files(const std::string& folder,
                               const std::vector<std::string>& names) {
  std::vector<PictureFile> files;
  for (const std::string& name : names) {
    files.push_back({folder + "/" + name, name.substr(0, name.rfind('.'))});
  }
  return files;
}

DatasetInfo InfoOf(NameRule rule) {
  DatasetInfo info;
  info.name = "set";
  info.name_rule = rule;
  return info;
}

struct Outcome {
  std::vector<std::string> pairs;  // "id scene hazy clear"
  std::vector<std::string> unused_clear;
  absl::Status status;
};

Outcome Pair(NameRule rule, const std::vector<std::string>& hazy,
             const std::vector<std::string>& clear) {
  ProblemReport problems;
  const Pairing pairing = PairPictures(InfoOf(rule), Files("h", hazy),
                                       Files("c", clear), &problems);
  Outcome outcome;
  for (const PairName& pair : pairing.pairs) {
    outcome.pairs.push_back(pair.id + " " + pair.scene + " " + pair.hazy_path +
                            " " + pair.clear_path);
  }
  outcome.unused_clear = pairing.unused_clear;
  outcome.status = problems.status();
  return outcome;
}

TEST(PairPictures, ItsDropsTheAirlight) {
  const Outcome outcome =
      Pair(NameRule::kSceneAndNumber,
           {"1_1_0.90179.png", "1_10_1.png", "10_2.png"}, {"1.png", "10.jpg"});
  EXPECT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_THAT(outcome.pairs, ElementsAre("10_2 10 h/10_2.png c/10.jpg",
                                         "1_1 1 h/1_1_0.90179.png c/1.png",
                                         "1_10 1 h/1_10_1.png c/1.png"));
}

TEST(PairPictures, OtsKeepsTheWholeStem) {
  const Outcome outcome = Pair(NameRule::kSceneAirlightBeta,
                               {"0025_0.8_0.04.jpg"}, {"0025.jpg", "0039.jpg"});
  EXPECT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_THAT(outcome.pairs,
              ElementsAre("0025_0.8_0.04 0025 h/0025_0.8_0.04.jpg c/0025.jpg"));
  EXPECT_THAT(outcome.unused_clear,
              ElementsAre("'c/0039.jpg': no hazy picture 0039_*"));
}

TEST(PairPictures, AnyPairTakesTheLongestPrefix) {
  const Outcome outcome =
      Pair(NameRule::kAnyPair,
           {"NYU2_45_1_2.jpg", "NYU2_4_1_2.jpg", "same.png", "a_b_c.png"},
           {"NYU2_4.jpg", "NYU2_45.jpg", "same.jpg", "a.png", "a_b.png"});
  EXPECT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_THAT(outcome.pairs,
              ElementsAre("NYU2_45_1_2 NYU2_45 h/NYU2_45_1_2.jpg c/NYU2_45.jpg",
                          "NYU2_4_1_2 NYU2_4 h/NYU2_4_1_2.jpg c/NYU2_4.jpg",
                          "a_b_c a_b h/a_b_c.png c/a_b.png",
                          "same same h/same.png c/same.jpg"));
  EXPECT_THAT(outcome.unused_clear,
              ElementsAre("'c/a.png': no hazy picture a.* or a_*"));
}

TEST(PairPictures, AnyPairDropsASuffixOnEitherSide) {
  const Outcome outcome = Pair(
      NameRule::kAnyPair, {"01_outdoor_hazy.jpg", "02_haze.png", "_hazy.png"},
      {"01_outdoor_GT.jpg", "02_clear.png", "_hazy.png"});
  EXPECT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_THAT(outcome.pairs,
              ElementsAre("01_outdoor 01_outdoor h/01_outdoor_hazy.jpg "
                          "c/01_outdoor_GT.jpg",
                          "02 02 h/02_haze.png c/02_clear.png",
                          "_hazy _hazy h/_hazy.png c/_hazy.png"));
}

TEST(PairPictures, ListsUnpairedPicturesWithTheCount) {
  std::vector<std::string> hazy;
  for (int i = 100; i < 112; ++i) hazy.push_back(std::to_string(i) + "_1.png");
  const Outcome outcome = Pair(NameRule::kSceneAndNumber, hazy, {"100.png"});
  EXPECT_EQ(outcome.status.code(), absl::StatusCode::kNotFound);
  const std::string text(outcome.status.message());
  EXPECT_THAT(text, HasSubstr("11 of 12 hazy pictures have no clear partner"));
  EXPECT_THAT(text, HasSubstr("'h/101_1.png': no clear picture 101.*"));
  EXPECT_THAT(text, HasSubstr("... 1 more, 11 in all"));
  EXPECT_EQ(text.find("111_1"), std::string::npos);
}

TEST(PairPictures, RefusesTwoFilesForOneId) {
  const Outcome hazy = Pair(NameRule::kSceneAndNumber,
                            {"1_1_0.8.png", "1_1_0.9.png"}, {"1.png"});
  EXPECT_EQ(hazy.status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(hazy.status.message()),
              HasSubstr("1_1: 'h/1_1_0.8.png' 'h/1_1_0.9.png'"));
  const Outcome clear = Pair(NameRule::kAnyPair, {"1.png"}, {"1.jpg", "1.png"});
  EXPECT_EQ(clear.status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(clear.status.message()),
              HasSubstr("1: 'c/1.jpg' 'c/1.png'"));
}

TEST(PairPictures, ReportsAllKindsTogether) {
  const Outcome outcome =
      Pair(NameRule::kSceneAndNumber,
           {"x.png", "1_1_a.png", "1_1.png", "1_1.jpg", "2_1.png"}, {"1.png"});
  const std::string text(outcome.status.message());
  EXPECT_THAT(text, HasSubstr("2 hazy pictures whose names do not read"));
  EXPECT_THAT(text, HasSubstr("1 ids with two files"));
  EXPECT_THAT(text, HasSubstr("1 of 5 hazy pictures have no clear partner"));
}

TEST(ListPictures, SortsAndCountsWhatItIgnores) {
  const TemporaryFolder folder;
  for (const char* name : {"b.PNG", "a.jpeg", "c.bmp", "d.JPG", "notes.txt",
                           "._a.png", "Thumbs.db", "sp ace 'q\" #.png"}) {
    WriteBytes(folder / name, "x");
  }
  std::filesystem::create_directory(folder / "trans");
  const auto listing = ListPictures(folder.path());
  ASSERT_TRUE(listing.ok()) << listing.status();
  std::vector<std::string> stems;
  for (const PictureFile& file : listing->pictures) stems.push_back(file.stem);
  EXPECT_THAT(stems, ElementsAre("a", "b", "c", "d", "sp ace 'q\" #"));
  EXPECT_EQ(listing->ignored, 4);
}

TEST(ListPictures, RefusesALineBreakInAName) {
  const TemporaryFolder folder;
  WriteBytes(folder / "a\nb.png", "x");
  const auto listing = ListPictures(folder.path());
  EXPECT_EQ(listing.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(listing.status().message()), HasSubstr("'a?b.png'"));
}

}  // namespace
}  // namespace bild
