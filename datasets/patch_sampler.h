// Patch batches from a dataset: sample number n of a run is a pure function of
// the seed and n.

#ifndef DATASETS_PATCH_SAMPLER_H_
#define DATASETS_PATCH_SAMPLER_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "datasets/paired_dataset.h"
#include "datasets/patch_batches.h"
#include "datasets/transforms.h"

namespace bild {

enum class PatchPurpose {
  kTraining,    // Streams kOrder (index 0) and kCrop (index: place in list).
  kValidation,  // Stream kValidation (index 0: order, 1 + place: crops).
};

struct PatchSamplerOptions {
  uint64_t seed = 1;
  PatchPurpose purpose = PatchPurpose::kTraining;
  int64_t batch_size = 8;
  int64_t crop_px = 128;  // Side of a patch.
  Augmentation augmentation;
};

// Samples from the pairs `indices` (places in dataset->pairs()), N of them.
// Sample n of a run: epoch e = n / N, position n % N in the permutation of
// epoch e; the crop's engine belongs to (seed, epoch, the pair's place in
// `indices`). Batches run on over the end of an epoch: batch b holds the
// samples b * B, ..., b * B + B - 1.
//
// InvalidArgument: no pair, or a batch or crop below 1. FailedPrecondition:
// pictures smaller than the crop, which are listed; nothing is padded, enlarged
// or replaced. Batch() gives the dataset's errors.
absl::StatusOr<std::unique_ptr<PatchBatches>> MakePatchSampler(
    std::shared_ptr<const PairedDataset> dataset, std::vector<int64_t> indices,
    const PatchSamplerOptions& options);

}  // namespace bild

#endif  // DATASETS_PATCH_SAMPLER_H_
