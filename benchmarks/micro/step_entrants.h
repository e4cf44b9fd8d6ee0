// Whole training steps, ready to be called again and again: one net, one
// reweighting network and their optimisers for each, from the same seed, on the
// same patches.

#ifndef BENCHMARKS_MICRO_STEP_ENTRANTS_H_
#define BENCHMARKS_MICRO_STEP_ENTRANTS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "backbones/backbone.h"
#include "bild/patch_pass.h"

namespace bild {

struct StepSize {
  int64_t batch = 8;             // Training patches, B.
  int64_t validation_batch = 8;  // M.
  int64_t crop_px = 64;
  int64_t reward_memory_mib = 1024;  // Of the engine "auto".
};

// InvalidArgument for a size that no step of the suite takes.
absl::Status CheckStepSize(const StepSize& size);

// The steps that others are compared with (reference_steps.h).
inline constexpr char kPlainAutograd[] = "plain_autograd";
inline constexpr char kFloor[] = "floor";

// Those two, and the suite's own: "plain", "bild" and "frozen_random" as the
// trainer runs them, engine "auto"; "bild_in_backward", "bild_layerwise" and
// "bild_forward" with that engine; "bild_outer_every_5" with an outer step at
// every fifth step only; "bild_quarter_validation" with M = B / 4.
const std::vector<std::string>& StepNames();

struct StepEntrant {
  std::function<void()> run;  // Throws c10::Error where a step fails.
  int64_t steps = 1;          // In one call.
  std::string engine;         // As records have it; "" where there is none.
};

// `name` in float32 on the CPU, with L1 losses and Adam. InvalidArgument for an
// unknown net, step or size.
absl::StatusOr<StepEntrant> MakeStep(const std::string& backbone,
                                     const std::string& name,
                                     const StepSize& size);

// Seconds of each part of one `bild` step.
struct StepParts {
  double phi_forward = 0.0;   // Logits and weights.
  double inner = 0.0;         // Training pass, weighted gradient, theta's step.
  double validation = 0.0;    // The validation gradient.
  double rewards = 0.0;       // The products a_i and R_i.
  double phi_backward = 0.0;  // phi's gradient and step.
};
// Makes a step and returns its parts by `clock`.
using SplitStep =
    std::function<StepParts(const std::function<double()>& clock)>;
absl::StatusOr<SplitStep> MakeSplitStep(const std::string& backbone,
                                        const StepSize& size);

// Noise in [0, 1] from the seed stream `place`, hazy and clear, in the net's
// input form and dtype.
Patches NoisePatches(const Backbone& backbone, int64_t count, int64_t crop_px,
                     uint64_t place);

}  // namespace bild

#endif  // BENCHMARKS_MICRO_STEP_ENTRANTS_H_
