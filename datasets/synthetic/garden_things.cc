#include "datasets/synthetic/garden_things.h"

#include "datasets/synthetic/palette.h"

namespace bild {
namespace {

int RoughMaterial(SceneModel& model, Draws& draws, const Rgb& linear,
                  double noise_m) {
  Material rough;
  rough.base = linear;
  rough.noise = 0.4;
  rough.noise_m = noise_m;
  rough.octaves = 6;
  rough.speckle = 0.15;
  rough.seed = draws.NoiseSeed();
  return model.Add(rough);
}

int LeafMaterial(SceneModel& model, Draws& draws) {
  Material leaf;
  leaf.pattern = Pattern::kLeaves;
  // Mostly evergreen: dark and greyish, now and then rusty.
  const Rgb leafy = PickColour(Palette::kFoliage, draws);
  const Rgb evergreen =
      Mix(ToLinear({0.20, 0.26, 0.17}), ToLinear({0.34, 0.38, 0.35}),
          draws.Range(0.0, 1.0));
  const Rgb colour = Mix(leafy, evergreen, draws.Range(0.5, 0.95));
  leaf.base = colour * 0.7;
  leaf.second = colour * 1.4;
  // Leaf by leaf, where they are near enough to be told apart.
  leaf.noise = 0.9;
  leaf.noise_m = 0.09;
  leaf.speckle = 0.5;
  leaf.octaves = 6;
  leaf.seed = draws.NoiseSeed();
  return model.Add(leaf);
}

Rgb Timber(Draws& draws) {
  return Mix(PickColour(Palette::kIndoorWood, draws),
             ToLinear({0.50, 0.46, 0.40}), 0.5);
}

}  // namespace

Thing MakeBush(SceneModel& model, Draws& draws, double height_m) {
  Thing bush;
  const int leaves = LeafMaterial(model, draws);
  const int clumps = draws.Int(3, 6);
  for (int i = 0; i < clumps; ++i) {
    const double size = draws.Range(0.35, 0.6) * height_m;
    const Vec3 centre{draws.Range(-0.5, 0.5) * height_m,
                      size * draws.Range(0.5, 1.0),
                      draws.Range(-0.3, 0.3) * height_m};
    Solid clump = Ellipsoid(centre, {size, size, size * 0.9}, leaves);
    clump.ragged = 0.7;
    clump.seed = draws.NoiseSeed();
    bush.solids.push_back(clump);
  }
  return bush;
}

Thing MakeClippedHedge(SceneModel& model, Draws& draws, double half_x_m,
                       double height_m) {
  Thing hedge;
  const int leaves = LeafMaterial(model, draws);
  hedge.solids.push_back(Tapered({-half_x_m, 0, -0.5},
                                 {half_x_m, height_m, 0.5}, 1.0, 0.8, leaves));
  // Shoots along the top.
  for (double x = -half_x_m; x < half_x_m; x += 0.9) {
    Solid shoot =
        Ellipsoid({x, height_m, 0}, {0.6, draws.Range(0.08, 0.2), 0.4}, leaves);
    shoot.ragged = 0.8;
    shoot.seed = draws.NoiseSeed();
    hedge.solids.push_back(shoot);
  }
  return hedge;
}

Thing MakeWoods(SceneModel& model, Draws& draws, double half_x_m) {
  Thing woods;
  woods.casts_shadow = false;
  const int leaves = LeafMaterial(model, draws);
  const int others = LeafMaterial(model, draws);
  const int crowns = draws.Int(6, 8);
  for (int i = 0; i < crowns; ++i) {
    const double across = draws.Range(0.1, 0.9);
    const double size = half_x_m * draws.Range(0.22, 0.34);
    const double high = draws.Range(4.0, 8.5);
    Solid crown =
        Ellipsoid({half_x_m * (2.0 * (i + across) / crowns - 1.0), 0.4 * high,
                   draws.Range(0.0, 4.0)},
                  {size, 0.6 * high, size}, (i & 1) != 0 ? leaves : others);
    crown.ragged = 0.7;
    crown.seed = draws.NoiseSeed();
    woods.solids.push_back(crown);
  }
  return woods;
}

Thing MakeGardenWall(SceneModel& model, Draws& draws, double half_x_m) {
  Thing wall;
  Material masonry;
  masonry.pattern = Pattern::kBricks;
  const bool is_brick = draws.Chance(0.5);
  masonry.base =
      PickColour(is_brick ? Palette::kStreet : Palette::kStone, draws);
  masonry.second = masonry.base * 0.5;
  masonry.period_s_m = draws.Range(0.25, 0.6);
  masonry.period_t_m = 0.4 * masonry.period_s_m;
  masonry.noise = 0.35;
  masonry.noise_m = 1.2;
  masonry.seed = draws.NoiseSeed();
  const int stone = model.Add(masonry);
  const int coping = RoughMaterial(model, draws, masonry.base * 0.8, 0.3);
  const double height = draws.Range(1.2, 2.6);
  auto& solids = wall.solids;
  solids.push_back(Block({-half_x_m, 0, -0.2}, {half_x_m, height, 0.2}, stone));
  solids.push_back(Block({-half_x_m, height, -0.28},
                         {half_x_m, height + 0.12, 0.28}, coping));
  for (double x = -half_x_m; x < half_x_m; x += 3.2) {
    solids.push_back(
        Block({x - 0.25, 0, -0.32}, {x + 0.25, height + 0.3, 0.32}, stone));
  }
  return wall;
}

Thing MakeFence(SceneModel& model, Draws& draws, double half_x_m) {
  Thing fence;
  const bool is_painted = draws.Chance(0.4);
  const Rgb paint = PickColour(Palette::kPaint, draws);
  const int wood =
      RoughMaterial(model, draws, is_painted ? paint : Timber(draws), 0.1);
  const double height = draws.Range(0.6, 1.1);
  auto& solids = fence.solids;
  for (double x = -half_x_m; x <= half_x_m; x += 0.9) {
    solids.push_back(
        Block({x - 0.05, 0, -0.05}, {x + 0.05, height, 0.05}, wood));
  }
  for (const double share : {0.35, 0.8}) {
    const double y = share * height;
    solids.push_back(
        Block({-half_x_m, y, -0.08}, {half_x_m, y + 0.1, -0.04}, wood));
  }
  return fence;
}

Thing MakePlanter(SceneModel& model, Draws& draws) {
  Thing planter;
  const int stone = RoughMaterial(
      model, draws, PickColour(Palette::kStone, draws) * 1.2, 0.25);
  const double x = draws.Range(0.3, 0.7);
  const double height = draws.Range(0.35, 0.7);
  planter.solids.push_back(
      Tapered({-x, 0, -x}, {x, height, x}, 1.15, 1.15, stone));
  planter.solids.push_back(Block({-1.2 * x, height, -1.2 * x},
                                 {1.2 * x, height + 0.08, 1.2 * x}, stone));
  if (draws.Chance(0.7)) {
    Thing bush = MakeBush(model, draws, draws.Range(0.4, 0.9));
    for (Solid& clump : bush.solids) {
      clump.low.y += height;
      clump.high.y += height;
      planter.solids.push_back(clump);
    }
  } else {
    planter.solids.push_back(
        Ellipsoid({0, height + 0.4, 0}, {0.32, 0.34, 0.32}, stone));
  }
  return planter;
}

Thing MakeStones(SceneModel& model, Draws& draws) {
  Thing stones;
  const int rock = RoughMaterial(model, draws,
                                 PickColour(Palette::kStone, draws) * 0.9, 0.2);
  const int count = draws.Int(3, 7);
  for (int i = 0; i < count; ++i) {
    const double size = draws.Range(0.12, 0.4);
    const double up = 0.3 * size;
    Solid stone =
        Ellipsoid({draws.Range(-1.2, 1.2), up, draws.Range(-0.6, 0.6)},
                  {size, size * draws.Range(0.5, 0.9), size * 0.9}, rock);
    stone.ragged = 0.25;
    stone.seed = draws.NoiseSeed();
    stones.solids.push_back(stone);
  }
  return stones;
}

Thing MakeClimbingFrame(SceneModel& model, Draws& draws) {
  Thing frame;
  const int wood = RoughMaterial(model, draws, Timber(draws), 0.12);
  const int paint =
      RoughMaterial(model, draws, PickColour(Palette::kPaint, draws), 0.8);
  const double height = draws.Range(1.6, 2.6);
  const double deck = 0.5 * height;
  auto& solids = frame.solids;
  for (const double x : {-0.9, 0.9}) {
    for (const double z : {-0.6, 0.6}) {
      solids.push_back(
          Block({x - 0.07, 0, z - 0.07}, {x + 0.07, height, z + 0.07}, wood));
    }
    solids.push_back(Block({x - 0.04, deck + 0.3, -0.6},
                           {x + 0.04, deck + 0.42, 0.6}, wood));
  }
  solids.push_back(Block({-1.0, deck - 0.1, -0.7}, {1.0, deck, 0.7}, wood));
  solids.push_back(Tapered({-1.2, height, -0.9}, {1.2, height + 0.7, 0.9}, 1.0,
                           0.05, draws.Chance(0.5) ? paint : wood));
  // A slide of pieces that overlap.
  const double side = draws.Sign();
  constexpr int kPieces = 12;
  for (int i = 0; i < kPieces; ++i) {
    const double near = 0.9 + 1.8 * i / kPieces;
    const double far = 0.9 + 1.8 * (i + 1) / kPieces;
    const double y = deck * (1.0 - (i + 0.5) / kPieces);
    solids.push_back(Block({side < 0 ? -far : near, y - 0.2, -0.3},
                           {side < 0 ? -near : far, y + 0.05, 0.3}, paint));
  }
  return frame;
}

}  // namespace bild
