#include "bild/learning_rate.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace bild {
namespace {

constexpr char kHalvedPrefix[] = "halved_every_";
constexpr size_t kPrefixLength = sizeof(kHalvedPrefix) - 1;
constexpr double kPi = 3.14159265358979323846;

}  // namespace

absl::StatusOr<LearningRateShape> ParseLearningRateShape(
    const std::string& text) {
  if (text == "constant") return LearningRateShape{};
  if (text == "cosine") return LearningRateShape{LearningRateKind::kCosine};
  LearningRateShape halved{LearningRateKind::kHalved};
  // Spelled as it is written: no sign, space or leading zero.
  if (absl::SimpleAtoi(text.substr(std::min(text.size(), kPrefixLength)),
                       &halved.halving_steps) &&
      halved.halving_steps >= 1 && LearningRateShapeName(halved) == text) {
    return halved;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("Learning-rate schedule: expected constant, cosine or "
                   "halved_every_N with a number of steps N, found '",
                   text, "'."));
}

std::string LearningRateShapeName(const LearningRateShape& shape) {
  switch (shape.kind) {
    case LearningRateKind::kCosine:
      return "cosine";
    case LearningRateKind::kHalved:
      return absl::StrCat(kHalvedPrefix, shape.halving_steps);
    case LearningRateKind::kConstant:
      break;
  }
  return "constant";
}

absl::Status ValidateLearningRate(const LearningRateSchedule& schedule) {
  std::vector<std::string> problems;
  if (!std::isfinite(schedule.base) || schedule.base <= 0) {
    problems.push_back(
        absl::StrCat("expected a finite base rate > 0, found ", schedule.base));
  }
  if (schedule.total_steps < 1) {
    problems.push_back(absl::StrCat("expected at least 1 step in all, found ",
                                    schedule.total_steps));
  }
  if (schedule.shape.kind == LearningRateKind::kHalved &&
      schedule.shape.halving_steps < 1) {
    problems.push_back(
        absl::StrCat("expected at least 1 step to a halving, "
                     "found ",
                     schedule.shape.halving_steps));
  }
  if (problems.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "Learning-rate schedule: ", absl::StrJoin(problems, "; "), "."));
}

double LearningRateAt(const LearningRateSchedule& schedule, int64_t step) {
  if (step < 1 || step > schedule.total_steps) {
    throw std::out_of_range(
        absl::StrCat("Learning rate: expected a step from 1 to ",
                     schedule.total_steps, ", found ", step));
  }
  switch (schedule.shape.kind) {
    case LearningRateKind::kCosine: {
      const double share =
          static_cast<double>(step) / static_cast<double>(schedule.total_steps);
      return 0.5 * (1 + std::cos(kPi * share)) * schedule.base;
    }
    case LearningRateKind::kHalved:
      return schedule.base * std::exp2(-static_cast<double>(
                                 (step - 1) / schedule.shape.halving_steps));
    case LearningRateKind::kConstant:
      break;
  }
  return schedule.base;
}

}  // namespace bild
