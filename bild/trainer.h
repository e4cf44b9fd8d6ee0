// The one training loop, for every method.

#ifndef BILD_TRAINER_H_
#define BILD_TRAINER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "backbones/backbone.h"
#include "bild/base/progress.h"
#include "bild/methods.h"
#include "bild/train_config.h"
#include "c10/core/Device.h"
#include "datasets/patch_batches.h"

namespace bild {

// One run: a method, a seed, and what it works on. Pointers must outlive it.
struct TrainingTask {
  Method method;
  uint64_t seed = 1;
  TrainConfig config;
  c10::Device device = c10::Device(c10::kCPU);

  Backbone* backbone = nullptr;        // float32 on `device`; overwritten.
  PatchBatches* training = nullptr;    // Batch t - 1 belongs to step t.
  PatchBatches* validation = nullptr;  // Batch n - 1 to outer step n; null for
                                       // methods that see none.
  // PSNR in dB of the present weights on the validation pictures.
  std::function<absl::StatusOr<double>(const Backbone&)> validation_psnr_db;

  // Identifies everything that changes the result: data, lists, versions. With
  // the method, the seed and the configuration it guards the checkpoint.
  std::string run;
  // The run's own folder: checkpoint, journal, weights. Made where missing.
  std::string folder;
  // Continue from the folder's checkpoint. False with a checkpoint there is an
  // error.
  bool resume = true;

  Progress* progress = nullptr;
  // Called after every step (and its checkpoint); an error ends the run there,
  // leaving what a killed process would leave. May be empty.
  std::function<absl::Status(int64_t step)> after_step;
};

struct TrainingResult {
  int64_t steps = 0;
  int64_t best_step = 0;
  double best_validation_psnr_db = 0.0;
  double last_validation_psnr_db = 0.0;
  // Curves of the last full logging window (or of the only one).
  std::map<std::string, double> last_window;
  std::string reward_engine;
  bool is_dead = false;  // The net could not learn at the end.
  // Of the steps that this process made, each the mean from one outer step to
  // the next; 0 where it made none.
  double step_milliseconds_median = 0.0;
  std::string best_weights_path;  // "best@val.safetensors"
  std::string last_weights_path;  // "last.safetensors"
  std::string journal_path;
};

// Trains from the first step or from the checkpoint, to the last step. Running
// a finished task again returns its result at once. On the CPU, at a fixed
// number of threads, the files are the same bits however often the process was
// killed in between.
//
// Errors: an invalid configuration; a checkpoint of another run; a loss that is
// not finite (the message names the last good checkpoint); a method that
// updates phi whose phi-gradient was zero at every outer step of a full logging
// window, unless the configuration lets it go on; a full disk; what the loaders
// say.
absl::StatusOr<TrainingResult> Train(const TrainingTask& task);

}  // namespace bild

#endif  // BILD_TRAINER_H_
