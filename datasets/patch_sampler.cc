#include "datasets/patch_sampler.h"

#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "ATen/ops/empty.h"
#include "bild/base/seed.h"
#include "bild/base/status.h"
#include "fmt/format.h"

namespace bild {
namespace {

class PatchSampler : public PatchBatches {
 public:
  PatchSampler(std::shared_ptr<const PairedDataset> dataset,
               std::vector<int64_t> indices, const PatchSamplerOptions& options)
      : dataset_(std::move(dataset)),
        indices_(std::move(indices)),
        options_(options) {}

  int64_t batch_size() const override { return options_.batch_size; }
  int64_t crop_px() const override { return options_.crop_px; }

  absl::StatusOr<PatchBatch> Batch(int64_t n) override {
    const int64_t side = options_.crop_px;
    PatchBatch batch;
    batch.hazy01 = at::empty({options_.batch_size, 3, side, side}, at::kFloat);
    batch.clear01 = at::empty({options_.batch_size, 3, side, side}, at::kFloat);
    for (int64_t i = 0; i < options_.batch_size; ++i) {
      BILD_RETURN_IF_ERROR(
          PutSample(n * options_.batch_size + i, i, side, &batch));
    }
    return batch;
  }

 private:
  // Sample number `sample` of the run as row `row` of the batch.
  absl::Status PutSample(int64_t sample, int64_t row, int64_t side,
                         PatchBatch* batch) {
    const auto count = static_cast<int64_t>(indices_.size());
    const int64_t epoch = sample / count;
    const int64_t place = PlaceInList(epoch, sample % count);
    const int64_t index = indices_[static_cast<size_t>(place)];
    BILD_ASSIGN_OR_RETURN(const ImageSize size, dataset_->ReadSize(index));
    SeedEngine engine = options_.purpose == PatchPurpose::kTraining
                            ? Engine(SeedStream::kCrop, epoch, place)
                            : Engine(SeedStream::kValidation, epoch, 1 + place);
    const PatchWindow window =
        DrawWindow(size, side, options_.augmentation, &engine);
    BILD_ASSIGN_OR_RETURN(
        const PairView pair,
        dataset_->ViewPart(index, {window.x_px, window.y_px, side, side}));
    PatchWindow inner = window;
    inner.x_px -= pair.x_px;
    inner.y_px -= pair.y_px;
    CutWindow(pair.hazy, inner, batch->hazy01[row]);
    CutWindow(pair.clear, inner, batch->clear01[row]);
    batch->origins.push_back({dataset_->pairs()[static_cast<size_t>(index)].id,
                              window.x_px, window.y_px, window.is_flipped,
                              window.quarter_turns});
    return absl::OkStatus();
  }

  SeedEngine Engine(SeedStream stream, int64_t epoch, int64_t index) const {
    return SeedEngine(options_.seed, stream, static_cast<uint64_t>(epoch),
                      static_cast<uint64_t>(index));
  }

  // Which pair of the list comes at `position` of an epoch.
  int64_t PlaceInList(int64_t epoch, int64_t position) {
    const std::lock_guard<std::mutex> lock(mutex_);
    auto found = orders_.find(epoch);
    if (found == orders_.end()) {
      // Batches ahead may be in the next epoch while others end this one; more
      // than a few orders at once nobody needs.
      constexpr size_t kMostOrders = 4;
      if (orders_.size() >= kMostOrders) orders_.clear();
      const SeedStream stream = options_.purpose == PatchPurpose::kTraining
                                    ? SeedStream::kOrder
                                    : SeedStream::kValidation;
      found = orders_
                  .emplace(epoch, RandomPermutation(
                                      Engine(stream, epoch, 0),
                                      static_cast<int64_t>(indices_.size())))
                  .first;
    }
    return found->second[static_cast<size_t>(position)];
  }

  const std::shared_ptr<const PairedDataset> dataset_;
  const std::vector<int64_t> indices_;
  const PatchSamplerOptions options_;
  std::mutex mutex_;
  std::map<int64_t, std::vector<int64_t>> orders_;  // By epoch.
};

}  // namespace

absl::StatusOr<std::unique_ptr<PatchBatches>> MakePatchSampler(
    std::shared_ptr<const PairedDataset> dataset, std::vector<int64_t> indices,
    const PatchSamplerOptions& options) {
  if (indices.empty() || options.batch_size < 1 || options.crop_px < 1) {
    return absl::InvalidArgumentError(fmt::format(
        "{}: cannot sample batches of {} patches of {} px from {} pairs: each "
        "must be at least 1.",
        dataset->name(), options.batch_size, options.crop_px, indices.size()));
  }
  std::vector<std::string> too_small;
  for (const int64_t index : indices) {
    BILD_ASSIGN_OR_RETURN(const ImageSize size, dataset->ReadSize(index));
    if (size.width_px >= options.crop_px && size.height_px >= options.crop_px) {
      continue;
    }
    const PairName& pair = dataset->pairs()[static_cast<size_t>(index)];
    too_small.push_back(fmt::format("{}: '{}' is {}x{}", pair.id,
                                    pair.hazy_path, size.width_px,
                                    size.height_px));
  }
  if (!too_small.empty()) {
    return absl::FailedPreconditionError(ListProblems(
        fmt::format("{}: {} of {} pictures are smaller than the crop of {}x{}:",
                    dataset->name(), too_small.size(), indices.size(),
                    options.crop_px, options.crop_px),
        too_small,
        "Lower --crop_px, or leave these pairs out with --small=drop."));
  }
  return std::make_unique<PatchSampler>(std::move(dataset), std::move(indices),
                                        options);
}

}  // namespace bild
