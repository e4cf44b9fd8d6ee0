// What `doctor` says of folders that it was told nothing about.

#include "datasets/diagnosis.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "datasets/image_writer.h"
#include "datasets/reside_ids.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "opencv2/core.hpp"
#include "opencv2/imgcodecs.hpp"
#include "tests/datasets/pictures.h"
#include "tests/testing/temporary_folder.h"

namespace bild {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// The findings, "FOLDER: DATASET GRADE" and the words below.
std::string Ask(const std::string& root) {
  const auto findings = Diagnose(root);
  EXPECT_TRUE(findings.ok()) << findings.status();
  std::string text;
  for (const Finding& finding : *findings) {
    const char* grade = finding.grade == FindingGrade::kUsable   ? "usable"
                        : finding.grade == FindingGrade::kNearly ? "nearly"
                                                                 : "unknown";
    text += finding.folder + ": " + finding.dataset + " " + grade + "\n" +
            absl::StrJoin(finding.words, "\n") + "\n";
  }
  return text;
}

// A PNG of one colour and this alpha.
std::string AlphaPng(int width_px, int height_px, uint8_t alpha) {
  std::vector<uint8_t> bytes;
  cv::imencode(
      ".png", cv::Mat(height_px, width_px, CV_8UC4, cv::Scalar(1, 2, 3, alpha)),
      bytes);
  return {bytes.begin(), bytes.end()};
}

TEST(Diagnose, SotsIndoorWithItsBorder) {
  const TemporaryFolder root;
  const std::string hazy = EncodePng(PatternImage(8, 6, 1)).value();
  const std::string clear = EncodePng(PatternImage(28, 26, 2)).value();
  for (const std::string& id : SotsIndoorIds()) {
    WriteBytes(root / ("SOTS/indoor/hazy/" + id + ".png"), hazy);
    WriteBytes(root / ("SOTS/indoor/gt/" + ResideScene(id) + ".png"), clear);
  }
  EXPECT_THAT(
      Ask(root.path()),
      AllOf(HasSubstr("SOTS/indoor: sots_indoor usable\n"),
            HasSubstr("Layout 'official', 500 pairs of 50 scenes. Complete."),
            HasSubstr("500 hazy pictures of 8x6, 50 clear ones of 28x26: 10 px "
                      "will be cut from each side of the clear picture for 500 "
                      "of 500 pairs."),
            HasSubstr("A test set"),
            HasSubstr("500 of 500 hazy pictures are larger or smaller than the "
                      "published ones"),
            HasSubstr("--dataset=sots_indoor --data_root=" +
                      root / "SOTS/indoor")));

  // Its own folder, and one picture fewer.
  std::filesystem::remove(root / "SOTS/indoor/hazy/1407_3.png");
  EXPECT_THAT(
      Ask(root / "SOTS/indoor"),
      AllOf(HasSubstr(".: sots_indoor usable\n"),
            HasSubstr("Not complete: partial: 499 of 500 pairs."),
            HasSubstr("Missing: 1407_3."), HasSubstr(" --allow_partial")));
}

TEST(Diagnose, SaysWhatTheLeakFilterDoes) {
  const TemporaryFolder root;
  const std::string png = EncodePng(PatternImage(8, 6, 1)).value();
  for (const std::string scene : {"0025", "0043"}) {  // 0025 is tested.
    WriteBytes(root / ("OTS/clear/" + scene + ".png"), png);
    for (const std::string& id : OtsIdsOfScene(scene)) {
      WriteBytes(root / ("OTS/part1/" + id + ".png"), png);
    }
  }
  EXPECT_THAT(Ask(root.path()),
              AllOf(HasSubstr("OTS: ots_beta usable"),
                    HasSubstr("1 of the 2 scenes (35 pictures) are in SOTS "
                              "outdoor and are dropped; 1 scenes, 35 pictures "
                              "remain")));
}

TEST(Diagnose, AFolderOfPairs) {
  const TemporaryFolder root;
  for (const std::string name : {"NYU2_4", "NYU2_1401"}) {
    WritePicture(root / ("mine/clear/" + name + ".png"),
                 PatternImage(8, 6, static_cast<int64_t>(name.size())));
    WritePicture(root / ("mine/hazy/" + name + "_1_2.png"),
                 PatternImage(8, 6, 1));
  }
  EXPECT_THAT(Ask(root.path()),
              AllOf(HasSubstr("mine: pair usable"),
                    HasSubstr("1 of the 2 scenes are SOTS indoor's"),
                    HasSubstr("--scene_block=4"),
                    HasSubstr("--dataset=pair --data_root=" + root / "mine")));
}

TEST(Diagnose, ChallengesAreToldByWordsAndFolders) {
  const TemporaryFolder root;
  const Image image = PatternImage(8, 6, 1);
  WritePicture(root / "x/hazy/01_outdoor_hazy.png", image);
  WritePicture(root / "x/GT/01_outdoor_GT.png", image);
  WritePicture(root / "flat/51_hazy.png", image);
  WritePicture(root / "flat/51_GT.png", image);
  WritePicture(root / "Dense-HAZE/hazy/51_hazy.png", image);
  WritePicture(root / "Dense-HAZE/GT/51_GT.png", image);
  WritePicture(root / "who/hazy/51_hazy.png", image);
  WritePicture(root / "who/GT/51_GT.png", image);
  const std::string text = Ask(root.path());
  EXPECT_THAT(text,
              AllOf(HasSubstr("x: ohaze usable"),
                    HasSubstr("1 hazy picture of 8x6, 1 clear one of 8x6")));
  EXPECT_THAT(text, HasSubstr("flat: nhhaze usable"));
  EXPECT_THAT(text, HasSubstr("Dense-HAZE: densehaze usable"));
  EXPECT_THAT(text, AllOf(HasSubstr("who: nhhaze usable"),
                          HasSubstr("may as well be densehaze")));
}

TEST(Diagnose, SaysWhatToChange) {
  const TemporaryFolder root;
  // Folders of other names that pair.
  WritePicture(root / "set/fog/a_hazy.png", PatternImage(8, 6, 1));
  WritePicture(root / "set/truth/a.png", PatternImage(8, 6, 2));
  // Hazy pictures of SOTS indoor, alone.
  WritePicture(root / "alone/1400_1.png", PatternImage(8, 6, 3));
  // A larger ITS.
  for (int k = 1; k <= 40; ++k) {
    WritePicture(root / ("ITS/hazy/7_" + std::to_string(k) + "_0.9.png"),
                 PatternImage(8, 6, k));
  }
  WritePicture(root / "ITS/clear/7.png", PatternImage(8, 6, 4));
  // Sizes that do not belong together.
  WritePicture(root / "odd/hazy/b.png", PatternImage(8, 6, 5));
  WritePicture(root / "odd/clear/b.png", PatternImage(9, 6, 6));
  const std::string text = Ask(root.path());
  EXPECT_THAT(text, AllOf(HasSubstr("set/fog:  nearly"),
                          HasSubstr("1 of 1 have a partner in 'truth'"),
                          HasSubstr("call this folder hazy")));
  EXPECT_THAT(text, AllOf(HasSubstr("alone:  unknown"),
                          HasSubstr("1 of them have names of hazy pictures of "
                                    "sots_indoor")));
  EXPECT_THAT(text, AllOf(HasSubstr("ITS: pair nearly"),
                          HasSubstr("10 of its 40 names are those of its"),
                          HasSubstr("another release")));
  EXPECT_THAT(text, AllOf(HasSubstr("odd: pair nearly"),
                          HasSubstr("To change: pair: 1 of 1 pairs differ in "
                                    "size"),
                          HasSubstr("b: '" + root / "odd/hazy/b.png")));
}

// A grey, a cut off, an empty file: whatever is wrong with one picture of a
// copy is said with its name and what was found.
TEST(Diagnose, SaysWhatIsWrongWithAPicture) {
  const std::string whole = EncodePng(PatternImage(8, 6, 9)).value();
  const struct {
    std::string bytes;
    std::string fragment;
  } cases[] = {
      {JpegHeaderOnly(8, 6, 8, 4) + "\xff\xd9", "is a CMYK or YCCK JPEG"},
      {GreyPng(8, 6, 7), "is a grey picture of 8 bits"},
      {PalettePng(8, 6, {1, 2, 3}), "is a palette picture"},
      {DeepPng(8, 6, {1, 2, 3}), "has 16 bits a channel"},
      {AlphaPng(8, 6, 254), "has an alpha channel with value 254 at x = 0"},
      {whole.substr(0, whole.size() / 2), "is cut off"},
      {EncodeJpeg(PatternImage(8, 6, 1)).value().substr(0, 500), "is cut off"},
      {"", "is empty (0 bytes)"},
  };
  for (const auto& c : cases) {
    const TemporaryFolder root;
    for (const std::string name : {"a", "b"}) {
      WriteBytes(root / ("mine/hazy/" + name + ".png"), whole);
      WriteBytes(root / ("mine/clear/" + name + ".png"), whole);
    }
    WriteBytes(root / "mine/hazy/b.png", c.bytes);
    const std::string text = Ask(root.path());
    EXPECT_THAT(text,
                AllOf(HasSubstr("mine: pair nearly"),
                      HasSubstr("To change: pair: 1 of 4 pictures cannot be "
                                "used:\n    '" +
                                root / "mine/hazy/b.png" + "' " + c.fragment),
                      HasSubstr("To use it then: --dataset=pair")));
  }
  // Opaque alpha is dropped.
  const TemporaryFolder root;
  WriteBytes(root / "mine/hazy/a.png", AlphaPng(8, 6, 255));
  WriteBytes(root / "mine/clear/a.png", whole);
  EXPECT_THAT(Ask(root.path()),
              AllOf(HasSubstr("mine: pair usable"),
                    HasSubstr("1 pictures have an alpha channel, 255 "
                              "everywhere: dropped")));
}

TEST(Diagnose, SaysWhatIsWrongWithTheFiles) {
  const TemporaryFolder root;
  const Image image = PatternImage(8, 6, 1);
  for (const std::string name : {"a", "b"}) {
    WritePicture(root / ("mine/hazy/" + name + ".png"), image);
    WritePicture(root / ("mine/clear/" + name + ".png"), image);
  }
  WritePicture(root / "mine/hazy/a.jpg", image);
  std::filesystem::remove(root / "mine/hazy/b.png");
  std::filesystem::create_symlink("gone.png", root / "mine/hazy/b.png");
  EXPECT_THAT(
      Ask(root.path()),
      AllOf(HasSubstr("mine: pair nearly"),
            HasSubstr("1 ids with two files, expected one hazy picture for "
                      "each id:\n    a: '" +
                      root / "mine/hazy/a.jpg" + "' '" +
                      root / "mine/hazy/a.png" + "'"),
            HasSubstr("b.png': No such file or directory. It is a link whose "
                      "target is missing.")));
}

TEST(Diagnose, SetsWithoutClearPicturesAndHybridOnes) {
  const TemporaryFolder root;
  const Image image = PatternImage(8, 6, 1);
  WritePicture(root / "RTTS/JPEGImages/street_1.png", image);
  WritePicture(root / "RTTS/JPEGImages/AM_Bing_211.png", image);
  WriteBytes(root / "RTTS/Annotations/street_1.xml", "<annotation/>");
  for (const std::string side : {"synthetic", "original"}) {
    WritePicture(root / ("HSTS/synthetic/" + side + "/8180.jpg"), image);
  }
  WritePicture(root / "HSTS/real-world/fog.jpg", image);
  const std::string text = Ask(root.path());
  EXPECT_THAT(text, AllOf(HasSubstr("RTTS: rtts usable"),
                          HasSubstr("2 hazy pictures of 8x6, no clear ones."),
                          HasSubstr("Not complete: partial: 2 of 4,322 pairs."),
                          HasSubstr("Without clear pictures it can be restored "
                                    "and looked at")));
  EXPECT_THAT(text, AllOf(HasSubstr("HSTS: hsts usable"),
                          HasSubstr("partial: 1 of 10 pairs."),
                          HasSubstr("HSTS: hsts_real usable")));
}

// The commands that it prints can be pasted.
TEST(Diagnose, FoldersWithSpacesAreQuoted) {
  const TemporaryFolder root;
  const Image image = PatternImage(8, 6, 1);
  const std::string official = root / "# O-HAZY NTIRE 2018";
  WritePicture(official + "/hazy/01_outdoor_hazy.png", image);
  WritePicture(official + "/GT/01_outdoor_GT.png", image);
  WritePicture(root / "my set/fog/a_hazy.png", image);
  WritePicture(root / "my set/truth/a.png", image);
  EXPECT_THAT(
      Ask(root.path()),
      AllOf(HasSubstr("--dataset=ohaze --data_root='" + official +
                      "' --allow_partial"),
            HasSubstr("--dataset=pair --data_root='" + root / "my set" + "'")));
}

TEST(Diagnose, NeedsAFolder) {
  const TemporaryFolder root;
  EXPECT_EQ(Diagnose(root / "none").status().code(),
            absl::StatusCode::kNotFound);
  WriteBytes(root / "file", "x");
  EXPECT_EQ(Diagnose(root / "file").status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(Diagnose(root.path())->empty());
}

}  // namespace
}  // namespace bild
