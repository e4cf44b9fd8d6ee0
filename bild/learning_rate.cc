#include "bild/learning_rate.h"

#include <cmath>
#include <stdexcept>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace bild {
namespace {

struct KindName {
  LearningRateKind kind;
  const char* name;
};

constexpr KindName kKindNames[] = {{LearningRateKind::kConstant, "constant"},
                                   {LearningRateKind::kCosine, "cosine"}};

constexpr double kPi = 3.14159265358979323846;

}  // namespace

absl::StatusOr<LearningRateKind> ParseLearningRateKind(
    const std::string& text) {
  std::vector<std::string> known;
  for (const KindName& row : kKindNames) {
    if (text == row.name) return row.kind;
    known.push_back(row.name);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("Learning-rate schedule: expected ",
                   absl::StrJoin(known, " or "), ", found '", text, "'."));
}

std::string LearningRateKindName(LearningRateKind kind) {
  for (const KindName& row : kKindNames) {
    if (kind == row.kind) return row.name;
  }
  return "";
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
  if (schedule.kind == LearningRateKind::kConstant) return schedule.base;
  const double share =
      static_cast<double>(step) / static_cast<double>(schedule.total_steps);
  return 0.5 * (1 + std::cos(kPi * share)) * schedule.base;
}

}  // namespace bild
