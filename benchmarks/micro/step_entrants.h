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
};

// InvalidArgument for a size that no step of the suite takes.
absl::Status CheckStepSize(const StepSize& size);

// The steps that others are compared with (reference_steps.h).
inline constexpr char kPlainAutograd[] = "plain_autograd";
inline constexpr char kFloor[] = "floor";

// Those two, and the suite's own: "plain", "bild" and "frozen_random" as the
// trainer runs them, "bild_layerwise" and "bild_forward" with the other reward
// engines.
const std::vector<std::string>& StepNames();

// One step of `name` in float32 on the CPU, with L1 losses and Adam. Calling it
// throws c10::Error where the step fails. InvalidArgument for an unknown net,
// step or size.
absl::StatusOr<std::function<void()>> MakeStep(const std::string& backbone,
                                               const std::string& name,
                                               const StepSize& size);

// Noise in [0, 1] from the seed stream `place`, hazy and clear, in the net's
// input form and dtype.
Patches NoisePatches(const Backbone& backbone, int64_t count, int64_t crop_px,
                     uint64_t place);

}  // namespace bild

#endif  // BENCHMARKS_MICRO_STEP_ENTRANTS_H_
