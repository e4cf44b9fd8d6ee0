// A whole net in all of its ways against one backward pass per patch in plain
// operations.

#ifndef TESTS_BACKBONES_PATCH_WAYS_H_
#define TESTS_BACKBONES_PATCH_WAYS_H_

#include <cstdint>

#include "backbones/backbone.h"
#include "bild/base/seed.h"

namespace bild {

// Gives the net (float64) weights near their initial values, a batch of random
// pictures and random slopes of the loss, all from `engine`, and expects of
// recording, layer-wise and forward mode what the truth has, to 1e-10 of the
// largest.
void ExpectPatchWaysAgree(Backbone& net, int64_t patches, int64_t height_px,
                          int64_t width_px, SeedEngine& engine);

}  // namespace bild

#endif  // TESTS_BACKBONES_PATCH_WAYS_H_
