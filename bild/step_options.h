// From the configuration of a run to the options of its steps.

#ifndef BILD_STEP_OPTIONS_H_
#define BILD_STEP_OPTIONS_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "backbones/backbone.h"
#include "bild/methods.h"
#include "bild/outer_step.h"
#include "bild/train_config.h"

namespace bild {

// `config` is valid (ValidateTrainConfig), for this method as well
// (CheckMethod). InvalidArgument for an engine that cannot serve the net. Where
// the gradients of all patches would not fit, the net is run once on a black
// patch to see what its layers would have to keep.
absl::StatusOr<BilevelOptions> MakeStepOptions(const TrainConfig& config,
                                               const Method& method,
                                               Backbone& backbone,
                                               uint64_t seed);

}  // namespace bild

#endif  // BILD_STEP_OPTIONS_H_
