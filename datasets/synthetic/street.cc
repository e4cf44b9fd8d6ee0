// Lays out a street that runs into the picture: carriageway and pavements,
// houses or trees on both sides, something that closes the view, and 8 to 16
// trees, cars, lamps and people.

#include <cmath>

#include "datasets/synthetic/palette.h"
#include "datasets/synthetic/scene_model.h"
#include "datasets/synthetic/street_things.h"

namespace bild {
namespace {

// What one street has in common from end to end.
struct StreetPlan {
  double half_road_m = 3.5;
  double pavement_m = 3.0;
  double house_share = 0.8;   // Of the frontage; gardens and gaps the rest.
  double least_height_m = 6;  // Of the houses.
  double most_height_m = 18;
};

StreetPlan PickPlan(Draws& draws) {
  StreetPlan plan;
  plan.half_road_m = draws.Range(2.8, 4.6);
  plan.pavement_m = draws.Range(2.2, 4.5);
  const int kind = draws.Int(0, 2);
  if (kind == 0) {  // Town.
    plan.house_share = 0.95;
    plan.least_height_m = 9;
    plan.most_height_m = 24;
  } else if (kind == 1) {  // Suburb.
    plan.house_share = 0.75;
    plan.least_height_m = 5;
    plan.most_height_m = 9;
  } else {  // Avenue through a park.
    plan.house_share = 0.3;
    plan.least_height_m = 7;
    plan.most_height_m = 14;
  }
  return plan;
}

void Turn(Thing* thing, double cosine, double sine) {
  thing->turn_cos = cosine;
  thing->turn_sin = sine;
}

// A front that faces the street: side -1 left, 1 right.
void FaceStreet(Thing* thing, double side) { Turn(thing, 0.0, side); }

void BuildSkyAndLight(SceneModel& model, Draws& draws) {
  Backdrop& backdrop = model.backdrop;
  backdrop.is_room = false;
  const double blue = draws.Range(0.0, 1.0);
  backdrop.sky.zenith =
      Mix(ToLinear({0.52, 0.60, 0.68}), ToLinear({0.24, 0.44, 0.74}), blue);
  backdrop.sky.horizon =
      Mix(ToLinear({0.80, 0.80, 0.80}), ToLinear({0.70, 0.80, 0.88}), blue);
  backdrop.sky.cloudiness = draws.Range(0.0, 1.0);
  backdrop.sky.seed = draws.NoiseSeed();

  Lighting& light = model.lighting;
  const double side = draws.Sign();
  // From behind the camera or from the side, 25 to 60 degrees up.
  light.main = Normalized({side * draws.Range(0.3, 1.0), draws.Range(0.5, 1.2),
                           draws.Range(-0.9, 0.3)});
  light.main_size = 0.012;
  const double sunshine = draws.Range(0.25, 1.0);
  light.main_colour =
      Mix(Rgb{1.0, 0.97, 0.92}, Rgb{1.0, 0.86, 0.66}, draws.Range(0.0, 1.0)) *
      (1.5 * sunshine);
  light.ambient = Mix(Rgb{0.46, 0.48, 0.50}, Rgb{0.30, 0.36, 0.44}, sunshine);
}

void BuildGround(SceneModel& model, Draws& draws, const StreetPlan& plan) {
  Material road;
  road.pattern = Pattern::kRoad;
  const Rgb asphalt = PickColour(Palette::kStone, draws);
  road.base = asphalt * draws.Range(0.35, 0.75);
  road.second = PickColour(Palette::kStone, draws) * 0.9;
  road.period_s_m = plan.half_road_m;
  road.period_t_m = draws.Range(0.5, 1.0);
  road.noise = 0.2;
  road.noise_m = 4.0;
  road.octaves = 6;
  road.speckle = 0.12;
  road.seed = draws.NoiseSeed();
  model.backdrop.materials[kFloorSurface] = model.Add(road);

  // Lawns, hardly higher than the pavement, from the building line outwards.
  Material grass;
  grass.pattern = Pattern::kLeaves;
  const Rgb green = PickColour(Palette::kFoliage, draws);
  grass.base = Mix(green, ToLinear({0.30, 0.40, 0.16}), 0.6) * 1.2;
  grass.second = grass.base * 1.4;
  grass.noise = 0.4;
  grass.noise_m = 0.4;
  grass.seed = draws.NoiseSeed();
  const int lawn = model.Add(grass);
  const double line = plan.half_road_m + plan.pavement_m;
  Thing lawns;
  lawns.casts_shadow = false;
  lawns.solids = {Block({-300, 0, 2}, {-line, 0.05, 400}, lawn),
                  Block({line, 0, 2}, {300, 0.05, 400}, lawn)};
  model.things.push_back(lawns);
}

void BuildHouses(SceneModel& model, Draws& draws, const StreetPlan& plan) {
  for (const double side : {-1.0, 1.0}) {
    double z = draws.Range(4.0, 9.0);
    int built = 0;
    while (z < 150.0 && built < 9) {
      const double half_width = draws.Range(4.0, 8.5);
      const double half_depth = draws.Range(4.0, 6.0);
      const double height =
          draws.Range(plan.least_height_m, plan.most_height_m);
      const double setback = draws.Range(0.2, 1.6);
      const bool is_built = draws.Chance(plan.house_share);
      const double line = plan.half_road_m + plan.pavement_m + setback;
      const Vec3 place{side * (line + half_depth), 0, z + half_width};
      if (is_built) {
        Thing house = MakeHouse(model, draws, half_width, half_depth, height);
        FaceStreet(&house, side);
        house.place = place;
        model.things.push_back(house);
      } else {
        const int trees = draws.Int(1, 3);
        for (int i = 0; i < trees; ++i) {
          const double tall = draws.Range(6.0, 12.0);
          Thing tree = draws.Chance(0.3) ? MakeConifer(model, draws, tall)
                                         : MakeTree(model, draws, tall);
          tree.place = {place.x + draws.Range(-4.0, 4.0), 0,
                        z + half_width * 2.0 * (i + 0.5) / trees};
          model.things.push_back(tree);
        }
        if (draws.Chance(0.5)) {
          Thing hedge = MakeHedge(model, draws, half_width);
          FaceStreet(&hedge, side);
          hedge.place = {side * (line + 0.6), 0, z + half_width};
          model.things.push_back(hedge);
        }
      }
      z += 2 * half_width + draws.Range(0.0, 2.5);
      ++built;
    }
  }
}

// Hills, and houses across the end of the street.
void BuildSkyline(SceneModel& model, Draws& draws, const StreetPlan& plan) {
  const int hills = draws.Int(1, 3);
  for (int i = 0; i < hills; ++i) {
    Material slope;
    slope.pattern = Pattern::kLeaves;
    const Rgb wooded = PickColour(Palette::kFoliage, draws);
    const Rgb rocky = PickColour(Palette::kStone, draws);
    slope.base = Mix(wooded, rocky, 0.35);
    slope.second = slope.base * 1.3;
    slope.noise = 0.5;
    slope.noise_m = 30.0;
    slope.octaves = 7;
    slope.seed = draws.NoiseSeed();
    Thing hill;
    hill.casts_shadow = false;
    const double height = draws.Range(20.0, 75.0);
    const double width = draws.Range(180.0, 420.0);
    Solid body = Ellipsoid({0, 0, 0}, {width, height, 120.0}, model.Add(slope));
    hill.solids.push_back(body);
    hill.place = {draws.Range(-400.0, 400.0), -4.0, draws.Range(500.0, 800.0)};
    model.things.push_back(hill);
  }
  const int blocks = draws.Int(2, 4);
  for (int i = 0; i < blocks; ++i) {
    const double height = draws.Range(plan.least_height_m, 22.0);
    const double half_width = draws.Range(6.0, 14.0);
    Thing house = MakeHouse(model, draws, half_width, 6.0, height);
    house.place = {draws.Range(-35.0, 35.0), 0, draws.Range(165.0, 260.0)};
    model.things.push_back(house);
  }
}

Thing MakeStreetThing(SceneModel& model, Draws& draws, const StreetPlan& plan,
                      double z) {
  const double side = draws.Sign();
  const double kerb = plan.half_road_m + 0.6;
  const double walk =
      plan.half_road_m + draws.Range(0.8, plan.pavement_m - 0.4);
  const int kind = draws.Int(0, 11);
  Thing thing;
  if (kind <= 2) {
    thing = MakeTree(model, draws, draws.Range(4.5, 8.5));
    thing.place = {side * (kerb + 0.4), 0, z};
  } else if (kind <= 6) {
    thing = MakeCar(model, draws);
    const bool is_parked = draws.Chance(0.65);
    const double lane =
        is_parked ? plan.half_road_m - 1.2 : 0.45 * plan.half_road_m;
    thing.place = {side * lane, 0, z};
    Turn(&thing, side, 0.0);  // Left-hand lane comes towards the camera.
  } else if (kind <= 8) {
    thing = MakePerson(model, draws);
    thing.place = {side * walk, 0, z};
    Turn(&thing, side, 0.0);
  } else if (kind == 9) {
    thing = MakeStreetLamp(model, draws);
    FaceStreet(&thing, side);
    thing.place = {side * kerb, 0, z};
  } else if (kind == 10) {
    thing =
        draws.Chance(0.5) ? MakeBench(model, draws) : MakeKiosk(model, draws);
    FaceStreet(&thing, side);
    thing.place = {side * (kerb + plan.pavement_m * 0.5), 0, z};
  } else {
    thing = MakeSignPost(model, draws);
    thing.place = {side * kerb, 0, z};
  }
  return thing;
}

}  // namespace

SceneModel BuildStreet(Draws& draws) {
  SceneModel model;
  const StreetPlan plan = PickPlan(draws);
  BuildSkyAndLight(model, draws);
  BuildGround(model, draws, plan);

  Camera& camera = model.camera;
  const bool is_raised = draws.Chance(0.25);
  camera.eye = {draws.Range(-0.9, 0.9) * plan.half_road_m,
                is_raised ? draws.Range(2.6, 5.0) : draws.Range(1.4, 1.9), 0};
  const double slope = draws.Range(-0.22, 0.22);
  const double length = std::sqrt(1.0 + slope * slope);
  camera.turn_cos = 1.0 / length;
  camera.turn_sin = slope / length;
  camera.focal = draws.Range(0.72, 1.0);
  camera.horizon = draws.Range(0.50, 0.66);
  model.mean_srgb = draws.Range(0.36, 0.54);

  BuildHouses(model, draws, plan);
  BuildSkyline(model, draws, plan);
  const int things = draws.Int(9, 16);
  for (int i = 0; i < things; ++i) {
    // Denser near the camera, where they are large.
    const double share = (i + draws.Range(0.1, 0.9)) / things;
    const double z = 6.0 + 70.0 * share * share;
    model.things.push_back(MakeStreetThing(model, draws, plan, z));
  }
  return model;
}

}  // namespace bild
