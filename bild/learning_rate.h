// Learning rates as functions of the step.

#ifndef BILD_LEARNING_RATE_H_
#define BILD_LEARNING_RATE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace bild {

enum class LearningRateKind {
  kConstant,  // "constant": the base rate throughout.
  // "cosine": 0.5 (1 + cos(pi t / T)) times the base rate at step t of T,
  // without warm-up, as in FFA-Net (Qin et al. 2020): close to 1 at first, 0 at
  // step T.
  kCosine,
  // "halved_every_N", "tenth_every_N": the base rate for N steps, a half or a
  // tenth of it for the next N, and so on.
  kHalved,
  kTenth,
};

struct LearningRateShape {
  LearningRateKind kind = LearningRateKind::kConstant;
  int64_t every_steps = 0;  // N >= 1 of kHalved and kTenth.
};

// InvalidArgument for another text; lists the known ones.
absl::StatusOr<LearningRateShape> ParseLearningRateShape(
    const std::string& text);

// The inverse: "constant", "cosine", "halved_every_N" or "tenth_every_N".
std::string LearningRateShapeName(const LearningRateShape& shape);

struct LearningRateSchedule {
  LearningRateShape shape;
  double base = 0;          // > 0.
  int64_t total_steps = 0;  // T >= 1.
};

// InvalidArgument, with every option that is out of its range.
absl::Status ValidateLearningRate(const LearningRateSchedule& schedule);

// The rate of step t, 1 <= t <= T, of a valid schedule. Throws
// std::out_of_range otherwise: a caller's bug.
double LearningRateAt(const LearningRateSchedule& schedule, int64_t step);

}  // namespace bild

#endif  // BILD_LEARNING_RATE_H_
