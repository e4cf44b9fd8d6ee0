#include "datasets/synthetic/solids.h"

#include <vector>

#include "gtest/gtest.h"

namespace bild {
namespace {

Hit Shoot(const Thing& thing, const Vec3& origin, const Vec3& direction) {
  Hit hit;
  hit.reach = 1e6;
  const PlacedThing placed = Place(thing, 10);
  const LocalRay local = IntoFrame(placed, {origin, direction});
  for (size_t i = 0; i < thing.solids.size(); ++i) {
    Intersect(placed, i, local, 1e-4, &hit);
  }
  return hit;
}

Thing Of(const Solid& solid) {
  Thing thing;
  thing.solids = {solid};
  return thing;
}

TEST(Solids, BoxIsMetAtItsNearFace) {
  const Hit hit =
      Shoot(Of(Block({-1, 0, 4}, {1, 2, 6}, 3)), {0.5, 1, 0}, {0, 0, 2});
  EXPECT_DOUBLE_EQ(hit.reach, 2.0);  // In lengths of the direction.
  EXPECT_EQ(hit.normal.z, -1.0);
  EXPECT_EQ(hit.material, 3);
  EXPECT_EQ(hit.surface, 10);
  EXPECT_DOUBLE_EQ(hit.s, 1.5);  // From the box's low corner.
  EXPECT_DOUBLE_EQ(hit.t, 1.0);
}

TEST(Solids, BoxIsMissedBesideAndBehind) {
  const Thing thing = Of(Block({-1, 0, 4}, {1, 2, 6}, 3));
  EXPECT_EQ(Shoot(thing, {1.01, 1, 0}, {0, 0, 1}).surface, -1);
  EXPECT_EQ(Shoot(thing, {0, 1, 7}, {0, 0, 1}).surface, -1);
}

// Two boxes share a face: whichever is tried first, the lower surface has it.
TEST(Solids, OfTwoAtOnePlaceTheFirstIsSeen) {
  Thing thing;
  thing.solids = {Block({-1, 0, 4}, {1, 2, 6}, 1),
                  Block({-1, 0, 4}, {1, 2, 8}, 2)};
  const PlacedThing placed = Place(thing, 10);
  const LocalRay local = IntoFrame(placed, {{0.5, 1, 0}, {0, 0, 1}});
  for (const bool is_reversed : {false, true}) {
    Hit hit;
    hit.reach = 1e6;
    for (const size_t solid : {size_t{0}, size_t{1}}) {
      Intersect(placed, is_reversed ? 1 - solid : solid, local, 1e-4, &hit);
    }
    EXPECT_EQ(hit.reach, 4.0);
    EXPECT_EQ(hit.surface, 10);
    EXPECT_EQ(hit.material, 1);
  }
}

TEST(Solids, GableRoofSlopesToItsRidge) {
  // 4 wide, 1 high, ridge along z: at height 0.5 the slope stands at x = -1.
  const Thing roof = Of(Tapered({-2, 0, -3}, {2, 1, 3}, 0.0, 1.0, 0));
  const Hit hit = Shoot(roof, {-5, 0.5, 0}, {1, 0, 0});
  EXPECT_DOUBLE_EQ(hit.reach, 4.0);
  // The slope climbs 1 over 2: its normal is (-1, 2, 0) / sqrt(5).
  EXPECT_NEAR(hit.normal.x, -1.0 / std::sqrt(5.0), 1e-15);
  EXPECT_NEAR(hit.normal.y, 2.0 / std::sqrt(5.0), 1e-15);
}

TEST(Solids, EllipsoidIsMetOnItsSurface) {
  const Hit hit =
      Shoot(Of(Ellipsoid({0, 0, 10}, {1, 2, 3}, 0)), {0, 0, 0}, {0, 0, 1});
  EXPECT_DOUBLE_EQ(hit.reach, 7.0);
  EXPECT_DOUBLE_EQ(hit.normal.z, -1.0);
  EXPECT_EQ(
      Shoot(Of(Ellipsoid({0, 0, 10}, {1, 2, 3}, 0)), {0, 2.01, 0}, {0, 0, 1})
          .surface,
      -1);
}

TEST(Solids, CylinderHasSideAndLid) {
  Solid drum = Cylinder({0, 0, 5}, 1.0, 2.0, 0);
  drum.top_material = 8;
  const Hit side = Shoot(Of(drum), {0, 1, 0}, {0, 0, 1});
  EXPECT_DOUBLE_EQ(side.reach, 4.0);
  EXPECT_EQ(side.material, 0);
  const Hit lid = Shoot(Of(drum), {0, 4, 3}, {0, -1, 1});
  EXPECT_DOUBLE_EQ(lid.reach, 2.0);
  EXPECT_EQ(lid.normal.y, 1.0);
  EXPECT_EQ(lid.material, 8);
}

TEST(Solids, TurnedThingIsMetWhereItStands) {
  // A box 4 long in its own x, turned a quarter: now 4 long in z, 1 in x.
  Thing thing = Of(Block({-2, 0, -0.5}, {2, 1, 0.5}, 0));
  thing.turn_cos = 0.0;
  thing.turn_sin = 1.0;
  thing.place = {3, 0, 10};
  const Hit front = Shoot(thing, {3, 0.5, 0}, {0, 0, 1});
  EXPECT_DOUBLE_EQ(front.reach, 8.0);
  EXPECT_DOUBLE_EQ(front.normal.z, -1.0);
  const Hit left = Shoot(thing, {0, 0.5, 10}, {1, 0, 0});
  EXPECT_DOUBLE_EQ(left.reach, 2.5);
}

// Its bounding box must hold what grows beyond the foot.
TEST(Solids, BlockThatWidensUpwards) {
  const Thing thing = Of(Tapered({-1, 0, 4}, {1, 2, 6}, 2.0, 1.0, 1));
  const Hit overhang = Shoot(thing, {1.4, 1.8, 0}, {0, 0, 1});
  EXPECT_EQ(overhang.surface, 10);
  EXPECT_DOUBLE_EQ(overhang.reach, 4.0);
  EXPECT_EQ(Shoot(thing, {1.4, 0.5, 0}, {0, 0, 1}).surface, -1);
}

TEST(Solids, NearestSolidWinsAndHides) {
  Thing thing;
  thing.solids = {Block({-1, 0, 8}, {1, 2, 9}, 1),
                  Block({-1, 0, 4}, {1, 2, 5}, 2)};
  EXPECT_EQ(Shoot(thing, {0, 1, 0}, {0, 0, 1}).surface, 11);
  const Ray ray{{0, 1, 0}, {0, 0, 1}};
  EXPECT_TRUE(IsHidden(Place(thing, 0), ray, 1e-4, 4.5));
  EXPECT_FALSE(IsHidden(Place(thing, 0), ray, 1e-4, 3.5));
  thing.casts_shadow = false;
  EXPECT_FALSE(IsHidden(Place(thing, 0), ray, 1e-4, 4.5));
}

}  // namespace
}  // namespace bild
