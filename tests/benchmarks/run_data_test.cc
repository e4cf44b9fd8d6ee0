#include "benchmarks/run_data.h"

#include <filesystem>
#include <set>
#include <string>

#include "datasets/cache_writer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
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

constexpr int64_t kValidationPictures = 3;

// `scenes` scenes with two hazy pictures each; another `salt`, other pictures.
void WritePairs(const std::string& root, int scenes, int64_t salt) {
  for (int scene = 0; scene < scenes; ++scene) {
    const std::string name = "s" + std::to_string(10 + scene);
    const int64_t own = salt + 10 * scene;
    WritePicture(root + "/clear/" + name + ".png", PatternImage(24, 20, own));
    for (int k = 1; k <= 2; ++k) {
      WritePicture(root + "/hazy/" + name + "_" + std::to_string(k) + ".png",
                   PatternImage(24, 20, own + k));
    }
  }
}

DataSpec PairSpec(const std::string& data_root, const std::string& test_root) {
  DataSpec spec;
  spec.dataset = "pair";
  spec.data_root = data_root;
  spec.test_root = test_root;
  return spec;
}

absl::StatusOr<RunData> Open(const DataSpec& spec, int64_t crop_px = 8) {
  RunDataOptions options;
  options.image_cache_mib = 16;
  options.validation_pictures = kValidationPictures;
  options.crop_px = crop_px;
  return OpenRunData(spec, options);
}

std::set<std::string> Scenes(const PairedDataset& dataset,
                             const std::vector<int64_t>& indices) {
  std::set<std::string> scenes;
  for (const int64_t index : indices) {
    scenes.insert(dataset.pairs()[static_cast<size_t>(index)].scene);
  }
  return scenes;
}

TEST(OpenRunDataTest, TrainsOnOneFolderAndTestsOnAnother) {
  const TemporaryFolder folder;
  WritePairs(folder / "train", 12, 1);
  WritePairs(folder / "test", 3, 1000);
  const auto data = Open(PairSpec(folder / "train", folder / "test"));
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ(data->train->pairs().size(), 24);
  EXPECT_EQ(data->test->pairs().size(), 6);
  EXPECT_EQ(data->test_list.indices.size(), 6);
  EXPECT_EQ(data->test_name, "pair");
  EXPECT_EQ(data->decoder_probe, "match");
  EXPECT_THAT(data->invalid_reasons, IsEmpty());
  EXPECT_EQ(data->split_text, "tenth scene_block=1 seed=1 leak=drop");
  EXPECT_EQ(CountScenes(*data->train, data->split.train.indices), 11);
  EXPECT_EQ(CountScenes(*data->train, data->split.validation.indices), 1);
  // The validation scene has two pictures; three were asked for.
  EXPECT_EQ(data->validation_pictures.size(), 2);
  EXPECT_EQ(Scenes(*data->train, data->validation_pictures),
            Scenes(*data->train, data->split.validation.indices));
}

// Packs `data` as another decoder would.
void PackByAnotherDecoder(const std::string& data, const std::string& cache) {
  PackRequest request;
  request.set = "pair";
  request.data_root = data;
  request.output = cache;
  auto plan = PlanCache(request);
  ASSERT_TRUE(plan.ok()) << plan.status();
  plan->index.decoder_sha256 = std::string(64, 'd');
  plan->index.plan_sha256 = PlanSha256(plan->index);
  ASSERT_TRUE(WriteCache(*plan, nullptr, nullptr).ok());
}

