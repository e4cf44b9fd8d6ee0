// What is synthesized is read by the very readers of the published sets.

#include <cmath>
#include <memory>
#include <set>
#include <string>

#include "datasets/catalog.h"
#include "datasets/paired_dataset.h"
#include "datasets/split.h"
#include "datasets/synthetic/synthesize.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/temporary_folder.h"

namespace bild {
namespace {

std::string Make(const std::string& like, const TemporaryFolder& folder) {
  SyntheticRequest request;
  request.like = like;
  request.scenes = 3;
  request.test_scenes = 2;
  request.width_px = 64;
  request.height_px = 48;
  const absl::StatusOr<SyntheticSet> set =
      WriteSynthetic(request, folder / like, {});
  EXPECT_TRUE(set.ok()) << set.status();
  return folder / like;
}

std::unique_ptr<PairedDataset> Open(const std::string& name,
                                    const std::string& root) {
  DatasetRequest request;
  request.name = name;
  request.data_root = root;
  absl::StatusOr<std::unique_ptr<PairedDataset>> dataset = OpenDataset(request);
  EXPECT_TRUE(dataset.ok()) << dataset.status();
  return *std::move(dataset);
}

// Mean PSNR of the hazy pictures as files hold them.
double MeanInputPsnrDb(const PairedDataset& dataset) {
  double sum_db = 0;
  for (size_t i = 0; i < dataset.pairs().size(); ++i) {
    const absl::StatusOr<ImagePair> pair =
        dataset.Read(static_cast<int64_t>(i));
    if (!pair.ok()) {
      ADD_FAILURE() << pair.status();
      return 0;
    }
    const Image& hazy = *pair->hazy;
    const Image& clear = *pair->clear;
    EXPECT_EQ(hazy.width_px, 64);
    EXPECT_EQ(clear.width_px, 64);
    double squares = 0;
    for (size_t k = 0; k < hazy.rgb.size(); ++k) {
      const double difference = hazy.rgb[k] - clear.rgb[k];
      squares += difference * difference;
    }
    const double mean = squares / static_cast<double>(hazy.rgb.size());
    sum_db += 10.0 * std::log10(255.0 * 255.0 / mean);
  }
  return sum_db / static_cast<double>(dataset.pairs().size());
}

std::set<std::string> ScenesOf(const PairedDataset& dataset) {
  std::set<std::string> scenes;
  for (const PairName& pair : dataset.pairs()) scenes.insert(pair.scene);
  return scenes;
}

struct Expected {
  std::string like;
  std::string train;
  std::string test;
  size_t train_pairs;
  size_t test_pairs;
  double least_db;  // Of the hazy input.
  double most_db;
};

class ResideReaders : public testing::TestWithParam<Expected> {};

TEST_P(ResideReaders, ReadTheSyntheticSet) {
  const Expected& want = GetParam();
  const TemporaryFolder folder;
  const std::string root = Make(want.like, folder);
  const auto train = Open(want.train, root);
  const auto test = Open(want.test, root);
  EXPECT_EQ(train->pairs().size(), want.train_pairs);
  EXPECT_EQ(test->pairs().size(), want.test_pairs);
  EXPECT_EQ(test->layout(), "official");
  EXPECT_EQ(train->name(), "synthetic_" + want.like);
  EXPECT_THAT(test->invalid_reasons(), testing::Contains("synthetic"));

  const std::set<std::string> train_scenes = ScenesOf(*train);
  const std::set<std::string> test_scenes = ScenesOf(*test);
  EXPECT_EQ(train_scenes.size(), 3u);
  EXPECT_EQ(test_scenes.size(), 2u);
  for (const std::string& scene : test_scenes) {
    EXPECT_EQ(train_scenes.count(scene), 0u) << scene;
  }
  for (const PairedDataset* dataset : {train.get(), test.get()}) {
    const double psnr_db = MeanInputPsnrDb(*dataset);
    EXPECT_GT(psnr_db, want.least_db);
    EXPECT_LT(psnr_db, want.most_db);
  }
}

// Training, validation and test pictures lie in one folder and are told apart
// by their numbers.
TEST(OfficialReaders, ReadTheChallengesSets) {
  for (const std::string like : {"ohaze", "nhhaze"}) {
    const TemporaryFolder folder;
    const auto dataset = Open(like, Make(like, folder));
    EXPECT_EQ(dataset->layout(), "official");
    EXPECT_EQ(dataset->name(), "synthetic_" + like);
    EXPECT_THAT(dataset->invalid_reasons(), testing::Contains("synthetic"));
    EXPECT_EQ(dataset->pairs().size(), 5u);
    const double psnr_db = MeanInputPsnrDb(*dataset);
    EXPECT_GT(psnr_db, 9);
    EXPECT_LT(psnr_db, 16);

    SplitOptions options;
    options.rule = DefaultSplitRule(dataset->name());
    options.seed = 0;
    options.complete_ids = FindDataset(like)->complete_ids();
    const auto split = MakeSplit(dataset->pairs(), {}, options);
    ASSERT_TRUE(split.ok()) << split.status();
    EXPECT_EQ(split->train.text, "01\n02\n");
    EXPECT_EQ(split->validation.text, like == "ohaze" ? "36\n" : "46\n");
    EXPECT_EQ(split->test.text, like == "ohaze" ? "41\n42\n" : "51\n52\n");
  }
}

INSTANTIATE_TEST_SUITE_P(
    Both, ResideReaders,
    testing::Values(Expected{"its", "its", "sots_indoor", 30, 20, 9, 15},
                    Expected{"ots", "ots_beta", "sots_outdoor", 105, 10, 12,
                             22}),
    [](const auto& expected) { return expected.param.like; });

}  // namespace
}  // namespace bild
