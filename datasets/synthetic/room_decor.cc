#include "datasets/synthetic/furniture.h"
#include "datasets/synthetic/palette.h"

namespace bild {

Material WoodLook(Draws& draws, Pattern pattern) {
  Material wood;
  wood.pattern = pattern;
  wood.base = PickColour(Palette::kIndoorWood, draws);
  wood.second = PickColour(Palette::kIndoorWood, draws);
  wood.period_s_m = pattern == Pattern::kPlanks ? 0.13 : draws.Range(0.4, 0.6);
  wood.period_t_m = pattern == Pattern::kPlanks ? 1.2 : draws.Range(0.3, 0.9);
  wood.noise = 0.22;
  wood.noise_m = 0.35;
  wood.seed = draws.NoiseSeed();
  return wood;
}

int WoodMaterial(SceneModel& model, Draws& draws, Pattern pattern) {
  return model.Add(WoodLook(draws, pattern));
}

int FabricMaterial(SceneModel& model, Draws& draws) {
  Material fabric;
  const int kind = draws.Int(0, 3);
  fabric.pattern = kind == 0   ? Pattern::kStripes
                   : kind == 1 ? Pattern::kChecks
                               : Pattern::kPlain;
  fabric.base = PickColour(Palette::kIndoorFabrics, draws);
  fabric.second = PickColour(Palette::kIndoorFabrics, draws);
  fabric.period_s_m = draws.Range(0.06, 0.2);
  fabric.period_t_m = fabric.period_s_m;
  fabric.noise = 0.35;
  fabric.noise_m = 0.25;
  fabric.speckle = 0.18;
  fabric.seed = draws.NoiseSeed();
  return model.Add(fabric);
}

int PaintMaterial(SceneModel& model, const Rgb& linear, Draws& draws) {
  Material paint;
  paint.base = linear;
  paint.noise = 0.12;
  paint.noise_m = 0.3;
  paint.octaves = 4;
  paint.seed = draws.NoiseSeed();
  return model.Add(paint);
}

void AddOrnament(SceneModel& model, Draws& draws, Thing& thing, double x,
                 double height, double z) {
  const int kind = draws.Int(0, 6);
  const Rgb colour = PickColour(Palette::kIndoorFabrics, draws);
  const int glaze = PaintMaterial(model, colour, draws);
  if (kind <= 1) {
    const double size = draws.Range(0.07, 0.13);
    thing.solids.push_back(Ellipsoid({x, height + size * 1.2, z},
                                     {size, size * 1.2, size}, glaze));
    thing.solids.push_back(
        Cylinder({x, height + size * 2.0, z}, size * 0.4, size, glaze));
  } else if (kind <= 3) {
    for (int i = 0; i < 3; ++i) {
      const Rgb cover = PickColour(Palette::kIndoorFabrics, draws);
      const double half = draws.Range(0.09, 0.15);
      const double low = height + 0.04 * i;
      thing.solids.push_back(Block({x - half, low, z - 0.1},
                                   {x + half, low + 0.037, z + 0.1},
                                   PaintMaterial(model, cover, draws)));
    }
  } else if (kind == 4) {
    Material shade;
    shade.base = {0.95, 0.80, 0.52};
    shade.glow = 0.7;
    shade.noise = 0.05;
    thing.solids.push_back(Cylinder({x, height, z}, 0.025, 0.25, glaze));
    thing.solids.push_back(Tapered({x - 0.15, height + 0.22, z - 0.15},
                                   {x + 0.15, height + 0.45, z + 0.15}, 0.6,
                                   0.6, model.Add(shade)));
  } else {
    thing.solids.push_back(
        Ellipsoid({x, height + 0.06, z}, {0.15, 0.06, 0.15}, glaze));
  }
}

Piece MakeFloorLamp(SceneModel& model, Draws& draws) {
  Piece piece;
  piece.half_x_m = 0.22;
  piece.half_z_m = 0.22;
  const double height = draws.Range(1.35, 1.7);
  const int metal = PaintMaterial(model, {0.03, 0.03, 0.03}, draws);
  Material shade;
  shade.base = {0.95, 0.78, 0.50};
  shade.glow = 0.75;
  shade.noise = 0.05;
  const int bright = model.Add(shade);
  auto& solids = piece.thing.solids;
  solids.push_back(Cylinder({0, 0, 0}, 0.16, 0.03, metal));
  solids.push_back(Cylinder({0, 0, 0}, 0.018, height - 0.25, metal));
  Solid cone = Tapered({-0.22, height - 0.32, -0.22}, {0.22, height, 0.22}, 0.6,
                       0.6, bright);
  solids.push_back(cone);
  return piece;
}

Piece MakePlant(SceneModel& model, Draws& draws) {
  Piece piece;
  piece.half_x_m = 0.3;
  piece.half_z_m = 0.3;
  const double size = draws.Range(0.8, 1.3);
  const Rgb clay = PickColour(Palette::kStone, draws);
  const int pot = PaintMaterial(model, clay * Rgb{1.1, 0.7, 0.5}, draws);
  Material leaf;
  leaf.pattern = Pattern::kLeaves;
  leaf.base = PickColour(Palette::kFoliage, draws);
  leaf.second = PickColour(Palette::kFoliage, draws);
  leaf.noise = 0.3;
  leaf.noise_m = 0.08;
  leaf.period_s_m = 0.1;
  leaf.seed = draws.NoiseSeed();
  const int leaves = model.Add(leaf);
  auto& solids = piece.thing.solids;
  solids.push_back(
      Tapered({-0.15, 0, -0.15}, {0.15, 0.3 * size, 0.15}, 1.0, 1.0, pot));
  for (int i = 0; i < 7; ++i) {
    const Vec3 centre{draws.Range(-0.2, 0.2) * size,
                      draws.Range(0.4, 0.95) * size,
                      draws.Range(-0.2, 0.2) * size};
    const Vec3 radii{draws.Range(0.1, 0.2) * size,
                     draws.Range(0.10, 0.22) * size,
                     draws.Range(0.1, 0.2) * size};
    Solid tuft = Ellipsoid(centre, radii, leaves);
    tuft.ragged = 1.1;
    tuft.seed = draws.NoiseSeed();
    solids.push_back(tuft);
  }
  return piece;
}

Piece MakePouf(SceneModel& model, Draws& draws) {
  Piece piece;
  const double radius = draws.Range(0.22, 0.36);
  piece.half_x_m = radius;
  piece.half_z_m = radius;
  const int cloth = FabricMaterial(model, draws);
  auto& solids = piece.thing.solids;
  if (draws.Chance(0.5)) {
    const double height = draws.Range(0.32, 0.45);
    solids.push_back(Cylinder({0, 0, 0}, radius, height, cloth));
    solids.push_back(Ellipsoid({0, height, 0}, {radius, 0.05, radius}, cloth));
  } else {
    solids.push_back(
        Ellipsoid({0, radius, 0}, {radius, radius, radius}, cloth));
  }
  return piece;
}

Piece MakeCartons(SceneModel& model, Draws& draws) {
  Piece piece;
  piece.half_x_m = draws.Range(0.22, 0.34);
  piece.half_z_m = draws.Range(0.2, 0.3);
  Material board;
  board.base = ToLinear({0.66, 0.50, 0.34});
  board.noise = 0.25;
  board.noise_m = 0.2;
  board.seed = draws.NoiseSeed();
  const int carton = model.Add(board);
  const int paint =
      PaintMaterial(model, PickColour(Palette::kPaint, draws), draws);
  const double x = piece.half_x_m;
  const double z = piece.half_z_m;
  const double height = draws.Range(0.3, 0.5);
  auto& solids = piece.thing.solids;
  solids.push_back(Block({-x, 0, -z}, {x, height, z}, carton));
  solids.push_back(
      Block({-0.04, 0.001, -z - 0.002}, {0.04, height + 0.002, z}, paint));
  if (draws.Chance(0.6)) {
    const double shift = draws.Range(-0.06, 0.06);
    const double share = draws.Range(0.55, 0.85);
    const double top = height + draws.Range(0.2, 0.36);
    solids.push_back(Block({shift - x * share, height, -z * share},
                           {shift + x * share, top, z * share},
                           draws.Chance(0.5) ? carton : paint));
  }
  return piece;
}

Piece MakeRug(SceneModel& model, Draws& draws) {
  Piece piece;
  piece.half_x_m = draws.Range(0.7, 1.3);
  piece.half_z_m = draws.Range(0.5, 0.9);
  const int border = FabricMaterial(model, draws);
  const int field = FabricMaterial(model, draws);
  const double x = piece.half_x_m;
  const double z = piece.half_z_m;
  auto& solids = piece.thing.solids;
  if (draws.Chance(0.4)) {
    Solid outer = Cylinder({0, 0, 0}, 1.0, 0.010, border);
    outer.low = {-x, 0, -z};
    outer.high = {x, 0.010, z};
    Solid inner = outer;
    inner.low = {-0.8 * x, 0, -0.8 * z};
    inner.high = {0.8 * x, 0.014, 0.8 * z};
    inner.material = field;
    inner.top_material = field;
    solids.push_back(outer);
    solids.push_back(inner);
  } else {
    solids.push_back(Block({-x, 0, -z}, {x, 0.010, z}, border));
    solids.push_back(
        Block({-x + 0.15, 0, -z + 0.15}, {x - 0.15, 0.014, z - 0.15}, field));
  }
  return piece;
}

Piece MakePicture(SceneModel& model, Draws& draws) {
  Piece piece;
  const double x = draws.Range(0.2, 0.55);
  const double y = draws.Range(0.2, 0.4);
  piece.half_x_m = x;
  const int frame = WoodMaterial(model, draws, Pattern::kPlain);
  Material painting;
  painting.pattern = Pattern::kPicture;
  painting.base = PickColour(Palette::kFoliage, draws);
  painting.second = PickColour(Palette::kIndoorFabrics, draws);
  painting.period_s_m = 2 * (x - 0.04);
  painting.period_t_m = 2 * (y - 0.04);
  painting.seed = draws.NoiseSeed();
  auto& solids = piece.thing.solids;
  solids.push_back(Block({-x, -y, -0.03}, {x, y, 0}, frame));
  solids.push_back(Block({-x + 0.04, -y + 0.04, -0.035},
                         {x - 0.04, y - 0.04, 0}, model.Add(painting)));
  return piece;
}

Piece MakeWindow(SceneModel& model, Draws& draws) {
  Piece piece;
  const double x = draws.Range(0.5, 0.95);
  const double y = draws.Range(0.5, 0.65);
  piece.half_x_m = x + 0.25;
  const int frame = PaintMaterial(model, {0.62, 0.61, 0.58}, draws);
  Material view;
  view.pattern = Pattern::kWindow;
  view.base = {0.62, 0.61, 0.58};
  view.second = PickColour(Palette::kFoliage, draws);
  view.period_s_m = 2 * (x - 0.05) / draws.Int(1, 3);
  view.period_t_m = 2 * (y - 0.05) / draws.Int(1, 2);
  view.noise = 0;
  view.glow = 0.9;
  view.seed = draws.NoiseSeed();
  auto& solids = piece.thing.solids;
  solids.push_back(Block({-x, -y, -0.04}, {x, y, 0}, frame));
  solids.push_back(Block({-x + 0.05, -y + 0.05, -0.045},
                         {x - 0.05, y - 0.05, 0}, model.Add(view)));
  solids.push_back(
      Block({-x - 0.06, -y - 0.05, -0.14}, {x + 0.06, -y, 0}, frame));
  if (draws.Chance(0.6)) {
    Material cloth;
    cloth.pattern = Pattern::kCurtain;
    cloth.base = PickColour(Palette::kIndoorFabrics, draws);
    cloth.seed = draws.NoiseSeed();
    const int curtain = model.Add(cloth);
    const double low = -y - draws.Range(0.1, 0.7);
    solids.push_back(
        Block({-x - 0.25, low, -0.12}, {-x + 0.15, y + 0.12, -0.05}, curtain));
    solids.push_back(
        Block({x - 0.15, low, -0.12}, {x + 0.25, y + 0.12, -0.05}, curtain));
  }
  return piece;
}

Piece MakeWallBoard(SceneModel& model, Draws& draws) {
  Piece piece;
  const double x = draws.Range(0.35, 0.7);
  piece.half_x_m = x;
  const int wood = WoodMaterial(model, draws, Pattern::kPlain);
  auto& solids = piece.thing.solids;
  solids.push_back(Block({-x, -0.03, -0.22}, {x, 0, 0}, wood));
  const int ornaments = draws.Int(2, 3);
  for (int i = 0; i < ornaments; ++i) {
    const double at = -x + 2 * x * (i + 0.5) / ornaments;
    AddOrnament(model, draws, piece.thing, at, 0.0, -0.11);
  }
  return piece;
}

Piece MakeDoor(SceneModel& model, Draws& draws) {
  Piece piece;
  const double x = draws.Range(0.40, 0.46);
  piece.half_x_m = x + 0.08;
  Material panels = WoodLook(draws, Pattern::kPanels);
  if (draws.Chance(0.5)) panels.base = PickColour(Palette::kIndoorWalls, draws);
  panels.second = {0.55, 0.48, 0.30};
  panels.period_s_m = 2 * x;
  panels.period_t_m = 0.68;
  const int leaf = model.Add(panels);
  const int frame = PaintMaterial(model, panels.base * 0.75, draws);
  auto& solids = piece.thing.solids;
  solids.push_back(Block({-x - 0.08, 0, -0.03}, {x + 0.08, 2.12, 0}, frame));
  solids.push_back(Block({-x, 0, -0.045}, {x, 2.04, 0}, leaf));
  return piece;
}

}  // namespace bild
