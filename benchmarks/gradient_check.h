// Is the outer gradient of a net exact? The method's own phi-gradient, with
// every engine and through a window of steps, against automatic differentiation
// of the validation loss through differentiable inner updates, in float64.

#ifndef BENCHMARKS_GRADIENT_CHECK_H_
#define BENCHMARKS_GRADIENT_CHECK_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bild/patch_loss.h"

namespace bild {

struct GradientCheckSpec {
  std::string backbone;  // As the catalogue has it.
  int64_t batch = 4;
  int64_t validation_batch = 3;
  int64_t crop_px = 0;  // 0: small, and what the net takes.
  PatchLoss loss = PatchLoss::kL1;
  uint64_t seed = 1;
};

struct GradientCheckRow {
  std::string name;       // "in_backward", "hessian_vector, 2 steps of sgd".
  std::string not_valid;  // Why this net cannot be served; then no error.
  // Largest difference against the largest element of the truth.
  std::optional<double> relative_error;

  // What a claim to be exact allows, and one to be near.
  static constexpr double kExactTolerance = 1e-9;
  static constexpr double kNearTolerance = 1e-2;
  // What it claims; none: how far a step of 0.01 is off depends on the net.
  std::optional<double> tolerance = kExactTolerance;
  bool ClaimsExact() const { return tolerance == kExactTolerance; }
  bool IsOff() const {
    return relative_error.has_value() && tolerance.has_value() &&
           !(*relative_error <= *tolerance);
  }
};

struct GradientCheck {
  std::string backbone;
  int64_t crop_px = 0;
  std::vector<GradientCheckRow> rows;
};

// InvalidArgument for a net or a size that there is not; FailedPrecondition
// where the truth itself is zero (a dead start) or cannot be had.
absl::StatusOr<GradientCheck> CheckGradients(const GradientCheckSpec& spec);

}  // namespace bild

#endif  // BENCHMARKS_GRADIENT_CHECK_H_
