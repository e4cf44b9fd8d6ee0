#include "bild/learning_rate.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace bild {
namespace {

constexpr double kPi = 3.14159265358979323846;

// What the rate is multiplied by every N steps.
struct SteppedKind {
  LearningRateKind kind;
  const char* prefix;
  double factor;
};

constexpr SteppedKind kSteppedKinds[] = {
    {LearningRateKind::kHalved, "halved_every_", 0.5},
    {LearningRateKind::kTenth, "tenth_every_", 0.1}};

// Null for a smooth one.
const SteppedKind* FindStepped(LearningRateKind kind) {
  for (const SteppedKind& row : kSteppedKinds) {
    if (row.kind == kind) return &row;
  }
  return nullptr;
}

}  // namespace

absl::StatusOr<LearningRateShape> ParseLearningRateShape(
    const std::string& text) {
  if (text == "constant") return LearningRateShape{};
  if (text == "cosine") return LearningRateShape{LearningRateKind::kCosine};
  for (const SteppedKind& row : kSteppedKinds) {
    LearningRateShape shape{row.kind};
    const size_t length = std::strlen(row.prefix);
    // Spelled as it is written: no sign, space or leading zero.
    if (absl::SimpleAtoi(text.substr(std::min(text.size(), length)),
                         &shape.every_steps) &&
        shape.every_steps >= 1 && LearningRateShapeName(shape) == text) {
      return shape;
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat("Learning-rate schedule: expected constant, cosine, "
                   "halved_every_N or tenth_every_N with a number of steps N, "
                   "found '",
                   text, "'."));
}

std::string LearningRateShapeName(const LearningRateShape& shape) {
  if (shape.kind == LearningRateKind::kCosine) return "cosine";
  if (const SteppedKind* stepped = FindStepped(shape.kind)) {
    return absl::StrCat(stepped->prefix, shape.every_steps);
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
  if (FindStepped(schedule.shape.kind) != nullptr &&
      schedule.shape.every_steps < 1) {
    problems.push_back(
        absl::StrCat("expected at least 1 step between changes, found ",
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
  if (schedule.shape.kind == LearningRateKind::kCosine) {
    const double share =
        static_cast<double>(step) / static_cast<double>(schedule.total_steps);
    return 0.5 * (1 + std::cos(kPi * share)) * schedule.base;
  }
  if (const SteppedKind* stepped = FindStepped(schedule.shape.kind)) {
    return schedule.base *
           std::pow(
               stepped->factor,
               static_cast<double>((step - 1) / schedule.shape.every_steps));
  }
  return schedule.base;
}

}  // namespace bild
