#include "backbones/restore/tile_plan.h"

#include <algorithm>
#include <cstdint>

#include "c10/util/Exception.h"
#include "gtest/gtest.h"
#include "tests/testing/random_tensor.h"

namespace bild {
namespace {

TEST(PlanTiles, ByHand) {
  // 100 px in tiles of 48 with a halo of 8: cores [0, 40), [40, 72), [72, 100).
  const auto tiles = PlanTiles(100, 48, 8, 4);
  ASSERT_EQ(tiles.size(), 3u);
  EXPECT_EQ(tiles[0].begin, 0);
  EXPECT_EQ(tiles[0].end, 48);
  EXPECT_EQ(tiles[0].core_end, 40);
  EXPECT_EQ(tiles[1].begin, 32);
  EXPECT_EQ(tiles[1].end, 80);
  EXPECT_EQ(tiles[1].core_begin, 40);
  EXPECT_EQ(tiles[1].core_end, 72);
  EXPECT_EQ(tiles[2].begin, 64);
  EXPECT_EQ(tiles[2].end, 100);
  EXPECT_EQ(tiles[2].core_end, 100);
  EXPECT_EQ(PlanTiles(48, 48, 8, 4).size(), 1u);
  EXPECT_THROW(PlanTiles(100, 16, 8, 4), c10::Error);
  EXPECT_THROW(PlanTiles(100, 48, 6, 4), c10::Error);
}

// Cores cover every pixel once; a halo is missing only where the picture ends.
TEST(PlanTiles, HoldsForAnySizes) {
  SeedEngine engine = TestEngine(1);
  for (int trial = 0; trial < 2000; ++trial) {
    const int64_t multiple = Choose(engine, {1, 2, 4, 16});
    const int64_t halo = multiple * static_cast<int64_t>(engine.UniformInt(6));
    const int64_t tile =
        2 * halo + multiple * (1 + static_cast<int64_t>(engine.UniformInt(9)));
    const int64_t side = 1 + static_cast<int64_t>(engine.UniformInt(500));
    SCOPED_TRACE(testing::Message() << side << " px, tile " << tile << ", halo "
                                    << halo << ", multiple " << multiple);
    int64_t covered = 0;
    for (const TileSpan& span : PlanTiles(side, tile, halo, multiple)) {
      ASSERT_EQ(span.core_begin, covered);
      ASSERT_GT(span.core_end, span.core_begin);
      covered = span.core_end;
      ASSERT_EQ(span.begin % multiple, 0);
      ASSERT_TRUE(span.end == side || span.end % multiple == 0);
      ASSERT_LE(span.end - span.begin, tile);
      ASSERT_TRUE(span.begin == 0 || span.core_begin - span.begin >= halo);
      ASSERT_TRUE(span.end == side || span.end - span.core_end >= halo);
    }
    ASSERT_EQ(covered, side);
  }
}

// At most 1800 px a tile, halo 5. Over the whole height, 30 columns: 25 are
// kept of the first, then 20, 20, 20, and the last 15 end it; seen are 4 x 30
// + 20.
TEST(CutIntoTiles, TakesTheShapeWithTheLeastWork) {
  const auto grid = CutIntoTiles(60, 100, 1800.0, 5, 1, false);
  ASSERT_TRUE(grid.has_value());
  const TileGrid upright{PlanTiles(60, 60, 5, 1), PlanTiles(100, 30, 5, 1)};
  EXPECT_EQ(upright.tiles(), 5);
  EXPECT_DOUBLE_EQ(upright.WorkPixels(), 60.0 * 140);
  EXPECT_LE(grid->LargestTilePixels(), 1800.0);
  // By trying all.
  double least = 1e9;
  for (int64_t rows = 15; rows <= 60; ++rows) {
    const int64_t columns = std::min<int64_t>(100, 1800 / rows);
    const TileGrid tried{PlanTiles(60, rows, 5, 1),
                         PlanTiles(100, columns, 5, 1)};
    least = std::min(least, tried.WorkPixels());
  }
  EXPECT_DOUBLE_EQ(grid->WorkPixels(), least);
}

// A strip is cut along its length alone, with halos longer than it is wide.
TEST(CutIntoTiles, OfAStrip) {
  const auto grid = CutIntoTiles(32, 4000, 32 * 1600, 400, 16, true);
  ASSERT_TRUE(grid.has_value());
  EXPECT_EQ(grid->rows.size(), 1u);
  // Kept: 1200, 800, 800, and the rest.
  EXPECT_EQ(grid->columns.size(), 4u);
  EXPECT_FALSE(CutIntoTiles(32, 4000, 32 * 1199, 400, 16, true).has_value());
  EXPECT_DOUBLE_EQ(SmallestTilePixels(32, 4000, 400, 16), 32 * 1200);
}

TEST(CutIntoTiles, SmallerWhereThatCostsLittle) {
  const auto large = CutIntoTiles(3000, 4000, 4e6, 7, 1, false);
  const auto small = CutIntoTiles(3000, 4000, 4e6, 7, 1, true);
  ASSERT_TRUE(large.has_value() && small.has_value());
  EXPECT_GT(large->LargestTilePixels(), 2e6);
  EXPECT_LT(small->LargestTilePixels(), 1e6);
  EXPECT_LE(small->WorkPixels(), 1.05 * large->WorkPixels());
  // Halos of 108 px are not cheap.
  EXPECT_GT(CutIntoTiles(3000, 4000, 4e6, 108, 4, true)->LargestTilePixels(),
            2e6);
}

}  // namespace
}  // namespace bild