// Of either side: an error, or a stamp on every row and a reason.
TEST(OpenRunDataTest, ACacheOfAnotherDecoderIsRefusedOrStamped) {
  const TemporaryFolder folder;
  WritePairs(folder / "train", 12, 1);
  WritePairs(folder / "test", 3, 1000);
  PackByAnotherDecoder(folder / "train", folder / "train_cache");
  PackByAnotherDecoder(folder / "test", folder / "test_cache");
  DataSpec from_train = PairSpec("", folder / "test");
  from_train.cache = folder / "train_cache";
  DataSpec from_test = PairSpec(folder / "train", "");
  from_test.test_cache = folder / "test_cache";
  for (DataSpec spec : {from_train, from_test}) {
    const absl::Status refused = Open(spec).status();
    EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(refused.message()),
                AllOf(HasSubstr("pair.index' was packed with an image decoder "
                                "that makes " +
                                std::string(64, 'd')),
                      HasSubstr("--allow_decoder_mismatch")));
    spec.allow_decoder_mismatch = true;
    const auto data = Open(spec);
    ASSERT_TRUE(data.ok()) << data.status();
    EXPECT_EQ(data->decoder_probe, "mismatch");
    EXPECT_THAT(data->invalid_reasons,
                ElementsAre("image decoder differs from the probe"));
  }
}

TEST(OpenRunDataTest, WithoutATestSetTheValidationPicturesAreScored) {
  const TemporaryFolder folder;
  WritePairs(folder.path(), 6, 1);
  const auto data = Open(PairSpec(folder.path(), ""));
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ(data->test, data->train);
  EXPECT_EQ(data->test_name, "pair[validation]");
  EXPECT_EQ(data->test_list.indices, data->split.validation.indices);
  EXPECT_THAT(data->invalid_reasons,
              ElementsAre("no test set: scored on the validation pictures"));
}

TEST(OpenRunDataTest, ScenesOfTheTestSetAreNotTrainedOn) {
  const TemporaryFolder folder;
  WritePairs(folder / "train", 12, 1);
  // The clear pictures of the train set's second and third scene.
  WritePairs(folder / "test", 2, 11);
  DataSpec spec = PairSpec(folder / "train", folder / "test");
  const auto dropped = Open(spec);
  ASSERT_TRUE(dropped.ok()) << dropped.status();
  const auto used = Scenes(*dropped->train, dropped->split.train.indices);
  EXPECT_EQ(used.count("s11") + used.count("s12"), 0);
  EXPECT_EQ(used.size(), 9);
  EXPECT_THAT(dropped->notes, Contains(HasSubstr("left out:")));

  spec.leak = "keep";
  const auto kept = Open(spec);
  ASSERT_TRUE(kept.ok()) << kept.status();
  EXPECT_EQ(CountScenes(*kept->train, kept->split.train.indices), 11);
  EXPECT_THAT(kept->invalid_reasons,
              ElementsAre("trained on 2 scenes of a test set (--leak=keep)"));
}

TEST(OpenRunDataTest, FaultsAreStampedAndTheDataStaySound) {
  const TemporaryFolder folder;
  WritePairs(folder / "train", 12, 1);
  WritePairs(folder / "test", 3, 1000);
  DataSpec spec = PairSpec(folder / "train", folder / "test");
  spec.label_fault = "hazy:.50";
  const auto data = Open(spec);
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ(data->label_fault.kind, LabelFaultKind::kHazy);
  EXPECT_EQ(data->split_text,
            "tenth scene_block=1 seed=1 leak=drop label_fault=hazy:0.5");
  EXPECT_THAT(data->invalid_reasons,
              ElementsAre("training pairs made faulty: label_fault=hazy:0.5"));
  for (int64_t i = 0; i < 24; ++i) {
    EXPECT_NE(data->train->Read(i)->clear->rgb,
              data->train->Read(i)->hazy->rgb);
  }
}

