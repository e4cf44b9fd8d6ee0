#include "datasets/prefetch.h"

#include <utility>

#include "bild/base/torch_boundary.h"
#include "datasets/ahead_queue.h"

namespace bild {
namespace {

class PrefetchedBatches : public PatchBatches {
 public:
  PrefetchedBatches(std::unique_ptr<PatchBatches> source,
                    const PrefetchOptions& options)
      : source_(std::move(source)),
        queue_([this](int64_t n) { return Compute(n); }, options.workers,
               options.ahead) {}

  int64_t batch_size() const override { return source_->batch_size(); }
  int64_t crop_px() const override { return source_->crop_px(); }
  absl::StatusOr<PatchBatch> Batch(int64_t n) override { return queue_.Get(n); }

 private:
  absl::StatusOr<PatchBatch> Compute(int64_t n) {
    return CatchTorchErrors("Making a batch",
                            [&] { return source_->Batch(n); });
  }

  const std::unique_ptr<PatchBatches> source_;
  AheadQueue<PatchBatch> queue_;  // Last: its threads end first.
};

}  // namespace

std::unique_ptr<PatchBatches> Prefetch(std::unique_ptr<PatchBatches> source,
                                       const PrefetchOptions& options) {
  return std::make_unique<PrefetchedBatches>(std::move(source), options);
}

}  // namespace bild
