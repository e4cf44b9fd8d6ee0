#include "datasets/synthetic/street_things.h"

#include <algorithm>

#include "datasets/synthetic/palette.h"

namespace bild {
namespace {

int PlainMaterial(SceneModel& model, Draws& draws, const Rgb& linear,
                  double noise, double noise_m) {
  Material material;
  material.base = linear;
  material.noise = noise;
  material.noise_m = noise_m;
  material.seed = draws.NoiseSeed();
  return model.Add(material);
}

int LeafMaterial(SceneModel& model, Draws& draws) {
  Material leaf;
  leaf.pattern = Pattern::kLeaves;
  const Rgb colour = PickColour(Palette::kFoliage, draws);
  leaf.base = colour * 0.8;
  leaf.second = Mix(colour, PickColour(Palette::kFoliage, draws), 0.3) * 1.25;
  leaf.noise = 0.5;
  leaf.noise_m = 0.35;
  leaf.seed = draws.NoiseSeed();
  return model.Add(leaf);
}

}  // namespace

Thing MakeHouse(SceneModel& model, Draws& draws, double half_x_m,
                double half_z_m, double height_m) {
  Thing house;
  const double x = half_x_m;
  const double z = half_z_m;
  Material wall;
  wall.pattern = Pattern::kFacade;
  wall.base = PickColour(Palette::kStreet, draws);
  wall.second = PickColour(Palette::kStone, draws);
  wall.period_t_m = draws.Range(2.9, 3.6);
  wall.period_s_m = draws.Range(1.7, 3.0);
  wall.noise = 0.22;
  wall.noise_m = 2.5;
  wall.octaves = 7;
  wall.seed = draws.NoiseSeed();
  const int facade = model.Add(wall);
  Material stone = wall;
  stone.pattern = Pattern::kBricks;
  stone.base = wall.second;
  stone.second = wall.second * 0.5;
  stone.period_s_m = 0.9;
  stone.period_t_m = 0.45;
  stone.seed = draws.NoiseSeed();
  const int ledge = model.Add(stone);
  const double base = draws.Range(3.2, 4.0);
  int ground_floor = ledge;
  if (draws.Chance(0.6)) {
    Material shop = wall;
    shop.pattern = Pattern::kShopFront;
    shop.base = PickColour(Palette::kStone, draws);
    shop.second = PickColour(Palette::kPaint, draws);
    shop.period_s_m = draws.Range(3.0, 5.0);
    ground_floor = model.Add(shop);
  }
  const Rgb slate = PickColour(Palette::kStone, draws);
  const double darkness = draws.Range(0.35, 0.7);
  const int roof = PlainMaterial(model, draws, slate * darkness, 0.35, 0.8);
  auto& solids = house.solids;
  solids.push_back(Block({-x, 0, -z}, {x, base, z}, ground_floor));
  solids.push_back(Block({-x, base, -z}, {x, height_m, z}, facade));
  solids.push_back(Block({-x - 0.15, base - 0.15, -z - 0.15},
                         {x + 0.15, base + 0.15, z + 0.15}, ledge));
  solids.push_back(Block({-x - 0.3, height_m - 0.1, -z - 0.3},
                         {x + 0.3, height_m + 0.4, z + 0.3}, ledge));
  const double top = height_m + 0.4;
  if (draws.Chance(0.55)) {
    const double rise = draws.Range(1.5, 3.5);
    const bool is_hipped = draws.Chance(0.5);
    solids.push_back(Tapered({-x - 0.3, top, -z - 0.3},
                             {x + 0.3, top + rise, z + 0.3},
                             is_hipped ? 0.7 : 1.0, 0.05, roof));
    const double at = draws.Range(-0.6, 0.6) * x;
    solids.push_back(Block({at - 0.35, top, -0.3},
                           {at + 0.35, top + rise + 0.9, 0.3}, facade));
  } else {
    const double share = draws.Range(0.15, 0.5);
    const double high = draws.Range(1.2, 2.6);
    solids.push_back(Block({-share * x, top, -share * z},
                           {share * x, top + high, share * z}, roof));
  }
  return house;
}

Thing MakeTree(SceneModel& model, Draws& draws, double height_m) {
  Thing tree;
  const int bark =
      PlainMaterial(model, draws, ToLinear({0.30, 0.24, 0.19}), 0.6, 0.12);
  const int leaves = LeafMaterial(model, draws);
  const double h = height_m;
  const double trunk = 0.025 * h;
  tree.solids.push_back(
      Tapered({-trunk, 0, -trunk}, {trunk, 0.6 * h, trunk}, 0.6, 0.6, bark));
  const double width = draws.Range(0.20, 0.30) * h;
  const int clumps = draws.Int(7, 11);
  for (int i = 0; i < clumps; ++i) {
    const double up = draws.Range(0.0, 1.0);
    // The crown is widest at two fifths of its height.
    const double spread = width * (up < 0.4 ? 0.6 + up : 1.0 - (up - 0.4));
    const Vec3 centre{draws.Range(-0.75, 0.75) * spread, h * (0.42 + 0.46 * up),
                      draws.Range(-0.75, 0.75) * spread};
    const double size = draws.Range(0.40, 0.70) * width;
    Solid clump =
        Ellipsoid(centre, {size, size * draws.Range(0.7, 0.95), size}, leaves);
    clump.ragged = 0.85;
    clump.seed = draws.NoiseSeed();
    tree.solids.push_back(clump);
  }
  return tree;
}

Thing MakeConifer(SceneModel& model, Draws& draws, double height_m) {
  Thing tree;
  const int bark =
      PlainMaterial(model, draws, ToLinear({0.26, 0.20, 0.16}), 0.5, 0.12);
  Material leaf;
  leaf.pattern = Pattern::kLeaves;
  leaf.base = ToLinear({0.12, 0.22, 0.15});
  leaf.second = ToLinear({0.24, 0.38, 0.22});
  leaf.noise = 0.5;
  leaf.noise_m = 0.3;
  leaf.seed = draws.NoiseSeed();
  const int needles = model.Add(leaf);
  const double h = height_m;
  const double width = draws.Range(0.16, 0.22) * h;
  tree.solids.push_back(Cylinder({0, 0, 0}, 0.02 * h, 0.2 * h, bark));
  const int tiers = draws.Int(4, 6);
  for (int i = 0; i < tiers; ++i) {
    const double share = static_cast<double>(i) / tiers;
    const double half = width * (1.0 - 0.85 * share);
    const double low = h * (0.14 + 0.86 * share);
    const double high = std::min(h, low + h * 1.7 / tiers);
    Solid tier = Ellipsoid({0, 0.5 * (low + high), 0},
                           {half, 0.5 * (high - low), half}, needles);
    tier.ragged = 0.9;
    tier.seed = draws.NoiseSeed();
    tree.solids.push_back(tier);
  }
  return tree;
}

Thing MakeHedge(SceneModel& model, Draws& draws, double half_x_m) {
  Thing hedge;
  const int leaves = LeafMaterial(model, draws);
  const double height = draws.Range(0.7, 1.2);
  for (double x = -half_x_m; x < half_x_m; x += 0.8) {
    Solid bush = Ellipsoid({x, 0.45 * height, 0},
                           {0.7, height * draws.Range(0.45, 0.6), 0.5}, leaves);
    bush.ragged = 0.5;
    bush.seed = draws.NoiseSeed();
    hedge.solids.push_back(bush);
  }
  return hedge;
}

Thing MakeCar(SceneModel& model, Draws& draws) {
  Thing car;
  const int body = PlainMaterial(model, draws,
                                 PickColour(Palette::kPaint, draws), 0.10, 0.6);
  const int glass = PlainMaterial(model, draws, {0.03, 0.04, 0.05}, 0.6, 0.7);
  const int rubber =
      PlainMaterial(model, draws, {0.012, 0.012, 0.013}, 0.2, 0.2);
  const int light = PlainMaterial(model, draws, {0.55, 0.06, 0.04}, 0.1, 0.1);
  const double x = draws.Range(0.82, 0.92);
  const double z = draws.Range(1.9, 2.3);
  const double bonnet = draws.Range(0.82, 0.95);
  const double roof = bonnet + draws.Range(0.5, 0.75);
  auto& solids = car.solids;
  solids.push_back(Block({-x, 0.28, -z}, {x, 0.62, z}, body));
  solids.push_back(Tapered({-x, 0.62, -z}, {x, bonnet, z}, 0.94, 0.97, body));
  solids.push_back(Tapered({-x * 0.95, bonnet, -z * 0.72},
                           {x * 0.95, roof - 0.05, z * 0.66}, 0.80, 0.66,
                           glass));
  solids.push_back(Tapered({-x * 0.79, roof - 0.07, -z * 0.5},
                           {x * 0.79, roof, z * 0.46}, 0.9, 0.9, body));
  for (const double side : {-1.0, 1.0}) {
    for (const double end : {-0.62, 0.62}) {
      solids.push_back(Ellipsoid({side * (x - 0.06), 0.32, end * z},
                                 {0.12, 0.32, 0.32}, rubber));
    }
    solids.push_back(Block({side * (x - 0.2) - 0.14, 0.62, -z - 0.02},
                           {side * (x - 0.2) + 0.14, 0.76, -z + 0.1}, light));
  }
  solids.push_back(
      Block({-x * 0.96, 0.28, -z - 0.05}, {x * 0.96, 0.46, -z}, rubber));
  return car;
}

Thing MakeStreetLamp(SceneModel& model, Draws& draws) {
  Thing lamp;
  const int metal = PlainMaterial(model, draws, {0.04, 0.045, 0.045}, 0.3, 0.3);
  const int glass = PlainMaterial(model, draws, {0.75, 0.72, 0.62}, 0.1, 0.2);
  const double height = draws.Range(3.8, 6.5);
  auto& solids = lamp.solids;
  solids.push_back(Cylinder({0, 0, 0}, 0.13, 0.8, metal));
  solids.push_back(Cylinder({0, 0, 0}, 0.06, height, metal));
  if (draws.Chance(0.5)) {
    solids.push_back(
        Block({-0.05, height, -1.2}, {0.05, height + 0.1, 0}, metal));
    solids.push_back(
        Block({-0.15, height - 0.1, -1.6}, {0.15, height + 0.08, -0.9}, glass));
  } else {
    solids.push_back(
        Ellipsoid({0, height + 0.2, 0}, {0.24, 0.26, 0.24}, glass));
    solids.push_back(Tapered({-0.26, height + 0.34, -0.26},
                             {0.26, height + 0.6, 0.26}, 0.1, 0.1, metal));
  }
  return lamp;
}

Thing MakePerson(SceneModel& model, Draws& draws) {
  Thing person;
  const double size = draws.Range(0.93, 1.07);
  const int coat =
      PlainMaterial(model, draws, PickColour(Palette::kPaint, draws), 0.4, 0.2);
  const int legs = PlainMaterial(
      model, draws, PickColour(Palette::kIndoorFabrics, draws) * 0.5, 0.4, 0.2);
  const int skin = PlainMaterial(
      model, draws, Rgb{0.42, 0.25, 0.17} * draws.Range(0.5, 1.2), 0.1, 0.1);
  const int hair = PlainMaterial(model, draws, {0.03, 0.02, 0.015}, 0.4, 0.05);
  const double stride = draws.Range(0.02, 0.16);
  auto& solids = person.solids;
  solids.push_back(Block({-0.15, 0, -stride - 0.07},
                         {-0.02, 0.85 * size, -stride + 0.07}, legs));
  solids.push_back(Block({0.02, 0, stride - 0.07},
                         {0.15, 0.85 * size, stride + 0.07}, legs));
  solids.push_back(
      Ellipsoid({0, 1.12 * size, 0}, {0.24, 0.38 * size, 0.16}, coat));
  solids.push_back(
      Ellipsoid({-0.24, 1.08 * size, 0}, {0.07, 0.33 * size, 0.09}, coat));
  solids.push_back(
      Ellipsoid({0.24, 1.08 * size, 0}, {0.07, 0.33 * size, 0.09}, coat));
  solids.push_back(Ellipsoid({0, 1.61 * size, 0}, {0.095, 0.125, 0.11}, skin));
  solids.push_back(
      Ellipsoid({0, 1.66 * size, 0.02}, {0.10, 0.10, 0.115}, hair));
  return person;
}

Thing MakeKiosk(SceneModel& model, Draws& draws) {
  Thing kiosk;
  Material stripes;
  stripes.pattern = Pattern::kStripes;
  stripes.base = PickColour(Palette::kPaint, draws);
  stripes.second = {0.72, 0.70, 0.66};
  stripes.period_s_m = 0.5;
  stripes.seed = draws.NoiseSeed();
  const int cloth = model.Add(stripes);
  const int wall =
      PlainMaterial(model, draws, PickColour(Palette::kPaint, draws), 0.3, 0.5);
  const int dark = PlainMaterial(model, draws, {0.03, 0.025, 0.02}, 0.8, 0.3);
  const double x = draws.Range(1.0, 1.6);
  auto& solids = kiosk.solids;
  solids.push_back(Block({-x, 0, -0.9}, {x, 1.0, 0.9}, wall));
  solids.push_back(Block({-x + 0.1, 1.0, -0.8}, {x - 0.1, 2.2, 0.8}, dark));
  solids.push_back(Block({-x, 0, 0.75}, {x, 2.3, 0.9}, wall));
  solids.push_back(
      Tapered({-x - 0.4, 2.2, -1.4}, {x + 0.4, 2.75, 1.1}, 0.8, 0.3, cloth));
  return kiosk;
}

Thing MakeBench(SceneModel& model, Draws& draws) {
  Thing bench;
  const int wood = PlainMaterial(
      model, draws, PickColour(Palette::kIndoorWood, draws), 0.4, 0.2);
  const int iron = PlainMaterial(model, draws, {0.03, 0.03, 0.03}, 0.3, 0.2);
  auto& solids = bench.solids;
  for (const double side : {-0.7, 0.7}) {
    solids.push_back(
        Block({side - 0.04, 0, -0.25}, {side + 0.04, 0.43, 0.25}, iron));
  }
  for (const double z : {-0.24, -0.08, 0.08}) {
    solids.push_back(Block({-0.85, 0.42, z}, {0.85, 0.46, z + 0.13}, wood));
  }
  for (const double y : {0.56, 0.74}) {
    solids.push_back(Block({-0.85, y, 0.22}, {0.85, y + 0.13, 0.26}, wood));
  }
  return bench;
}

Thing MakeSignPost(SceneModel& model, Draws& draws) {
  Thing sign;
  const int metal = PlainMaterial(model, draws, {0.30, 0.30, 0.30}, 0.3, 0.3);
  const int paint =
      PlainMaterial(model, draws, PickColour(Palette::kPaint, draws), 0.2, 0.2);
  const int white = PlainMaterial(model, draws, {0.70, 0.70, 0.68}, 0.1, 0.2);
  auto& solids = sign.solids;
  solids.push_back(Cylinder({0, 0, 0}, 0.035, 2.9, metal));
  if (draws.Chance(0.5)) {
    solids.push_back(Ellipsoid({0, 2.6, -0.05}, {0.34, 0.34, 0.03}, paint));
    solids.push_back(Ellipsoid({0, 2.6, -0.08}, {0.24, 0.24, 0.02}, white));
  } else {
    solids.push_back(Block({-0.4, 2.2, -0.06}, {0.4, 2.85, -0.02}, white));
    solids.push_back(Block({-0.35, 2.25, -0.07}, {0.35, 2.8, -0.05}, paint));
  }
  return sign;
}

}  // namespace bild