TEST(OpenRunDataTest, ValidationScenes) {
  const TemporaryFolder folder;
  WritePairs(folder / "train", 12, 1);
  WritePairs(folder / "test", 3, 1000);
  DataSpec spec = PairSpec(folder / "train", folder / "test");
  const auto apart = Open(spec);
  ASSERT_TRUE(apart.ok()) << apart.status();
  EXPECT_EQ(apart->outer_indices, apart->split.validation.indices);

  spec.validation_scenes = "training";
  const auto shared = Open(spec);
  ASSERT_TRUE(shared.ok()) << shared.status();
  EXPECT_EQ(shared->outer_indices, shared->split.train.indices);
  // The same lists, the same pictures choose the checkpoint.
  EXPECT_EQ(shared->split.train.sha256, apart->split.train.sha256);
  EXPECT_EQ(shared->validation_pictures, apart->validation_pictures);
  EXPECT_THAT(shared->split_text, HasSubstr(" validation_scenes=training"));
  EXPECT_THAT(shared->invalid_reasons,
              ElementsAre("validation patches of the training scenes"));
}

// Ids alone would make two sets the same run.
TEST(OpenRunDataTest, SetsOfTheSameNamesAreToldApart) {
  const TemporaryFolder folder;
  WritePairs(folder / "a", 4, 1);
  WritePairs(folder / "b", 4, 5);
  std::filesystem::copy(folder / "a", folder / "copy",
                        std::filesystem::copy_options::recursive);
  const auto a = Open(PairSpec(folder / "a", ""));
  const auto b = Open(PairSpec(folder / "b", ""));
  const auto copy = Open(PairSpec(folder / "copy", ""));
  ASSERT_TRUE(a.ok() && b.ok() && copy.ok());
  EXPECT_EQ(a->split.train.sha256, b->split.train.sha256);
  EXPECT_NE(a->file_sizes_sha256, b->file_sizes_sha256);
  EXPECT_EQ(a->file_sizes_sha256, copy->file_sizes_sha256);
}

