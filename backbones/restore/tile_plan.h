// Where a large picture is cut: cores that cover it once, and around each a
// halo that the net sees but that is thrown away. Plain geometry.

#ifndef BACKBONES_RESTORE_TILE_PLAN_H_
#define BACKBONES_RESTORE_TILE_PLAN_H_

#include <cstdint>
#include <vector>

namespace bild {

// One tile along one axis, [begin, end) in pixels.
struct TileSpan {
  int64_t begin = 0, end = 0;            // What the net sees.
  int64_t core_begin = 0, core_end = 0;  // What is kept.
};

// Cuts `side_px` into tiles of at most `tile_px`, halo included. Tiles begin at
// multiples of `multiple`, which must divide `halo_px` and `tile_px`; they end
// at multiples of it or at the picture's end. One tile where all of it fits.
// tile_px > 2 halo_px.
std::vector<TileSpan> PlanTiles(int64_t side_px, int64_t tile_px,
                                int64_t halo_px, int64_t multiple);

}  // namespace bild

#endif  // BACKBONES_RESTORE_TILE_PLAN_H_
