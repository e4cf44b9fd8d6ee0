// Wrong data: exit code 1, a message that says which file, what was expected
// and what was found, and no results folder.

#include <filesystem>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reports/record.h"
#include "tests/benchmarks/tiny_run.h"
#include "tests/datasets/pictures.h"

namespace bild {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class BadDataTest : public testing::Test {
 protected:
  // A good set of four scenes, for a test to spoil.
  BadDataTest() { WritePairs(data_, 4, 32, 1); }

  // Runs the benchmark on the folder, expects exit code 1 and that nothing was
  // written; returns the message.
  std::string WorldError(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     {"--dataset=pair", "--data_root=" + data_});
    arguments.push_back("--out=" + folder_ / "out");
    const ProgramOutcome outcome = RunProgram(TinyRun(arguments));
    EXPECT_EQ(outcome.exit_code, 1) << Describe(outcome);
    EXPECT_EQ(outcome.out, "");
    EXPECT_FALSE(Exists(folder_ / "out"));
    return outcome.err;
  }

  const TemporaryFolder folder_;
  const std::string data_ = folder_ / "data";
};

TEST_F(BadDataTest, NoSuchFolder) {
  std::filesystem::remove_all(data_);
  EXPECT_THAT(WorldError({}), AllOf(HasSubstr("its_aodnet: "),
                                    HasSubstr("there is no folder '" + data_ +
                                              "' (--data_root=")));
}

TEST_F(BadDataTest, NoSuchTestFolder) {
  EXPECT_THAT(WorldError({"--test_root=" + folder_ / "test"}),
              HasSubstr("(--test_root=" + folder_ / "test"));
}

TEST_F(BadDataTest, AFileInPlaceOfTheFolder) {
  std::filesystem::remove_all(data_);
  WriteBytes(data_, "x");
  EXPECT_THAT(WorldError({}), HasSubstr("is a file, expected a folder"));
}

TEST_F(BadDataTest, UnpairedPicturesAreListedTenAndTheCount) {
  for (int i = 10; i < 22; ++i) {
    WritePicture(data_ + "/hazy/lone" + std::to_string(i) + ".png",
                 PatternImage(32, 32, i));
  }
  EXPECT_THAT(
      WorldError({}),
      AllOf(HasSubstr("12 of 16 hazy pictures have no clear partner"),
            HasSubstr("lone10.png"), HasSubstr("lone19.png"),
            Not(HasSubstr("lone20.png")), HasSubstr("... 2 more, 12 in all")));
}

// One message for all of them: a user repairs a set once.
TEST_F(BadDataTest, DamagedFilesAndOtherSizesAtOnce) {
  const std::string hazy = data_ + "/hazy/s10.png";
  const std::string png = Content(hazy);
  WriteBytes(hazy, png.substr(0, png.size() / 2));
  WriteBytes(data_ + "/clear/s11.png", "");
  WritePicture(data_ + "/clear/s12.png", PatternImage(33, 32, 9));
  EXPECT_THAT(WorldError({}),
              AllOf(HasSubstr("2 of 8 pictures cannot be used"),
                    HasSubstr("hazy/s10.png"), HasSubstr("clear/s11.png"),
                    HasSubstr("1 of 4 pairs differ in size"),
                    HasSubstr("hazy/s12.png' is 32x32"),
                    HasSubstr("clear/s12.png' is 33x32")));
}

TEST_F(BadDataTest, BothSetsAtOnce) {
  const std::string test = folder_ / "test";
  WritePairs(test, 3, 32, 500);
  WriteBytes(test + "/hazy/s11.png", "");
  WriteBytes(data_ + "/clear/s12.png", "");
  EXPECT_THAT(WorldError({"--test_root=" + test}),
              AllOf(HasSubstr("1 of 8 pictures cannot be used"),
                    HasSubstr("data/clear/s12.png"),
                    HasSubstr("1 of 6 pictures cannot be used"),
                    HasSubstr("test/hazy/s11.png")));
}

