// What a run is tested on: a challenge's own side, a set that is asked for by
// its name, and what may then be trained on.

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/benchmarks/run_data_sets.h"
#include "tests/datasets/pictures.h"
#include "tests/testing/temporary_folder.h"

namespace bild {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

void WriteOHaze(const std::string& root, int first, int last) {
  for (int i = first; i <= last; ++i) {
    const std::string number = (i < 10 ? "0" : "") + std::to_string(i);
    WritePicture(root + "/O-HAZE/hazy/" + number + "_outdoor_hazy.png",
                 PatternImage(24, 20, i));
    WritePicture(root + "/O-HAZE/GT/" + number + "_outdoor_GT.png",
                 PatternImage(24, 20, 100 + i));
  }
}

DataSpec OHazeSpec(const std::string& data_root, const std::string& test_root) {
  DataSpec spec = PairSpec(data_root, test_root);
  spec.dataset = "ohaze";
  spec.split_seed = 0;
  return spec;
}

// O-HAZE holds its own test pictures: by number, or redrawn.
TEST(TestedSetTest, AChallengesSetIsTestedOnItsOwnPictures) {
  const TemporaryFolder folder;
  WriteOHaze(folder.path(), 1, 45);
  DataSpec spec = OHazeSpec(folder.path(), "");
  const auto data = Open(spec);
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ(data->test_name, "ohaze");
  EXPECT_EQ(data->test_list.text, "41\n42\n43\n44\n45\n");
  EXPECT_EQ(data->split.validation.text, "36\n37\n38\n39\n40\n");
  EXPECT_EQ(data->split.train.indices.size(), 35);
  EXPECT_EQ(data->split_text, "challenge scene_block=1 seed=0 leak=drop");
  EXPECT_THAT(data->invalid_reasons, IsEmpty());
  spec.split_seed = 1;
  EXPECT_EQ(Open(spec)->test_list.text, "27\n29\n30\n38\n39\n");
}

// Another copy, or the same folder again: the same pictures are tested, and
// none of them is trained on.
TEST(TestedSetTest, AChallengesTestFolderIsDividedAlike) {
  const TemporaryFolder folder;
  WriteOHaze(folder.path(), 1, 45);
  DataSpec spec = OHazeSpec(folder.path(), folder.path());
  for (const std::string leak : {"drop", "keep"}) {
    spec.leak = leak;
    const auto data = Open(spec);
    ASSERT_TRUE(data.ok()) << data.status();
    EXPECT_EQ(data->test_name, "ohaze");
    EXPECT_EQ(data->test_list.text, "41\n42\n43\n44\n45\n");
    EXPECT_EQ(data->split.train.indices.size(), 35);
    EXPECT_EQ(data->split.validation.indices.size(), 5);
    EXPECT_THAT(data->invalid_reasons, IsEmpty());
  }
  spec.split_seed = 1;
  const auto redrawn = Open(spec);
  ASSERT_TRUE(redrawn.ok()) << redrawn.status();
  EXPECT_EQ(redrawn->test_list.text, "27\n29\n30\n38\n39\n");
  EXPECT_EQ(redrawn->split.train.indices.size(), 35);
}

// The test pictures in a folder of their own, and none beside the others.
TEST(TestedSetTest, AChallengesSidesMayLieInTwoFolders) {
  const TemporaryFolder folder;
  WriteOHaze(folder / "train", 1, 40);
  WriteOHaze(folder / "test", 41, 45);
  DataSpec spec = OHazeSpec(folder / "train", folder / "test");
  spec.allow_partial = true;
  const auto data = Open(spec);
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ(data->test_name, "ohaze[n=5]");
  EXPECT_EQ(data->test_list.indices.size(), 5);
  EXPECT_EQ(data->split.train.indices.size(), 35);
  EXPECT_THAT(data->invalid_reasons,
              ElementsAre("partial: 40 of 45 pairs", "partial: 5 of 45 pairs"));
  spec.test_root = folder / "train";
  EXPECT_THAT(std::string(Open(spec).status().message()),
              HasSubstr("ohaze[n=40]: none of its 40 pictures"));
}

// Without the challenge's division all of the other folder is tested: its
// scenes are not trained on, and the row says so.
TEST(TestedSetTest, AChallengesSetWithAnotherSplit) {
  const TemporaryFolder folder;
  WriteOHaze(folder / "train", 1, 45);
  WriteOHaze(folder / "test", 1, 6);
  DataSpec spec = OHazeSpec(folder / "train", folder / "test");
  spec.allow_partial = true;
  spec.split = "tenth";
  spec.split_seed = 1;
  const auto data = Open(spec);
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ(data->test_list.indices.size(), 6);
  EXPECT_EQ(
      data->split.train.indices.size() + data->split.validation.indices.size(),
      39);
  EXPECT_THAT(data->split.train.text + data->split.validation.text,
              Not(HasSubstr("05")));
  EXPECT_THAT(data->invalid_reasons,
              Contains("tested on all 6 pictures of ohaze[n=6]: the split is "
                       "not the challenge's"));
  EXPECT_THAT(data->notes,
              Contains("left out: 6 scenes of ohaze are in the test set, by "
                       "their names: 01, 02, 03, 04, 05, 06"));
}

// RESIDE's outdoor training set, one hazy picture a scene.
void WriteOts(const std::string& root, const std::vector<std::string>& scenes) {
  for (const std::string& scene : scenes) {
    WritePicture(root + "/OTS/hazy/" + scene + "_0.8_0.2.jpg",
                 PatternImage(24, 20, std::stoi(scene)));
    WritePicture(root + "/OTS/clear/" + scene + ".jpg",
                 PatternImage(24, 20, 10000 + std::stoi(scene)));
  }
}

DataSpec OtsSpec(const std::string& data_root) {
  DataSpec spec = PairSpec(data_root, "");
  spec.dataset = "ots";
  spec.allow_partial = true;
  spec.split = "tenth";
  return spec;
}

// The leak filter goes by what is tested. 0025 is in SOTS outdoor.
TEST(TestedSetTest, AnotherTestSetByItsName) {
  const TemporaryFolder folder;
  WriteOts(folder.path(), {"0025", "8180", "6771", "7553", "6205", "5949"});
  for (const std::string name : {"8180", "0586"}) {
    for (const std::string side : {"synthetic", "original"}) {
      WritePicture(folder / ("HSTS/synthetic/" + side + "/" + name + ".jpg"),
                   PatternImage(24, 20, std::stoi(name)));
    }
  }
  DataSpec spec = OtsSpec(folder.path());
  spec.test_dataset = "hsts";
  const auto data = Open(spec);
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ(data->train->name(), "ots_beta[n=6]");
  EXPECT_EQ(data->test_name, "hsts[n=2]");
  EXPECT_EQ(data->test_list.text, "0586\n8180\n");
  EXPECT_EQ(CountScenes(*data->train, data->split.train.indices) +
                CountScenes(*data->train, data->split.validation.indices),
            4);
  const std::string lists =
      data->split.train.text + data->split.validation.text;
  EXPECT_THAT(lists, AllOf(Not(HasSubstr("8180")), Not(HasSubstr("0025"))));
  EXPECT_THAT(data->notes,
              Contains("left out: 1 scenes of ots_beta are in HSTS: 8180"));

  spec.leak = "keep";
  const auto kept = Open(spec);
  ASSERT_TRUE(kept.ok()) << kept.status();
  EXPECT_THAT(kept->invalid_reasons,
              Contains("trained on 2 scenes of a test set (--leak=keep)"));
}

// The first release of OTS, under its own name: the rules of the second, whose
// names need not be known. 0025 is in SOTS outdoor.
TEST(TestedSetTest, TheFirstReleaseOfOts) {
  const TemporaryFolder folder;
  std::vector<std::string> scenes = {"0025"};
  for (int scene = 9000; scene < 9052; ++scene) {
    scenes.push_back(std::to_string(scene));
  }
  WriteOts(folder.path(), scenes);
  WritePicture(folder / "SOTS/outdoor/hazy/0025_0.8_0.16.jpg",
               PatternImage(24, 20, 1));
  WritePicture(folder / "SOTS/outdoor/gt/0025.png", PatternImage(24, 20, 2));
  DataSpec spec = OtsSpec(folder.path());
  spec.dataset = "ots_v0";
  spec.split = "auto";
  const auto data = Open(spec);
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ(data->train->name(), "ots_v0[n=53]");
  EXPECT_EQ(data->test_name, "sots_outdoor[n=1]");
  EXPECT_EQ(data->split_text, "paper scene_block=1 seed=1 leak=drop");
  EXPECT_EQ(data->split.validation.indices.size(), 50);
  EXPECT_EQ(data->split.train.indices.size(), 2);
  EXPECT_THAT(data->notes,
              Contains("left out: 1 scenes of ots_v0 are in SOTS outdoor: "
                       "0025"));
}

// A challenge's set is divided where it is trained on, and whole elsewhere.
TEST(TestedSetTest, AnotherTestSetInAFolderOfItsOwn) {
  const TemporaryFolder folder;
  WriteOts(folder / "train", {"6771", "7553", "6205"});
  WriteOHaze(folder / "test", 1, 45);
  DataSpec spec = OtsSpec(folder / "train");
  spec.test_dataset = "ohaze";
  spec.test_root = folder / "test";
  const auto data = Open(spec);
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ(data->test_name, "ohaze");
  EXPECT_EQ(data->test_list.indices.size(), 45);
}

}  // namespace
}  // namespace bild
