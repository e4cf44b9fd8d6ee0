#include "datasets/synthetic/furniture.h"

#include "datasets/synthetic/palette.h"

namespace bild {
namespace {

// Four legs under [-x, x] x [-z, z].
void AddLegs(Thing& thing, double x, double z, double height, double thickness,
             int material) {
  for (const double sign_x : {-1.0, 1.0}) {
    for (const double sign_z : {-1.0, 1.0}) {
      const double middle_x = sign_x * (x - thickness);
      const double middle_z = sign_z * (z - thickness);
      thing.solids.push_back(Block(
          {middle_x - thickness, 0, middle_z - thickness},
          {middle_x + thickness, height, middle_z + thickness}, material));
    }
  }
}

}  // namespace

Piece MakeSofa(SceneModel& model, Draws& draws) {
  Piece piece;
  piece.half_x_m = draws.Range(0.45, 1.05);
  piece.half_z_m = draws.Range(0.40, 0.48);
  const double x = piece.half_x_m;
  const double z = piece.half_z_m;
  const double back = draws.Range(0.75, 0.95);
  const int cloth = FabricMaterial(model, draws);
  const int cushion = FabricMaterial(model, draws);
  const int feet = WoodMaterial(model, draws, Pattern::kPlain);
  auto& solids = piece.thing.solids;
  AddLegs(piece.thing, x, z, 0.1, 0.03, feet);
  solids.push_back(Block({-x, 0.1, -z}, {x, 0.30, z}, cloth));
  solids.push_back(Tapered({-x, 0.3, z - 0.24}, {x, back, z}, 1.0, 0.6, cloth));
  solids.push_back(Block({-x, 0.3, -z}, {-x + 0.16, 0.58, z - 0.1}, cloth));
  solids.push_back(Block({x - 0.16, 0.3, -z}, {x, 0.58, z - 0.1}, cloth));
  const int seats = x > 0.7 ? 2 : 1;
  const double width = (2 * x - 0.34) / seats;
  for (int i = 0; i < seats; ++i) {
    const double left = -x + 0.17 + width * i;
    solids.push_back(Tapered({left, 0.3, -z - 0.02},
                             {left + width - 0.015, 0.43, z - 0.24}, 0.96, 0.95,
                             cloth));
    solids.push_back(Ellipsoid({left + 0.5 * width, 0.60, z - 0.27},
                               {0.2, 0.17, 0.1}, cushion));
  }
  return piece;
}

Piece MakeBed(SceneModel& model, Draws& draws) {
  Piece piece;
  piece.half_x_m = draws.Range(0.5, 0.85);
  piece.half_z_m = 1.0;
  const double x = piece.half_x_m;
  const int frame = WoodMaterial(model, draws, Pattern::kPlain);
  const int blanket = FabricMaterial(model, draws);
  Material linen;
  linen.base = {0.72, 0.70, 0.66};
  linen.noise = 0.2;
  linen.seed = draws.NoiseSeed();
  const int sheet = model.Add(linen);
  auto& solids = piece.thing.solids;
  AddLegs(piece.thing, x, 1.0, 0.25, 0.04, frame);
  solids.push_back(Block({-x, 0.2, -1.0}, {x, 0.34, 1.0}, frame));
  solids.push_back(Block({-x, 0.2, 0.95}, {x, 0.95, 1.0}, frame));
  solids.push_back(
      Block({-x + 0.03, 0.34, -0.96}, {x - 0.03, 0.52, 0.94}, sheet));
  solids.push_back(
      Block({-x - 0.01, 0.30, -0.98}, {x + 0.01, 0.55, 0.35}, blanket));
  for (const double side : {-0.5, 0.5}) {
    solids.push_back(
        Ellipsoid({side * x, 0.60, 0.70}, {0.4 * x, 0.1, 0.2}, sheet));
  }
  return piece;
}

Piece MakeTable(SceneModel& model, Draws& draws) {
  Piece piece;
  const bool is_low = draws.Chance(0.3);
  const bool is_round = draws.Chance(0.35);
  const double height =
      is_low ? draws.Range(0.36, 0.46) : draws.Range(0.70, 0.78);
  piece.half_x_m = draws.Range(0.45, 0.85);
  piece.half_z_m = is_round ? piece.half_x_m : draws.Range(0.35, 0.5);
  const double x = piece.half_x_m;
  const double z = piece.half_z_m;
  const int wood = WoodMaterial(model, draws, Pattern::kPlanks);
  const int legs = WoodMaterial(model, draws, Pattern::kPlain);
  auto& solids = piece.thing.solids;
  if (is_round) {
    solids.push_back(Cylinder({0, height - 0.04, 0}, x, 0.04, wood));
    solids.push_back(Cylinder({0, 0.04, 0}, 0.05, height - 0.06, legs));
    solids.push_back(
        Tapered({-0.3, 0, -0.3}, {0.3, 0.06, 0.3}, 0.4, 0.4, legs));
  } else {
    solids.push_back(Block({-x, height - 0.04, -z}, {x, height, z}, wood));
    solids.push_back(Block({-x + 0.06, height - 0.12, -z + 0.06},
                           {x - 0.06, height - 0.04, z - 0.06}, legs));
    AddLegs(piece.thing, x - 0.03, z - 0.03, height - 0.04, 0.03, legs);
  }
  const int ornaments = draws.Int(1, 3);
  for (int i = 0; i < ornaments; ++i) {
    const double at_x = draws.Range(-0.6, 0.6) * x;
    const double at_z = draws.Range(-0.5, 0.5) * z;
    AddOrnament(model, draws, piece.thing, at_x, height, at_z);
  }
  return piece;
}

Piece MakeChair(SceneModel& model, Draws& draws) {
  Piece piece;
  piece.half_x_m = 0.22;
  piece.half_z_m = 0.22;
  const double back = draws.Range(0.82, 1.0);
  const int wood = WoodMaterial(model, draws, Pattern::kPlain);
  const int seat = draws.Chance(0.5) ? FabricMaterial(model, draws) : wood;
  auto& solids = piece.thing.solids;
  AddLegs(piece.thing, 0.21, 0.21, 0.43, 0.02, wood);
  solids.push_back(Block({-0.22, 0.42, -0.22}, {0.22, 0.47, 0.22}, seat));
  solids.push_back(Block({-0.21, 0.45, 0.18}, {-0.17, back, 0.22}, wood));
  solids.push_back(Block({0.17, 0.45, 0.18}, {0.21, back, 0.22}, wood));
  if (draws.Chance(0.5)) {
    solids.push_back(
        Block({-0.21, back - 0.22, 0.185}, {0.21, back, 0.215}, seat));
  } else {
    for (const double low : {0.58, 0.70, 0.82}) {
      solids.push_back(
          Block({-0.21, low, 0.19}, {0.21, low + 0.05, 0.21}, wood));
    }
  }
  return piece;
}

Piece MakeCupboard(SceneModel& model, Draws& draws) {
  Piece piece;
  const bool is_tall = draws.Chance(0.45);
  const double height = is_tall ? draws.Range(1.7, 2.1) : draws.Range(0.6, 1.0);
  piece.half_x_m = draws.Range(0.35, 0.75);
  piece.half_z_m = draws.Range(0.2, 0.28);
  const double x = piece.half_x_m;
  const double z = piece.half_z_m;
  Material panels = WoodLook(draws, Pattern::kPanels);
  panels.second = {0.5, 0.45, 0.35};
  if (draws.Chance(0.4)) panels.base = PickColour(Palette::kIndoorWalls, draws);
  const int columns = draws.Int(1, 3);
  const int rows = is_tall ? draws.Int(1, 2) : draws.Int(1, 4);
  panels.period_s_m = 2 * x / columns;
  panels.period_t_m = (height - 0.12) / rows;
  const int front = model.Add(panels);
  Material carcass = panels;
  carcass.pattern = Pattern::kPlain;
  const int side = model.Add(carcass);
  auto& solids = piece.thing.solids;
  solids.push_back(Block({-x + 0.02, 0, -z + 0.04}, {x - 0.02, 0.08, z}, side));
  solids.push_back(Block({-x, 0.08, -z + 0.02}, {x, height - 0.04, z}, side));
  solids.push_back(Block({-x, 0.08, -z}, {x, height - 0.04, -z + 0.02}, front));
  solids.push_back(Block({-x - 0.02, height - 0.04, -z - 0.02},
                         {x + 0.02, height, z}, side));
  const int ornaments = is_tall ? 0 : draws.Int(0, 2);
  for (int i = 0; i < ornaments; ++i) {
    const double at_x = draws.Range(-0.7, 0.7) * x;
    AddOrnament(model, draws, piece.thing, at_x, height, 0.0);
  }
  return piece;
}

Piece MakeBookshelf(SceneModel& model, Draws& draws) {
  Piece piece;
  const double height = draws.Range(1.2, 2.0);
  piece.half_x_m = draws.Range(0.4, 0.9);
  piece.half_z_m = 0.16;
  const double x = piece.half_x_m;
  const int wood = WoodMaterial(model, draws, Pattern::kPlain);
  Material books = WoodLook(draws, Pattern::kBooks);
  books.base = model.materials[static_cast<size_t>(wood)].base;
  books.period_t_m = draws.Range(0.28, 0.36);
  const int spines = model.Add(books);
  auto& solids = piece.thing.solids;
  solids.push_back(Block({-x, 0, -0.16}, {-x + 0.03, height, 0.16}, wood));
  solids.push_back(Block({x - 0.03, 0, -0.16}, {x, height, 0.16}, wood));
  solids.push_back(Block({-x, height - 0.03, -0.165}, {x, height, 0.16}, wood));
  solids.push_back(Block({-x, 0, -0.16}, {x, 0.06, 0.16}, wood));
  solids.push_back(
      Block({-x + 0.03, 0.06, -0.11}, {x - 0.03, height, 0.16}, spines));
  for (double y = 0.06 + books.period_t_m; y < height - 0.1;
       y += books.period_t_m) {
    solids.push_back(
        Block({-x + 0.03, y - 0.025, -0.16}, {x - 0.03, y, 0.16}, wood));
  }
  return piece;
}

Piece MakeDesk(SceneModel& model, Draws& draws) {
  Piece piece;
  piece.half_x_m = draws.Range(0.55, 0.8);
  piece.half_z_m = 0.33;
  const double x = piece.half_x_m;
  const int wood = WoodMaterial(model, draws, Pattern::kPlain);
  const int drawers = WoodMaterial(model, draws, Pattern::kPanels);
  Material picture = WoodLook(draws, Pattern::kPicture);
  picture.base = {0.05, 0.16, 0.30};
  picture.second = {0.20, 0.40, 0.65};
  picture.period_s_m = 0.5;
  picture.period_t_m = 0.3;
  picture.glow = 0.5;
  const int screen = model.Add(picture);
  const int casing = PaintMaterial(model, {0.02, 0.02, 0.022}, draws);
  auto& solids = piece.thing.solids;
  AddLegs(piece.thing, x, 0.32, 0.72, 0.025, wood);
  solids.push_back(Block({-x, 0.71, -0.33}, {x, 0.75, 0.33}, wood));
  solids.push_back(
      Block({x - 0.4, 0.1, -0.31}, {x - 0.04, 0.71, 0.31}, drawers));
  solids.push_back(Block({-0.10, 0.75, 0.05}, {0.10, 0.77, 0.22}, casing));
  solids.push_back(Block({-0.03, 0.76, 0.13}, {0.03, 0.9, 0.16}, casing));
  solids.push_back(Block({-0.27, 0.86, 0.10}, {0.27, 1.2, 0.13}, casing));
  solids.push_back(Block({-0.25, 0.88, 0.095}, {0.25, 1.18, 0.12}, screen));
  AddOrnament(model, draws, piece.thing, -0.75 * x, 0.75, 0.05);
  return piece;
}

}  // namespace bild
