#include "backbones/restore/tile_plan.h"

#include <algorithm>
#include <utility>

#include "c10/util/Exception.h"

namespace bild {
namespace {

// Along one axis: of all tiles together, and of the longest.
int64_t SeenPx(const std::vector<TileSpan>& spans) {
  int64_t sum = 0;
  for (const TileSpan& span : spans) sum += span.end - span.begin;
  return sum;
}
int64_t LongestPx(const std::vector<TileSpan>& spans) {
  int64_t longest = 0;
  for (const TileSpan& span : spans) {
    longest = std::max(longest, span.end - span.begin);
  }
  return longest;
}

// Lengths of tiles that are tried along an axis.
constexpr int64_t kTriedLengths = 256;
constexpr double kSmallestWorthwhilePixels = 512 * 512;
constexpr double kHardlyMore = 1.05;

int64_t ShortestPx(int64_t side_px, int64_t halo_px, int64_t multiple) {
  return std::min(side_px, std::max(3 * halo_px, multiple));
}

// The cut with the least work.
std::optional<TileGrid> BestCut(int64_t height_px, int64_t width_px,
                                double tile_pixels, int64_t halo_px,
                                int64_t multiple) {
  const int64_t step =
      (height_px / kTriedLengths + multiple) / multiple * multiple;
  std::optional<TileGrid> best;
  const auto cost = [](const TileGrid& grid) {
    return std::pair{grid.WorkPixels(), grid.tiles()};
  };
  const auto attempt = [&](int64_t rows_px) {
    const auto columns_px = static_cast<int64_t>(
        std::min(static_cast<double>(width_px),
                 tile_pixels / static_cast<double>(rows_px)));
    if (columns_px < ShortestPx(width_px, halo_px, multiple)) return;
    const auto cut = [&](int64_t side_px, int64_t tile_px) {
      if (tile_px >= side_px) return PlanTiles(side_px, side_px, 0, 1);
      return PlanTiles(side_px, tile_px / multiple * multiple, halo_px,
                       multiple);
    };
    TileGrid grid{cut(height_px, rows_px), cut(width_px, columns_px)};
    if (!best.has_value() || cost(grid) < cost(*best)) {
      best = std::move(grid);
    }
  };
  for (int64_t rows_px = ShortestPx(height_px, halo_px, multiple);
       rows_px < height_px; rows_px += step) {
    attempt(rows_px);
  }
  attempt(height_px);
  return best;
}

}  // namespace

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

double TileGrid::WorkPixels() const {
  return static_cast<double>(SeenPx(rows)) *
         static_cast<double>(SeenPx(columns));
}

double TileGrid::LargestTilePixels() const {
  return static_cast<double>(LongestPx(rows)) *
         static_cast<double>(LongestPx(columns));
}

double SmallestTilePixels(int64_t height_px, int64_t width_px, int64_t halo_px,
                          int64_t multiple) {
  return static_cast<double>(ShortestPx(height_px, halo_px, multiple)) *
         static_cast<double>(ShortestPx(width_px, halo_px, multiple));
}

std::optional<TileGrid> CutIntoTiles(int64_t height_px, int64_t width_px,
                                     double tile_pixels, int64_t halo_px,
                                     int64_t multiple, bool can_be_smaller) {
  std::optional<TileGrid> chosen =
      BestCut(height_px, width_px, tile_pixels, halo_px, multiple);
  if (!chosen.has_value() || !can_be_smaller) return chosen;
  const double most_work = chosen->WorkPixels() * kHardlyMore;
  for (double pixels = tile_pixels / 2; pixels >= kSmallestWorthwhilePixels;
       pixels /= 2) {
    auto smaller = BestCut(height_px, width_px, pixels, halo_px, multiple);
    if (!smaller.has_value() || smaller->WorkPixels() > most_work) break;
    chosen = std::move(smaller);
  }
  return chosen;
}

}  // namespace bild
