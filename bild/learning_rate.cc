#include "bild/learning_rate.h"

#include <cmath>
#include <stdexcept>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace bild {
namespace {

constexpr char kHalvedPrefix[] = "halved_every_";
constexpr char kTenthPrefix[] = "tenth_every_";
constexpr double kPi = 3.14159265358979323846;

// Whole ones before the step.
double Periods(const LearningRateSchedule& schedule, int64_t step) {
  return static_cast<double>((step - 1) / schedule.shape.every_steps);
}

}  // namespace

absl::StatusOr<LearningRateShape> ParseLearningRateShape(
    const std::string& text) {
  if (text == "constant") return LearningRateShape{};
  if (text == "cosine") return LearningRateShape{LearningRateKind::kCosine};
  for (const LearningRateKind kind :
       {LearningRateKind::kHalved, LearningRateKind::kTenth}) {
    LearningRateShape shape{kind};
    const std::string prefix =
        kind == LearningRateKind::kHalved ? kHalvedPrefix : kTenthPrefix;
    // Spelled as it is written: no sign, space or leading zero.
    if (text.rfind(prefix, 0) == 0 &&
        absl::SimpleAtoi(text.substr(prefix.size()), &shape.every_steps) &&
        shape.every_steps >= 1 && LearningRateShapeName(shape) == text) {
      return shape;
    }
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "Learning-rate schedule: expected constant, cosine, halved_every_N or "
      "tenth_every_N with a number of steps N, found '",
      text, "'."));
}

std::string LearningRateShapeName(const LearningRateShape& shape) {
  switch (shape.kind) {
    case LearningRateKind::kCosine:
      return "cosine";
    case LearningRateKind::kHalved:
      return absl::StrCat(kHalvedPrefix, shape.every_steps);
    case LearningRateKind::kTenth:
      return absl::StrCat(kTenthPrefix, shape.every_steps);
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
  const bool has_periods = schedule.shape.kind == LearningRateKind::kHalved ||
                           schedule.shape.kind == LearningRateKind::kTenth;
  if (has_periods && schedule.shape.every_steps < 1) {
    problems.push_back(
        absl::StrCat("expected a change every 1 step or more, "
                     "found every ",
                     schedule.shape.every_steps));
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
      return schedule.base / std::pow(2.0, Periods(schedule, step));
    case LearningRateKind::kTenth:
      return schedule.base / std::pow(10.0, Periods(schedule, step));
    case LearningRateKind::kConstant:
      break;
  }
  return schedule.base;
}

}  // namespace bild
