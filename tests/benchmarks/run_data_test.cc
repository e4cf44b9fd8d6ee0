#include "benchmarks/run_data.h"

#include <filesystem>
#include <string>

#include "datasets/cache_writer.h"
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

TEST(OpenRunDataTest, TrainsOnOneFolderAndTestsOnAnother) {
  const TemporaryFolder folder;
  WriteScenes(folder / "train", 12, 1);
  WriteScenes(folder / "test", 3, 1000);
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
  WriteScenes(folder / "train", 12, 1);
  WriteScenes(folder / "test", 3, 1000);
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
  WriteScenes(folder.path(), 6, 1);
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
  WriteScenes(folder / "train", 12, 1);
  // The clear pictures of the train set's second and third scene.
  WriteScenes(folder / "test", 2, 11);
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
  WriteScenes(folder / "train", 12, 1);
  WriteScenes(folder / "test", 3, 1000);
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
  WriteScenes(folder / "train", 12, 1);
  WriteScenes(folder / "test", 3, 1000);
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
  WriteScenes(folder / "a", 4, 1);
  WriteScenes(folder / "b", 4, 5);
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
  WriteScenes(folder / "train", 4, 1);
  EXPECT_THAT(
      std::string(Open(PairSpec(folder / "none", "")).status().message()),
      HasSubstr("--data_root=" + folder / "none"));
  EXPECT_THAT(
      std::string(
          Open(PairSpec(folder / "train", folder / "none")).status().message()),
      HasSubstr("--test_root=" + folder / "none"));
}

TEST(OpenRunDataTest, TestPicturesComeAtTheResolutionAskedFor) {
  const TemporaryFolder folder;
  WriteScenes(folder / "train", 4, 1);
  WriteScenes(folder / "test", 3, 1000);
  DataSpec spec = PairSpec(folder / "train", folder / "test");
  spec.evaluation_resolution = "half";
  const auto data = Open(spec);
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ(data->test->ReadSize(0).value(), (ImageSize{12, 10}));
  EXPECT_EQ(data->train->ReadSize(0).value(), (ImageSize{24, 20}));
}

TEST(OpenRunDataTest, TooFewScenesToSplitIsSaid) {
  const TemporaryFolder folder;
  WriteScenes(folder.path(), 4, 1);
  DataSpec spec = PairSpec(folder.path(), "");
  spec.scene_block = 4;
  EXPECT_THAT(std::string(Open(spec).status().message()),
              HasSubstr("4 scenes are too few"));
}

}  // namespace
}  // namespace bild
