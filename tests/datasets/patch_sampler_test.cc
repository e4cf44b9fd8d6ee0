#include "datasets/patch_sampler.h"

#include <map>

#include "ATen/ops/empty.h"
#include "ATen/ops/equal.h"
#include "bild/base/seed.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/datasets/memory_dataset.h"

namespace bild {
namespace {

using testing::HasSubstr;

std::unique_ptr<PatchBatches> Make(std::vector<int64_t> indices,
                                   const PatchSamplerOptions& options) {
  auto sampler = MakePatchSampler(
      std::make_shared<MemoryDataset>("set", NumberedPairs(4, 3)),
      std::move(indices), options);
  EXPECT_TRUE(sampler.ok()) << sampler.status();
  return std::move(*sampler);
}

PatchSamplerOptions Options() {
  PatchSamplerOptions options;
  options.seed = 11;
  options.batch_size = 4;
  options.crop_px = 10;
  options.augmentation = {true, true};
  return options;
}

// Sample by sample, from the documented derivation.
TEST(PatchSampler, FollowsItsDefinition) {
  const MemoryDataset dataset("set", NumberedPairs(4, 3));
  const std::vector<int64_t> indices = {0, 3, 4, 7, 8, 10, 11};
  for (const bool is_training : {true, false}) {
    PatchSamplerOptions options = Options();
    options.purpose =
        is_training ? PatchPurpose::kTraining : PatchPurpose::kValidation;
    const auto sampler = Make(indices, options);
    // Five batches of 4 are samples 0..19 of epochs of 7: 0, 1 and 2.
    for (int64_t n = 0; n < 5; ++n) {
      const auto batch = sampler->Batch(n);
      ASSERT_TRUE(batch.ok()) << batch.status();
      ASSERT_EQ(batch->hazy01.sizes(), at::IntArrayRef({4, 3, 10, 10}));
      ASSERT_EQ(batch->clear01.sizes(), at::IntArrayRef({4, 3, 10, 10}));
      ASSERT_EQ(batch->origins.size(), 4u);
      for (int64_t row = 0; row < 4; ++row) {
        const int64_t sample = 4 * n + row;
        const auto epoch = static_cast<uint64_t>(sample / 7);
        const SeedStream order_stream =
            is_training ? SeedStream::kOrder : SeedStream::kValidation;
        const int64_t place = RandomPermutation(
            SeedEngine(11, order_stream, epoch, 0), 7)[sample % 7];
        SeedEngine crop =
            is_training
                ? SeedEngine(11, SeedStream::kCrop, epoch, place)
                : SeedEngine(11, SeedStream::kValidation, epoch, 1 + place);
        const PatchWindow window =
            DrawWindow({24, 20}, 10, {true, true}, &crop);
        const PatchOrigin& origin = batch->origins[row];
        EXPECT_EQ(origin.id, dataset.pairs()[indices[place]].id);
        EXPECT_EQ(origin.x_px, window.x_px);
        EXPECT_EQ(origin.y_px, window.y_px);
        EXPECT_EQ(origin.is_flipped, window.is_flipped);
        EXPECT_EQ(origin.quarter_turns, window.quarter_turns);
        const ImagePair pair = dataset.Read(indices[place]).value();
        at::Tensor want = at::empty({3, 10, 10}, at::kFloat);
        CutWindow(*pair.hazy, window, want);
        EXPECT_TRUE(at::equal(batch->hazy01[row], want));
        CutWindow(*pair.clear, window, want);
        EXPECT_TRUE(at::equal(batch->clear01[row], want));
      }
    }
  }
}

TEST(PatchSampler, EveryEpochVisitsEachPairOnce) {
  const auto sampler = Make({0, 1, 2, 5, 6, 9}, Options());
  std::map<std::string, int> visits;
  std::vector<std::string> first_epoch;
  std::vector<std::string> second_epoch;
  for (int64_t n = 0; n < 3; ++n) {
    const PatchBatch batch = sampler->Batch(n).value();
    for (const PatchOrigin& origin : batch.origins) {
      ++visits[origin.id];
      (first_epoch.size() < 6 ? first_epoch : second_epoch)
          .push_back(origin.id);
    }
  }
  EXPECT_EQ(visits.size(), 6u);
  for (const auto& entry : visits) EXPECT_EQ(entry.second, 2) << entry.first;
  EXPECT_NE(first_epoch, second_epoch);
}

TEST(PatchSampler, ABatchDependsOnItsNumberAlone) {
  const auto forwards = Make({0, 1, 2, 3, 4}, Options());
  const auto backwards = Make({0, 1, 2, 3, 4}, Options());
  std::vector<at::Tensor> want;
  for (int64_t n = 0; n < 40; ++n) {
    want.push_back(forwards->Batch(n)->hazy01);
  }
  for (int64_t n = 39; n >= 0; --n) {
    EXPECT_TRUE(at::equal(backwards->Batch(n)->hazy01, want[n])) << n;
  }
}

TEST(PatchSampler, SeedsAndPurposesDiffer) {
  PatchSamplerOptions other = Options();
  other.seed = 12;
  PatchSamplerOptions validation = Options();
  validation.purpose = PatchPurpose::kValidation;
  const at::Tensor one = Make({0, 1, 2, 3}, Options())->Batch(0)->hazy01;
  EXPECT_FALSE(at::equal(one, Make({0, 1, 2, 3}, other)->Batch(0)->hazy01));
  EXPECT_FALSE(
      at::equal(one, Make({0, 1, 2, 3}, validation)->Batch(0)->hazy01));
}

TEST(MakePatchSampler, ListsPicturesSmallerThanTheCrop) {
  const auto dataset =
      std::make_shared<MemoryDataset>("set", NumberedPairs(20, 1));
  for (int i = 5; i < 18; ++i) {
    dataset->sizes[dataset->pairs()[i].id] = {21, 9};
  }
  dataset->sizes[dataset->pairs()[0].id] = {10, 10};
  std::vector<int64_t> all(20);
  for (int64_t i = 0; i < 20; ++i) all[i] = i;
  const auto sampler = MakePatchSampler(dataset, all, Options());
  EXPECT_EQ(sampler.status().code(), absl::StatusCode::kFailedPrecondition);
  const std::string text(sampler.status().message());
  EXPECT_THAT(text, HasSubstr("set: 13 of 20 pictures are smaller than the "
                              "crop of 10x10"));
  EXPECT_THAT(text, HasSubstr("s15_10: 'hazy/s15_10.png' is 21x9"));
  EXPECT_THAT(text, HasSubstr("3 more, 13 in all"));
  // What is not sampled may be small.
  EXPECT_TRUE(MakePatchSampler(dataset, {0, 1, 19}, Options()).ok());
}

TEST(MakePatchSampler, RefusesNothingToSample) {
  const auto dataset =
      std::make_shared<MemoryDataset>("set", NumberedPairs(2, 1));
  EXPECT_EQ(MakePatchSampler(dataset, {}, Options()).status().code(),
            absl::StatusCode::kInvalidArgument);
  PatchSamplerOptions options = Options();
  options.batch_size = 0;
  EXPECT_EQ(MakePatchSampler(dataset, {0}, options).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(PatchSampler, PassesOnTheDatasetsErrors) {
  const auto dataset =
      std::make_shared<MemoryDataset>("set", NumberedPairs(2, 1));
  // Sizes are known before this pair breaks.
  auto sampler = MakePatchSampler(dataset, {0, 1}, Options());
  ASSERT_TRUE(sampler.ok());
  dataset->fail_on_id = "s11_10";
  EXPECT_EQ((*sampler)->Batch(0).status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace bild
