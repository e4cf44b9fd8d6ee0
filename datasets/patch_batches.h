// The interface of an endless, index-addressed sequence of patch batches: batch
// n is a pure function of the seed and n, whoever asks and in whatever order.

#ifndef DATASETS_PATCH_BATCHES_H_
#define DATASETS_PATCH_BATCHES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "ATen/core/Tensor.h"
#include "absl/status/statusor.h"

namespace bild {

// Where a patch was cut.
struct PatchOrigin {
  std::string id;    // Of the pair.
  int64_t x_px = 0;  // Top-left corner in the full picture.
  int64_t y_px = 0;
  bool is_flipped = false;    // Left-right, before the turns.
  int64_t quarter_turns = 0;  // Anticlockwise, 0..3.
};

struct PatchBatch {
  at::Tensor hazy01;   // [B, 3, P, P] float32 on the CPU, sRGB in [0, 1].
  at::Tensor clear01;  // The same shape; value = byte / 255.
  std::vector<PatchOrigin> origins;  // B of them.
};

class PatchBatches {
 public:
  virtual ~PatchBatches() = default;
  // Batch n >= 0. Thread-safe.
  virtual absl::StatusOr<PatchBatch> Batch(int64_t n) = 0;
  virtual int64_t batch_size() const = 0;
  virtual int64_t crop_px() const = 0;
};

}  // namespace bild

#endif  // DATASETS_PATCH_BATCHES_H_