TEST(OpenRunDataTest, MessagesNameTheFlagOfTheFolder) {
  const TemporaryFolder folder;
  WritePairs(folder / "train", 4, 1);
  EXPECT_THAT(
      std::string(Open(PairSpec(folder / "none", "")).status().message()),
      HasSubstr("--data_root=" + folder / "none"));
  EXPECT_THAT(
      std::string(
          Open(PairSpec(folder / "train", folder / "none")).status().message()),
      HasSubstr("--test_root=" + folder / "none"));
}

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
TEST(OpenRunDataTest, AChallengesSetIsTestedOnItsOwnPictures) {
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
TEST(OpenRunDataTest, AChallengesTestFolderIsDividedAlike) {
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
TEST(OpenRunDataTest, AChallengesSidesMayLieInTwoFolders) {
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
TEST(OpenRunDataTest, AChallengesSetWithAnotherSplit) {
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
TEST(OpenRunDataTest, AnotherTestSetByItsName) {
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
TEST(OpenRunDataTest, TheFirstReleaseOfOts) {
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
TEST(OpenRunDataTest, AnotherTestSetInAFolderOfItsOwn) {
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

// All pictures of these scenes anew, 24x9.
void MakeSmall(const TemporaryFolder& folder,
               const std::vector<std::string>& scenes) {
  for (const std::string& scene : scenes) {
    const Image image = PatternImage(24, 9, std::stoi(scene.substr(1)));
    WritePicture(folder / ("clear/" + scene + ".png"), image);
    for (const std::string k : {"_1", "_2"}) {
      WritePicture(folder / ("hazy/" + scene + k + ".png"), image);
    }
  }
}

TEST(OpenRunDataTest, SmallPicturesAreLeftOutByName) {
  const TemporaryFolder folder;
  WritePairs(folder.path(), 12, 1);
  MakeSmall(folder, {"s13", "s14"});
  DataSpec spec = PairSpec(folder.path(), "");
  const auto all = Open(spec);
  ASSERT_TRUE(all.ok()) << all.status();
  spec.small = "drop";
  // Nothing is smaller than 9 px.
  const auto large = Open(spec, 9);
  ASSERT_TRUE(large.ok()) << large.status();
  EXPECT_EQ(large->split.train.sha256, all->split.train.sha256);
  const auto data = Open(spec, 10);
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ(
      data->split.train.indices.size() + data->split.validation.indices.size(),
      all->split.train.indices.size() + all->split.validation.indices.size() -
          4);
  EXPECT_EQ(Scenes(*data->train, data->split.train.indices).count("s13"), 0u);
  EXPECT_THAT(data->split.train.text, Not(HasSubstr("s13_1")));
  EXPECT_THAT(data->notes,
              Contains(HasSubstr("4 pictures are smaller than 10x10 and left "
                                 "out: s13_1, s13_2, s14_1, s14_2")));
  EXPECT_THAT(data->invalid_reasons,
              Contains(HasSubstr("4 pictures smaller than 10 px left out of "
                                 "training and validation: s13_1, s13_2")));
}

// Patches, the pictures that choose the checkpoint and, for want of a test set,
// the scores: all go by the list that is left.
TEST(OpenRunDataTest, SmallValidationPicturesAreLeftOutEverywhere) {
  const TemporaryFolder folder;
  WritePairs(folder.path(), 20, 1);
  DataSpec spec = PairSpec(folder.path(), "");
  const auto all = Open(spec);
  ASSERT_TRUE(all.ok()) << all.status();
  // Of two validation scenes the one that is looked at first.
  const auto& pairs = all->train->pairs();
  const auto scene_of = [&pairs](int64_t index) {
    return pairs[static_cast<size_t>(index)].scene;
  };
  const std::string validated = scene_of(all->validation_pictures[0]);
  const std::string trained = scene_of(all->split.train.indices[0]);
  MakeSmall(folder, {validated});
  spec.small = "drop";
  const auto data = Open(spec, 10);
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ(data->split.validation.indices.size(), 2);
  EXPECT_THAT(data->split.validation.text, Not(HasSubstr(validated)));
  EXPECT_EQ(data->outer_indices, data->split.validation.indices);
  EXPECT_EQ(data->validation_pictures.size(), 2);
  EXPECT_EQ(Scenes(*data->train, data->validation_pictures),
            Scenes(*data->train, data->split.validation.indices));
  EXPECT_EQ(data->test_name, "pair[validation]");
  EXPECT_EQ(data->test_list.indices, data->split.validation.indices);
  EXPECT_EQ(data->test_list.sha256, data->split.validation.sha256);

  MakeSmall(folder, {trained});
  spec.validation_scenes = "training";
  const auto shared = Open(spec, 10);
  ASSERT_TRUE(shared.ok()) << shared.status();
  EXPECT_EQ(shared->outer_indices, shared->split.train.indices);
  EXPECT_EQ(Scenes(*shared->train, shared->outer_indices).count(trained), 0u);
}

TEST(OpenRunDataTest, NothingButSmallPicturesIsAnError) {
  const TemporaryFolder folder;
  WritePairs(folder.path(), 4, 1);
  DataSpec spec = PairSpec(folder.path(), "");
  spec.small = "drop";
  const auto none = Open(spec, 21);
  EXPECT_EQ(none.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(none.status().message()),
              HasSubstr("pair: all 6 pictures of the training list are smaller "
                        "than the crop of 21x21"));
}

TEST(OpenRunDataTest, TestPicturesComeAtTheResolutionAskedFor) {
  const TemporaryFolder folder;
  WritePairs(folder / "train", 4, 1);
  WritePairs(folder / "test", 3, 1000);
  DataSpec spec = PairSpec(folder / "train", folder / "test");
  spec.evaluation_resolution = "half";
  const auto data = Open(spec);
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ(data->test->ReadSize(0).value(), (ImageSize{12, 10}));
  EXPECT_EQ(data->train->ReadSize(0).value(), (ImageSize{24, 20}));
}

TEST(OpenRunDataTest, TooFewScenesToSplitIsSaid) {
  const TemporaryFolder folder;
  WritePairs(folder.path(), 4, 1);
  DataSpec spec = PairSpec(folder.path(), "");
  spec.scene_block = 4;
  EXPECT_THAT(std::string(Open(spec).status().message()),
              HasSubstr("4 scenes are too few"));
}

}  // namespace
}  // namespace bild
