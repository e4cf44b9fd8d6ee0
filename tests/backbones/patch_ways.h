// Recording and layer-wise products of a whole net against one backward pass
// per patch in plain operations.

#ifndef TESTS_BACKBONES_PATCH_WAYS_H_
#define TESTS_BACKBONES_PATCH_WAYS_H_

#include <cstdint>

#include "backbones/backbone.h"
#include "bild/base/seed.h"

namespace bild {

// Gives the net random weights, a batch of random pictures and random slopes of
// the loss, all from `engine`, and expects, in float64: the same output in all
// three ways; every patch's gradient, the weighted sum of the gradients and
// every patch's product with a random direction as the truth has them, to 1e-10
// of the largest.
void ExpectPatchWaysAgree(Backbone& net, int64_t patches, int64_t height_px,
                          int64_t width_px, SeedEngine& engine);

}  // namespace bild

#endif  // TESTS_BACKBONES_PATCH_WAYS_H_
