#include "datasets/synthetic/shadow_grid.h"

#include <cmath>
#include <vector>

#include "bild/base/seed.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

double Between(SeedEngine& engine, double low, double high) {
  return low + (high - low) * engine.Uniform();
}

// Blocks, ragged ellipsoids and cylinders, three to a thing, turned anyhow.
std::vector<PlacedThing> Jumble(SeedEngine& engine) {
  std::vector<PlacedThing> things;
  for (int i = 0; i < 12; ++i) {
    Thing thing;
    for (int k = 0; k < 3; ++k) {
      const double x = Between(engine, -2, 2);
      const double y = Between(engine, 0, 3);
      const double size = Between(engine, 0.1, 0.8);
      if (k == 0) {
        thing.solids.push_back(
            Tapered({x, y, 0}, {x + size, y + size, size}, 1.3, 0.5, 0));
      } else if (k == 1) {
        Solid clump = Ellipsoid({x, y, 0}, {size, 0.6 * size, size}, 0);
        clump.ragged = 0.7;
        clump.seed = static_cast<uint32_t>(i);
        thing.solids.push_back(clump);
      } else {
        thing.solids.push_back(Cylinder({x, y, 0}, 0.3 * size, 2 * size, 0));
      }
    }
    const double slope = Between(engine, -2, 2);
    thing.turn_cos = 1.0 / std::sqrt(1.0 + slope * slope);
    thing.turn_sin = slope * thing.turn_cos;
    const double at_x = Between(engine, -5, 5);
    const double at_z = Between(engine, 2, 12);
    thing.place = {at_x, 0, at_z};
    thing.casts_shadow = i != 3;
    things.push_back(Place(thing, 7 + 3 * i));
  }
  return things;
}

TEST(ShadowGrid, FindsWhatTryingEverythingFinds) {
  SeedEngine engine(1, SeedStream::kSyntheticScene, 0, 0);
  constexpr double kLeast_m = 1e-4;
  int64_t hidden = 0;
  for (int trial = 0; trial < 8; ++trial) {
    const std::vector<PlacedThing> things = Jumble(engine);
    const double sun_x = Between(engine, -1, 1);
    const double sun_z = Between(engine, -1, 1);
    const Vec3 towards = Normalized({sun_x, 0.8, trial == 0 ? 0.0 : sun_z});
    const ShadowGrid grid(things, towards);
    for (int i = 0; i < 2000; ++i) {
      const double x = Between(engine, -9, 9);
      const double y = i % 2 == 0 ? 0.0 : Between(engine, 0, 4);
      const double z = Between(engine, 0, 14);
      bool is_hidden = false;
      for (const PlacedThing& placed : things) {
        is_hidden |= IsHidden(placed, {{x, y, z}, towards}, kLeast_m, 1e6);
      }
      ASSERT_EQ(grid.IsHidden({x, y, z}, kLeast_m), is_hidden)
          << trial << ": " << x << " " << y << " " << z;
      hidden += is_hidden ? 1 : 0;
    }
  }
  EXPECT_GT(hidden, 500);
  EXPECT_LT(hidden, 15000);
}

TEST(ShadowGrid, FarFromEverythingAndOfNothing) {
  Thing thing;
  thing.solids = {Block({-1, 1, 4}, {1, 2, 5}, 0)};
  const std::vector<PlacedThing> things = {Place(thing, 0)};
  const ShadowGrid grid(things, {0, 1, 0});
  EXPECT_TRUE(grid.IsHidden({0, 0, 4.5}, 1e-4));
  EXPECT_FALSE(grid.IsHidden({0, 3, 4.5}, 1e-4));
  EXPECT_FALSE(grid.IsHidden({1e5, 0, -1e5}, 1e-4));
  const std::vector<PlacedThing> none;
  EXPECT_FALSE(ShadowGrid(none, {0, 1, 0}).IsHidden({0, 0, 4.5}, 1e-4));
}

}  // namespace
}  // namespace bild
