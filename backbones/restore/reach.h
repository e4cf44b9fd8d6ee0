// How far a net looks: the halo that a tile needs.

#ifndef BACKBONES_RESTORE_REACH_H_
#define BACKBONES_RESTORE_REACH_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "backbones/backbone.h"

namespace bild {

// The greatest distance in pixels, along an axis, between a pixel of the input
// and one of the output that depends on it, found by running the layers: one
// input value that is not a number makes every output value that depends on it
// one, through whatever layers there are, whatever their weights. Every place
// modulo TileMultiple() is tried, along both axes, on strips that grow until
// what was reached ends within them. FailedPrecondition where it does not
// within 4096 px: every pixel depends on the whole picture.
//
// Of RestoreWindow(), so that what a net takes from LookAtWhole() does not
// count. The parameters must be finite.
absl::StatusOr<int64_t> MeasureReach(const Backbone& backbone);

}  // namespace bild

#endif  // BACKBONES_RESTORE_REACH_H_
