// How far a net looks: the halo that a tile needs.

#ifndef BACKBONES_RESTORE_REACH_H_
#define BACKBONES_RESTORE_REACH_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "backbones/backbone.h"

namespace bild {

// How far a tile must see beyond what is kept of it, in pixels: the picture is
// taken in blocks of TileMultiple() px, at which tiles begin and end, and this
// is the greatest distance between a block of the input and one of the output
// that depends on it. Found by running the layers: input values that are not
// numbers make every output value that depends on them one, through whatever
// layers there are, whatever their weights. Along both axes, on strips that
// grow until what was reached ends within them. FailedPrecondition where it
// does not within 4096 px: every pixel depends on the whole picture.
//
// Of RestoreWindow(), so that what a net takes from LookAtWhole() does not
// count. The parameters must be finite.
absl::StatusOr<int64_t> MeasureReach(const Backbone& backbone);

}  // namespace bild

#endif  // BACKBONES_RESTORE_REACH_H_
