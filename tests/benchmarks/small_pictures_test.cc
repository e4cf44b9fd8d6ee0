// --small=drop.

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/benchmarks/run_data_sets.h"
#include "tests/datasets/pictures.h"
#include "tests/testing/temporary_folder.h"

namespace bild {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

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

TEST(SmallPicturesTest, SmallPicturesAreLeftOutByName) {
  const TemporaryFolder folder;
  WriteScenes(folder.path(), 12, 1);
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
TEST(SmallPicturesTest, SmallValidationPicturesAreLeftOutEverywhere) {
  const TemporaryFolder folder;
  WriteScenes(folder.path(), 20, 1);
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

TEST(SmallPicturesTest, NothingButSmallPicturesIsAnError) {
  const TemporaryFolder folder;
  WriteScenes(folder.path(), 4, 1);
  DataSpec spec = PairSpec(folder.path(), "");
  spec.small = "drop";
  const auto none = Open(spec, 21);
  EXPECT_EQ(none.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(none.status().message()),
              HasSubstr("pair: all 6 pictures of the training list are smaller "
                        "than the crop of 21x21"));
}

}  // namespace
}  // namespace bild
