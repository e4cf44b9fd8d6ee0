// Training from a packed cache: the bits of training from the same pictures in
// memory, in a process that has loaded no picture decoder.

#include <cstdint>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bild/base/atomic_file.h"
#include "bild/evaluator.h"
#include "bild/trainer.h"
#include "datasets/cache_index.h"
#include "datasets/cached_pairs.h"
#include "datasets/patch_sampler.h"
#include "datasets/pixel_hash.h"
#include "datasets/prefetch.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/bild/core/run_files.h"
#include "tests/bild/core/small_training.h"
#include "tests/testing/temporary_folder.h"

namespace bild {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr int64_t kWidthPx = 19;
constexpr int64_t kHeightPx = 14;
constexpr int64_t kPairs = 7;

// Picture `number`: hazy ones are even, clear ones odd.
std::shared_ptr<const Image> FormulaImage(int64_t number) {
  auto image = std::make_shared<Image>();
  image->width_px = kWidthPx;
  image->height_px = kHeightPx;
  for (int64_t i = 0; i < kWidthPx * kHeightPx * 3; ++i) {
    image->rgb.push_back(static_cast<uint8_t>((i * i / 7 + 37 * number) % 256));
  }
  return image;
}

class FormulaPairs : public PairedDataset {
 public:
  FormulaPairs() {
    for (int64_t i = 0; i < kPairs; ++i) {
      const std::string name = std::to_string(i);
      pairs_.push_back({name, name, "hazy/" + name, "clear/" + name});
    }
  }
  const std::string& name() const override { return name_; }
  const std::string& layout() const override { return name_; }
  const std::vector<std::string>& invalid_reasons() const override {
    return reasons_;
  }
  const std::vector<PairName>& pairs() const override { return pairs_; }
  absl::StatusOr<ImagePair> Read(int64_t index) const override {
    return ImagePair{FormulaImage(2 * index), FormulaImage(2 * index + 1)};
  }

 private:
  std::string name_ = "pair";
  std::vector<std::string> reasons_;
  std::vector<PairName> pairs_;
};

// Writes the same pairs as pack would, but for the decoding.
void WriteCache(const std::string& folder) {
  const FormulaPairs dataset;
  CacheIndex index;
  index.set = index.name = "pair";
  index.root = index.source_folder = folder + "/none";
  const std::string unknown(64, '0');
  index.decoder_sha256 = index.manifest_sha256 = unknown;
  for (int64_t i = 0; i < 2 * kPairs; ++i) {
    CachedImage image;
    image.width_px = kWidthPx;
    image.height_px = kHeightPx;
    const PairName& name = dataset.pairs()[static_cast<size_t>(i / 2)];
    image.source_path = i % 2 == 0 ? name.hazy_path : name.clear_path;
    image.source_sha256 = unknown;
    image.pixels_sha256 = PixelHash(*FormulaImage(i));
    index.images.push_back(image);
  }
  for (int64_t i = 0; i < kPairs; ++i) {
    const PairName& name = dataset.pairs()[static_cast<size_t>(i)];
    index.pairs.push_back({name.id, name.scene, 2 * i, 2 * i + 1});
  }
  PlaceImages(&index);
  index.plan_sha256 = PlanSha256(index);
  std::string data = CacheDataHeader(index.plan_sha256);
  data.resize(static_cast<size_t>(index.data_bytes), '\0');
  for (int64_t i = 0; i < 2 * kPairs; ++i) {
    const auto image = FormulaImage(i);
    data.replace(static_cast<size_t>(index.images[i].offset), image->rgb.size(),
                 reinterpret_cast<const char*>(image->rgb.data()),
                 image->rgb.size());
  }
  ASSERT_TRUE(WriteFileAtomically(CacheDataPath(folder, "pair"), data).ok());
  ASSERT_TRUE(
      WriteFileAtomically(CacheIndexPath(folder, "pair"), CacheIndexText(index))
          .ok());
}

std::unique_ptr<PatchBatches> Batches(
    std::shared_ptr<const PairedDataset> dataset, PatchPurpose purpose,
    int64_t workers) {
  PatchSamplerOptions options;
  options.seed = 5;
  options.purpose = purpose;
  options.batch_size = 4;
  options.crop_px = 12;
  options.augmentation = {true, true};
  auto sampler =
      MakePatchSampler(std::move(dataset), {0, 1, 2, 3, 4, 5, 6}, options);
  EXPECT_TRUE(sampler.ok()) << sampler.status();
  return Prefetch(*std::move(sampler), {workers, 4});
}

// Trains a few steps of BILD on AOD-Net into `folder`; the best checkpoint is
// chosen on the dataset's own pictures.
void TrainOn(const std::shared_ptr<const PairedDataset>& dataset,
             int64_t workers, const std::string& folder,
             const std::function<absl::Status(int64_t)>& after_step = nullptr) {
  SmallTraining small;
  TrainingTask task = small.Task("bild", folder);
  task.config.crop_px = 12;
  const auto training = Batches(dataset, PatchPurpose::kTraining, workers);
  const auto validation = Batches(dataset, PatchPurpose::kValidation, workers);
  task.training = training.get();
  task.validation = validation.get();
  task.validation_psnr_db = [&dataset](const Backbone& backbone) {
    return MeanDefaultPsnrDb(backbone, *dataset, {1, 4});
  };
  task.after_step = after_step;
  const auto result = Train(task);
  EXPECT_TRUE(result.ok() || after_step) << result.status();
}

TEST(CachedTraining, HasTheBitsOfAnyOtherSourceForAnyNumberOfWorkers) {
  const TemporaryFolder folder;
  WriteCache(folder.path());
  TrainOn(std::make_shared<FormulaPairs>(), 0, folder / "memory");
  const auto want = FilesIn(folder / "memory");
  ASSERT_EQ(want.count("last.safetensors"), 1u);
  for (const int64_t workers : {0, 1, 3, 8}) {
    CacheRequest request;
    request.folder = folder.path();
    request.set = "pair";
    auto opened = CachedPairs::Open(request);
    ASSERT_TRUE(opened.ok()) << opened.status();
    const std::shared_ptr<const PairedDataset> cached = *std::move(opened);
    const std::string out = folder / ("cached" + std::to_string(workers));
    TrainOn(cached, workers, out);
    EXPECT_EQ(DifferencesOfFiles(out, want), "") << workers;
    // And in two halves, the second with other workers.
    const std::string halves = folder / ("halves" + std::to_string(workers));
    TrainOn(cached, workers, halves, [](int64_t step) {
      return step == 5 ? absl::CancelledError("") : absl::OkStatus();
    });
    TrainOn(cached, 8 - workers, halves);
    EXPECT_EQ(DifferencesOfFiles(halves, want), "") << workers;
  }
}

// This test links the trainer, the evaluator and the cache. What OpenCV would
// bring, some 140 libraries, must not have come in by any way.
TEST(CachedTraining, LoadsNoPictureDecoder) {
  std::ifstream maps("/proc/self/maps");
  std::string line;
  std::string loaded;
  while (std::getline(maps, line)) loaded += line + "\n";
  ASSERT_THAT(loaded, HasSubstr("libtorch_cpu"));
  for (const char* library :
       {"opencv", "libjpeg", "libpng", "libtiff", "libgdal"}) {
    EXPECT_THAT(loaded, Not(HasSubstr(library)));
  }
}

}  // namespace
}  // namespace bild
