#include "backbones/restore/tile_plan.h"

#include <algorithm>

#include "c10/util/Exception.h"

namespace bild {

std::vector<TileSpan> PlanTiles(int64_t side_px, int64_t tile_px,
                                int64_t halo_px, int64_t multiple) {
  TORCH_CHECK(side_px >= 1 && multiple >= 1 && halo_px >= 0 &&
                  halo_px % multiple == 0 && tile_px % multiple == 0 &&
                  tile_px > 2 * halo_px,
              "tiles of ", tile_px, " px with a halo of ", halo_px,
              " px at multiples of ", multiple, " for ", side_px, " px");
  if (side_px <= tile_px) return {{0, side_px, 0, side_px}};
  std::vector<TileSpan> tiles;
  int64_t core_begin = 0;
  while (core_begin < side_px) {
    TileSpan tile;
    tile.core_begin = core_begin;
    tile.begin = std::max<int64_t>(0, core_begin - halo_px);
    // At the picture's edges there is no halo to spend.
    tile.end = std::min(side_px, tile.begin + tile_px);
    tile.core_end = tile.end == side_px ? side_px : tile.end - halo_px;
    core_begin = tile.core_end;
    tiles.push_back(tile);
  }
  return tiles;
}

}  // namespace bild
