// The complete state of a training run on disk: continuing from it gives the
// bits of a run that was never stopped.

#ifndef BILD_CHECKPOINT_H_
#define BILD_CHECKPOINT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "ATen/core/Tensor.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "backbones/layers.h"
#include "bild/optimizer.h"
#include "bild/outer_step.h"

namespace bild {

// What moves while a run trains. Its batches are functions of the step and the
// seed, so no generator has a state to keep.
struct TrainingProgress {
  int64_t step = 0;        // Inner steps done.
  int64_t outer_step = 0;  // Outer steps done.
  int64_t best_step = 0;   // Of the best validation PSNR so far; 0: none yet.
  double best_validation_psnr_db = 0.0;
  at::Tensor best_parameters;  // [P] at best_step; undefined before.
  at::Tensor best_buffers;     // The net's buffers then.
  double last_validation_psnr_db =
      0.0;               // At the last look; 0 before the first.
  bool is_dead = false;  // The net's units can no longer learn.
  // Valid bytes of the run's journal: what was written after the checkpoint is
  // cut off and written again.
  int64_t journal_bytes = 0;
  // Curves of the last full logging window, for the records.
  std::map<std::string, double> last_window;
};

// What a checkpoint saves and restores, all of it alive in the trainer.
struct TrainingState {
  ParameterSet* theta = nullptr;
  ParameterSet* buffers = nullptr;  // theta's net's own; may be empty.
  Optimizer* theta_optimizer = nullptr;
  ParameterSet* phi = nullptr;         // Null for methods without a network.
  Optimizer* phi_optimizer = nullptr;  // Null where phi is not trained.
  OuterState* outer = nullptr;         // What outer steps remember.
  TrainingProgress* progress = nullptr;
};

// Writes atomically. `run` identifies the run: two runs with the same text have
// the same future.
absl::Status SaveCheckpoint(const std::string& path, const std::string& run,
                            const TrainingState& state);

// Restores into `state`, all or nothing. FailedPrecondition for a checkpoint of
// another run (both texts are shown), DataLoss for one that is damaged.
absl::Status LoadCheckpoint(const std::string& path, const std::string& run,
                            const TrainingState& state);

}  // namespace bild

#endif  // BILD_CHECKPOINT_H_
