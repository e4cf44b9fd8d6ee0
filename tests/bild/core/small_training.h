// A training run of a fraction of a second: patches by formula, AOD-Net, a
// score that rises and falls.

#ifndef TESTS_BILD_CORE_SMALL_TRAINING_H_
#define TESTS_BILD_CORE_SMALL_TRAINING_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "backbones/backbone.h"
#include "bild/trainer.h"
#include "datasets/patch_batches.h"

namespace bild {

// Batch n is a function of the seed and n: noise as the clear picture, and the
// same under haze of a strength that differs from patch to patch.
class FormulaBatches final : public PatchBatches {
 public:
  explicit FormulaBatches(uint64_t seed, int64_t batch = 4, int64_t crop_px = 6)
      : seed_(seed), batch_(batch), crop_px_(crop_px) {}

  absl::StatusOr<PatchBatch> Batch(int64_t n) override;
  int64_t batch_size() const override { return batch_; }
  int64_t crop_px() const override { return crop_px_; }

  // Called on every batch before it is given out, to spoil it.
  std::function<void(int64_t n, PatchBatch*)> change;

 private:
  const uint64_t seed_;
  const int64_t batch_;
  const int64_t crop_px_;
};

// A number between 19 and 21 that any change of the weights moves: the best
// step is rarely the last.
absl::StatusOr<double> FormulaPsnrDb(const Backbone& backbone);

// What a task points to, alive together.
class SmallTraining {
 public:
  explicit SmallTraining(const std::string& net = "aodnet");

  // `method` of the catalogue, 7 steps of batch 4 and crop 6, windows of two
  // outer steps, a look at the score every third step.
  TrainingTask Task(const std::string& method, const std::string& folder);

  Backbone& backbone() { return *backbone_; }
  FormulaBatches training{1};
  FormulaBatches validation{2};

 private:
  std::unique_ptr<Backbone> backbone_;
};

}  // namespace bild

#endif  // TESTS_BILD_CORE_SMALL_TRAINING_H_
