// Where a large picture is cut: cores that cover it once, and around each a
// halo that the net sees but that is thrown away. Plain geometry.

#ifndef BACKBONES_RESTORE_TILE_PLAN_H_
#define BACKBONES_RESTORE_TILE_PLAN_H_

#include <cstdint>
#include <optional>
#include <vector>

namespace bild {

// One tile along one axis, [begin, end) in pixels.
struct TileSpan {
  int64_t begin = 0, end = 0;            // What the net sees.
  int64_t core_begin = 0, core_end = 0;  // What is kept.
};

// What the net sees of a tile, in pixels.
inline double PixelsOf(const TileSpan& row, const TileSpan& column) {
  return static_cast<double>(row.end - row.begin) *
         static_cast<double>(column.end - column.begin);
}

// Cuts `side_px` into tiles of at most `tile_px`, halo included. Tiles begin at
// multiples of `multiple`, which must divide `halo_px` and `tile_px`; they end
// at multiples of it or at the picture's end. One tile where all of it fits.
// tile_px > 2 halo_px.
std::vector<TileSpan> PlanTiles(int64_t side_px, int64_t tile_px,
                                int64_t halo_px, int64_t multiple);

// The rows and columns of tiles of a picture.
struct TileGrid {
  std::vector<TileSpan> rows, columns;

  int64_t tiles() const {
    return static_cast<int64_t>(rows.size() * columns.size());
  }
  // What the net sees in all tiles together, halos included.
  double WorkPixels() const;
  double LargestTilePixels() const;
};

// Cuts a picture into tiles of at most `tile_pixels`, with the least work there
// is: rectangles of any shape. Along each axis a tile is the whole side or at
// least three halos long, so that at least as much is kept as is thrown away on
// a side. `can_be_smaller`: where smaller tiles, down to 512 x 512 px, take
// hardly more work (a twentieth), these, since their memory comes out of the
// cache and is used again. Empty where no such tile is small enough.
std::optional<TileGrid> CutIntoTiles(int64_t height_px, int64_t width_px,
                                     double tile_pixels, int64_t halo_px,
                                     int64_t multiple, bool can_be_smaller);

// The smallest tile that CutIntoTiles() could use, in pixels.
double SmallestTilePixels(int64_t height_px, int64_t width_px, int64_t halo_px,
                          int64_t multiple);

}  // namespace bild

#endif  // BACKBONES_RESTORE_TILE_PLAN_H_
