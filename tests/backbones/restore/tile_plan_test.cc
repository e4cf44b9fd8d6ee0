#include "backbones/restore/tile_plan.h"

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

}  // namespace
}  // namespace bild
