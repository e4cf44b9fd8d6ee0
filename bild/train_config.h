// Everything about a training run that changes its result, and nothing else.

#ifndef BILD_TRAIN_CONFIG_H_
#define BILD_TRAIN_CONFIG_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace bild {

// Defaults are those of the method; recipes set the rest. The names of the
// fields are the names of the flags.
struct TrainConfig {
  // What is trained.
  std::string backbone;
  std::string loss = "l1";
  std::string initialisation = "fan_in";

  // Inner optimiser.
  int64_t steps = 0;
  int64_t batch = 8;
  int64_t crop_px = 64;
  bool flip = true;
  bool quarter_turns = true;
  std::string optimizer = "adam";
  double learning_rate = 1e-3;
  std::string learning_rate_schedule = "constant";
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double momentum = 0.0;
  double weight_decay = 0.0;
  double clip_gradient_norm = 0.0;  // 0: no clipping.

  // BILD.
  double alpha = 0.01;
  std::string entropy = "maximize";
  std::string reward_scale = "unit_rms";
  std::string logit_norm = "zscore";
  std::string reward_engine = "auto";
  int64_t reward_memory_mib = 1024;  // Of the engine "auto".
  // Of the engine "finite_difference": |eps v|, l2, in parameters.
  double finite_difference_step = 0.01;
  double phi_learning_rate = 1e-3;
  double phi_epsilon = 1e-8;
  int64_t validation_batch = -1;  // M; -1: the training batch.
  double validation_momentum = 0.0;
  int64_t outer_every = 1;
  int64_t horizon = 1;   // K; more than 1 is outer_every as well.
  int64_t truncate = 0;  // T; 0: the horizon.
  std::string preconditioner = "identity";
  // End a run whose phi-gradient was zero for a whole logging window. Without,
  // it goes on and its row says so.
  bool stop_on_zero_gradient = true;

  // When to look. They choose the best checkpoint and the windows of the
  // statistics, so they are part of the result.
  int64_t log_every = 50;  // Outer steps in a logging window.
  int64_t eval_every = 0;  // Steps; 0: five points.
  int64_t validation_pictures = 10;

  int64_t effective_validation_batch() const {
    return validation_batch >= 0 ? validation_batch : batch;
  }
  int64_t effective_outer_every() const {
    return horizon > 1 ? horizon : outer_every;
  }
  int64_t effective_truncate() const {
    return truncate > 0 ? truncate : horizon;
  }
  int64_t effective_eval_every() const;
};

// (flag, value) of every field, in the order above, in effect (zeros that stand
// for "derived" resolved).
std::vector<std::pair<std::string, std::string>> DescribeTrainConfig(
    const TrainConfig& config);

// "--steps=100 --batch=8 ...", for records and fingerprints.
std::string TrainConfigText(const TrainConfig& config);

// Every value that is out of its range or does not go with another, at once.
// Looks at no file and needs no net.
absl::Status ValidateTrainConfig(const TrainConfig& config);

}  // namespace bild

#endif  // BILD_TRAIN_CONFIG_H_
