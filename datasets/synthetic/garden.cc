// Lays out a garden or a park such as haze machines are set up in: ground with
// a path, a row of trees, hedges or a wall that closes the view, and 8 to 16
// bushes, benches, planters, stones and pieces of a playground.

#include <cmath>

#include "datasets/synthetic/garden_things.h"
#include "datasets/synthetic/palette.h"
#include "datasets/synthetic/scene_model.h"
#include "datasets/synthetic/street_things.h"

namespace bild {
namespace {

// Where the view ends, metres from the camera.
struct GardenPlan {
  double end_m = 20.0;
  double path_turn = 0.0;  // Slope of the path against the view.
  double path_x_m = 0.0;
};

void BuildSkyAndLight(SceneModel& model, Draws& draws) {
  Backdrop& backdrop = model.backdrop;
  backdrop.is_room = false;
  const double blue = draws.Range(0.0, 0.5);
  backdrop.sky.zenith =
      Mix(ToLinear({0.70, 0.73, 0.77}), ToLinear({0.46, 0.58, 0.74}), blue);
  backdrop.sky.horizon = ToLinear({0.84, 0.85, 0.86});
  backdrop.sky.cloudiness = draws.Range(0.5, 1.0);
  backdrop.sky.seed = draws.NoiseSeed();

  // Overcast, now and then with a low sun.
  Lighting& light = model.lighting;
  const double side = draws.Sign();
  light.main = Normalized({side * draws.Range(0.3, 1.0), draws.Range(0.6, 1.2),
                           draws.Range(-0.9, 0.2)});
  light.main_size = 0.05;
  const double sunshine = draws.Range(0.1, 0.75);
  light.main_colour = Rgb{1.0, 0.94, 0.84} * (1.4 * sunshine);
  light.ambient = Mix(Rgb{0.50, 0.51, 0.53}, Rgb{0.34, 0.38, 0.44}, sunshine);
}

int LawnMaterial(SceneModel& model, Draws& draws) {
  Material grass;
  const Rgb green = PickColour(Palette::kFoliage, draws);
  grass.base = Mix(green, ToLinear({0.36, 0.40, 0.20}), 0.7) * 0.9;
  grass.noise = 0.5;
  grass.noise_m = 1.6;
  grass.octaves = 6;
  grass.speckle = 0.5;
  grass.seed = draws.NoiseSeed();
  return model.Add(grass);
}

// Gravel, sand or wood chips.
int LooseMaterial(SceneModel& model, Draws& draws) {
  Material loose;
  const Rgb stone = PickColour(Palette::kStone, draws);
  const Rgb earth = PickColour(Palette::kIndoorWood, draws);
  loose.base = Mix(stone, earth, draws.Range(0.0, 0.8)) * 0.8;
  loose.noise = 0.35;
  loose.noise_m = 0.8;
  loose.octaves = 6;
  loose.speckle = 0.45;
  loose.seed = draws.NoiseSeed();
  return model.Add(loose);
}

int PavingMaterial(SceneModel& model, Draws& draws) {
  Material paving;
  paving.pattern = draws.Chance(0.5) ? Pattern::kBricks : Pattern::kTiles;
  paving.base = PickColour(Palette::kStone, draws) * 0.9;
  paving.second = paving.base * 0.3;
  paving.period_s_m = draws.Range(0.25, 0.6);
  paving.period_t_m = 0.5 * paving.period_s_m;
  paving.noise = 0.3;
  paving.noise_m = 1.5;
  paving.octaves = 5;
  paving.seed = draws.NoiseSeed();
  return model.Add(paving);
}

void BuildGround(SceneModel& model, Draws& draws, const GardenPlan& plan) {
  const int kind = draws.Int(0, 3);
  const int lawn = LawnMaterial(model, draws);
  const int loose = LooseMaterial(model, draws);
  const int paving = PavingMaterial(model, draws);
  const bool is_lawn = kind <= 1;
  model.backdrop.materials[kFloorSurface] =
      is_lawn ? lawn : (kind == 2 ? loose : paving);

  // A path on a lawn; lawns on anything else.
  Thing ground;
  ground.casts_shadow = false;
  const double half = draws.Range(0.7, 1.8);
  const double length = std::sqrt(1.0 + plan.path_turn * plan.path_turn);
  ground.turn_cos = 1.0 / length;
  ground.turn_sin = plan.path_turn / length;
  ground.place = {plan.path_x_m, 0, 0};
  if (is_lawn) {
    const int way = draws.Chance(0.5) ? loose : paving;
    ground.solids.push_back(Block({-half, 0, 0.5}, {half, 0.02, 200}, way));
    const int border = draws.Chance(0.5) ? paving : loose;
    for (const double side : {-1.0, 1.0}) {
      const double inner = side < 0 ? -half - 0.12 : half;
      ground.solids.push_back(
          Block({inner, 0, 0.5}, {inner + 0.12, 0.06, 200}, border));
    }
  } else {
    const double line = half + draws.Range(0.5, 2.0);
    ground.solids.push_back(Block({-80, 0, 2}, {-line, 0.06, 200}, lawn));
    ground.solids.push_back(Block({line, 0, 2}, {80, 0.06, 200}, lawn));
  }
  model.things.push_back(ground);
}

// What closes the view: a clipped hedge, a wall or a house, trees and woods.
void BuildEnd(SceneModel& model, Draws& draws, const GardenPlan& plan) {
  const double width = plan.end_m * 0.9;
  const int kind = draws.Int(0, 4);
  if (kind == 0) {
    Thing house = MakeHouse(model, draws, draws.Range(5.0, 9.0), 4.0,
                            draws.Range(4.0, 8.0));
    house.place = {draws.Range(-0.4, 0.4) * width, 0, plan.end_m + 8.0};
    model.things.push_back(house);
  } else if (kind == 1) {
    Thing wall = MakeGardenWall(model, draws, width);
    wall.place = {0, 0, plan.end_m + 1.0};
    model.things.push_back(wall);
  } else if (kind == 2) {
    Thing hedge = MakeClippedHedge(model, draws, width, draws.Range(1.2, 2.6));
    hedge.place = {0, 0, plan.end_m};
    model.things.push_back(hedge);
  }
  const int trees = draws.Int(4, 6);
  for (int i = 0; i < trees; ++i) {
    const double tall = draws.Range(4.5, 10.0);
    Thing tree = draws.Chance(0.6) ? MakeConifer(model, draws, tall)
                                   : MakeTree(model, draws, tall);
    tree.place = {width * (2.0 * (i + draws.Range(0.1, 0.9)) / trees - 1.0), 0,
                  plan.end_m + draws.Range(0.5, 4.0)};
    tree.casts_shadow = false;  // Too far away to tell, and slow.
    model.things.push_back(tree);
  }
  // Behind them all, so that hardly any ground or sky is seen between.
  Thing woods = MakeWoods(model, draws, 2.0 * width);
  woods.place = {0, 0, plan.end_m * 1.5 + 4.0};
  model.things.push_back(woods);
}

Thing MakeGardenThing(SceneModel& model, Draws& draws) {
  const int kind = draws.Int(0, 12);
  if (kind <= 3) return MakeBush(model, draws, draws.Range(0.4, 1.1));
  if (kind <= 5) {
    const double half = draws.Range(1.0, 3.0);
    return MakeClippedHedge(model, draws, half, draws.Range(0.4, 1.1));
  }
  if (kind == 6) return MakeConifer(model, draws, draws.Range(1.8, 4.5));
  if (kind == 7) return MakeBench(model, draws);
  if (kind == 8) return MakePlanter(model, draws);
  if (kind == 9) return MakeStones(model, draws);
  if (kind == 10) return MakeFence(model, draws, draws.Range(1.5, 4.0));
  if (kind == 11) return MakeClimbingFrame(model, draws);
  return MakeStreetLamp(model, draws);
}

}  // namespace

SceneModel BuildGarden(Draws& draws) {
  SceneModel model;
  GardenPlan plan;
  plan.end_m = draws.Range(11.0, 24.0);
  plan.path_turn = draws.Range(-0.5, 0.5);
  plan.path_x_m = draws.Range(-2.5, 2.5);
  BuildSkyAndLight(model, draws);
  BuildGround(model, draws, plan);

  Camera& camera = model.camera;
  camera.eye = {0, draws.Range(1.3, 1.9), 0};
  const double slope = draws.Range(-0.1, 0.1);
  const double length = std::sqrt(1.0 + slope * slope);
  camera.turn_cos = 1.0 / length;
  camera.turn_sin = slope / length;
  camera.focal = draws.Range(0.8, 1.15);
  // Looks slightly down: little sky.
  camera.horizon = draws.Range(0.22, 0.40);
  model.mean_srgb = draws.Range(0.34, 0.46);

  BuildEnd(model, draws, plan);
  const int things = draws.Int(9, 16);
  for (int i = 0; i < things; ++i) {
    // Denser near the camera, where they are large.
    const double share = (i + draws.Range(0.1, 0.9)) / things;
    const double z = 2.6 + (plan.end_m - 4.0) * share * share;
    const double across = draws.Range(-0.75, 0.75);
    Thing thing = MakeGardenThing(model, draws);
    const double turn = draws.Range(-0.6, 0.6);
    const double norm = std::sqrt(1.0 + turn * turn);
    thing.turn_cos = 1.0 / norm;
    thing.turn_sin = turn / norm;
    thing.place = {z * across, 0, z};
    model.things.push_back(thing);
  }
  return model;
}

}  // namespace bild