// Opening looks at headers and ends. What only decoding shows ends the run,
// which goes on with the repaired file.
TEST_F(BadDataTest, DamageInTheMiddleOfAFile) {
  const std::string hazy = data_ + "/hazy/s10.png";
  const std::string png = Content(hazy);
  std::string damaged = png;
  damaged[png.size() / 2] = static_cast<char>(~damaged[png.size() / 2]);
  WriteBytes(hazy, damaged);
  const std::string out = folder_ / "out";
  const ProgramCall call =
      TinyRun({"--dataset=pair", "--data_root=" + data_, "--methods=plain",
               "--resume", "--out=" + out});
  const ProgramOutcome ended = RunProgram(call);
  EXPECT_EQ(ended.exit_code, 1) << Describe(ended);
  EXPECT_THAT(ended.err, HasSubstr("hazy/s10.png"));
  EXPECT_FALSE(Exists(out + "/records.jsonl"));
  EXPECT_FALSE(Exists(out + "/checkpoints/plain_seed1/records.jsonl"));
  WriteBytes(hazy, png);
  const ProgramOutcome repaired = RunProgram(call);
  EXPECT_EQ(repaired.exit_code, 0) << Describe(repaired);
  EXPECT_TRUE(Exists(out + "/records.jsonl"));
}

TEST_F(BadDataTest, ATextThatIsCalledPng) {
  WriteBytes(data_ + "/hazy/s10.png", "not a picture\n");
  EXPECT_THAT(WorldError({}), HasSubstr("hazy/s10.png"));
}

TEST_F(BadDataTest, PicturesSmallerThanTheCrop) {
  EXPECT_THAT(WorldError({"--crop_px=40"}),
              AllOf(HasSubstr("pictures are smaller than the crop of 40x40"),
                    HasSubstr("hazy/s1"), HasSubstr("is 32x32"),
                    HasSubstr("Lower --crop_px")));
}

// s20 is the first of 20 scenes in the split's order: one of the two that
// validate.
TEST_F(BadDataTest, SmallValidationPicturesCanBeLeftOut) {
  WritePairs(data_, 20, 32, 1);
  for (const std::string side : {"hazy", "clear"}) {
    WritePicture(data_ + "/" + side + "/s20.png", PatternImage(20, 20, 4711));
  }
  EXPECT_THAT(WorldError({"--crop_px=24"}), HasSubstr("hazy/s20.png"));
  const ProgramOutcome outcome = RunProgram(
      TinyRun({"--dataset=pair", "--data_root=" + data_, "--crop_px=24",
               "--small=drop", "--out=" + folder_ / "out"}));
  ASSERT_EQ(outcome.exit_code, 0) << Describe(outcome);
  const auto records = ReadRecords(folder_ / "out/records.jsonl");
  ASSERT_TRUE(records.ok()) << records.status();
  for (const Record& record : *records) {
    EXPECT_EQ(record.dataset, "pair[validation]");
    EXPECT_EQ(record.n, 1);
    EXPECT_EQ(record.n_validation, 1);
    EXPECT_EQ(record.n_train, 18);
    EXPECT_EQ(record.test_list_sha256, record.validation_list_sha256);
    EXPECT_THAT(record.invalid_reasons,
                HasSubstr("1 pictures smaller than 24 px left out"));
  }
}

TEST_F(BadDataTest, TooFewScenesToSplit) {
  EXPECT_THAT(WorldError({"--scene_block=4"}),
              HasSubstr("4 scenes are too few for the split rule"));
}

TEST_F(BadDataTest, ANamedSetThatIsIncomplete) {
  WritePicture(data_ + "/hazy/1_1_0.9.png", PatternImage(32, 32, 1));
  WritePicture(data_ + "/clear/1.png", PatternImage(32, 32, 2));
  EXPECT_THAT(WorldError({"--dataset=its"}), HasSubstr("its"));
}

TEST_F(BadDataTest, AnUnknownDevice) {
  EXPECT_THAT(WorldError({"--device=abacus"}), HasSubstr("abacus"));
}

}  // namespace
}  // namespace bild
