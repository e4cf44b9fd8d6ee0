// Furnishes a room: floor, walls, ceiling, then pieces along the walls, pieces
// in the middle and things on the walls, until 8 to 16 of them are in view.

#include <cmath>
#include <vector>

#include "datasets/synthetic/furniture.h"
#include "datasets/synthetic/palette.h"
#include "datasets/synthetic/scene_model.h"

namespace bild {
namespace {

struct Rectangle {
  double low_x;
  double high_x;
  double low_z;
  double high_z;
};

bool Overlap(const Rectangle& a, const Rectangle& b, double margin) {
  return a.low_x < b.high_x + margin && b.low_x < a.high_x + margin &&
         a.low_z < b.high_z + margin && b.low_z < a.high_z + margin;
}

// Room for pieces on the floor, and along the walls above them.
class RoomPlan {
 public:
  RoomPlan(SceneModel& model, Draws& draws) : model_(model), draws_(draws) {}

  // Against the back, the left or the right wall; true where a place was found.
  bool PutAtWall(Piece piece) {
    for (int attempt = 0; attempt < 24; ++attempt) {
      const int wall = draws_.Int(0, 3);
      Turn(wall, &piece.thing);
      const double share = draws_.Range(0.0, 1.0);
      const Vec3& low = model_.backdrop.low;
      const Vec3& high = model_.backdrop.high;
      const double depth = piece.half_z_m + 0.03;
      const double side = piece.half_x_m + 0.03;
      if (wall == 1 || wall == 2) {
        const double z = Mix(low.z + 1.2 + side, high.z - side, share);
        piece.thing.place = {wall == 1 ? low.x + depth : high.x - depth, 0, z};
      } else {
        const double x = Mix(low.x + side, high.x - side, share);
        piece.thing.place = {x, 0, high.z - depth};
      }
      if (Keep(piece, 0.06)) return true;
    }
    return false;
  }

  // Anywhere on the floor, turned a little.
  bool PutInRoom(Piece piece, double margin) {
    for (int attempt = 0; attempt < 24; ++attempt) {
      const double slope = draws_.Range(-0.5, 0.5);
      const bool is_reversed = draws_.Chance(0.3);
      const double length =
          (is_reversed ? -1.0 : 1.0) * std::sqrt(1.0 + slope * slope);
      piece.thing.turn_cos = 1.0 / length;
      piece.thing.turn_sin = slope / length;
      const Vec3& low = model_.backdrop.low;
      const Vec3& high = model_.backdrop.high;
      const double reach = piece.half_x_m + piece.half_z_m;
      piece.thing.place = {
          draws_.Range(low.x + reach * 0.7, high.x - reach * 0.7), 0,
          draws_.Range(model_.camera.eye.z + 1.3, high.z - reach * 0.7)};
      if (Keep(piece, margin)) return true;
    }
    return false;
  }

  // A rug somewhere on the floor; pieces may stand on it.
  void PutRug(Piece piece) {
    const Vec3& low = model_.backdrop.low;
    const Vec3& high = model_.backdrop.high;
    piece.thing.place = {
        draws_.Range(low.x + piece.half_x_m, high.x - piece.half_x_m), 0,
        draws_.Range(model_.camera.eye.z + 1.2 + piece.half_z_m,
                     high.z - piece.half_z_m)};
    piece.thing.casts_shadow = false;
    model_.things.push_back(piece.thing);
  }

  // On a wall at a height where nothing hangs yet.
  bool PutOnWall(Piece piece, double centre_y) {
    for (int attempt = 0; attempt < 24; ++attempt) {
      const int wall = draws_.Int(0, 3);
      Turn(wall, &piece.thing);
      const double share = draws_.Range(0.0, 1.0);
      const Vec3& low = model_.backdrop.low;
      const Vec3& high = model_.backdrop.high;
      const double side = piece.half_x_m + 0.05;
      Rectangle stretch;  // Along the wall; the wall's number apart.
      if (wall == 1 || wall == 2) {
        const double z = Mix(low.z + 0.9 + side, high.z - side, share);
        piece.thing.place = {wall == 1 ? low.x : high.x, centre_y, z};
        stretch = {100.0 * wall, 100.0 * wall + 1, z - side, z + side};
      } else {
        const double x = Mix(low.x + side, high.x - side, share);
        piece.thing.place = {x, centre_y, high.z};
        stretch = {0.0, 1.0, x - side, x + side};
      }
      if (!IsInView(piece.thing.place)) continue;
      bool is_free = true;
      for (const Rectangle& other : hanging_) {
        if (Overlap(stretch, other, 0.05)) is_free = false;
      }
      if (!is_free) continue;
      hanging_.push_back(stretch);
      model_.things.push_back(piece.thing);
      return true;
    }
    return false;
  }

  bool IsInView(const Vec3& place) const {
    const Camera& camera = model_.camera;
    const double dx = place.x - camera.eye.x;
    const double dz = place.z - camera.eye.z;
    const double right = camera.turn_cos * dx - camera.turn_sin * dz;
    const double ahead = camera.turn_sin * dx + camera.turn_cos * dz;
    if (ahead < 0.9) return false;
    const double across = right / ahead * camera.focal;
    return across > -0.5 && across < 0.5;
  }

 private:
  // Walls: 0 and 3 the back (twice as likely), 1 left, 2 right. Fronts (-z of
  // the piece) look into the room.
  static void Turn(int wall, Thing* thing) {
    thing->turn_cos = wall == 1 || wall == 2 ? 0.0 : 1.0;
    thing->turn_sin = wall == 1 ? -1.0 : (wall == 2 ? 1.0 : 0.0);
  }

  bool Keep(const Piece& piece, double margin) {
    if (!IsInView(piece.thing.place)) return false;
    const double c = std::fabs(piece.thing.turn_cos);
    const double s = std::fabs(piece.thing.turn_sin);
    const double half_x = c * piece.half_x_m + s * piece.half_z_m;
    const double half_z = s * piece.half_x_m + c * piece.half_z_m;
    const Vec3& at = piece.thing.place;
    const Rectangle area{at.x - half_x, at.x + half_x, at.z - half_z,
                         at.z + half_z};
    const Vec3& low = model_.backdrop.low;
    const Vec3& high = model_.backdrop.high;
    if (area.low_x < low.x || area.high_x > high.x || area.high_z > high.z ||
        area.low_z < model_.camera.eye.z + 0.7) {
      return false;
    }
    for (const Rectangle& other : standing_) {
      if (Overlap(area, other, margin)) return false;
    }
    standing_.push_back(area);
    model_.things.push_back(piece.thing);
    return true;
  }

  SceneModel& model_;
  Draws& draws_;
  std::vector<Rectangle> standing_;
  std::vector<Rectangle> hanging_;
};

void BuildShell(SceneModel& model, Draws& draws) {
  Backdrop& backdrop = model.backdrop;
  backdrop.is_room = true;
  const double width = draws.Range(3.4, 5.4);
  const double depth = draws.Range(3.8, 6.0);
  const double height = draws.Range(2.4, 2.9);
  backdrop.low = {-0.5 * width, 0, 0};
  backdrop.high = {0.5 * width, height, depth};

  Material floor;
  const int floor_kind = draws.Int(0, 4);
  floor.pattern = floor_kind <= 1   ? Pattern::kPlanks
                  : floor_kind == 2 ? Pattern::kTiles
                  : floor_kind == 3 ? Pattern::kChecks
                                    : Pattern::kPlain;
  const bool is_wooden = floor_kind <= 1;
  floor.base = PickColour(
      is_wooden ? Palette::kIndoorWood
                : (floor_kind == 4 ? Palette::kIndoorFabrics : Palette::kStone),
      draws);
  floor.second =
      is_wooden ? floor.base * 0.4 : PickColour(Palette::kStone, draws);
  if (floor_kind == 3) floor.second = floor.base * 0.35;
  floor.period_s_m =
      is_wooden ? draws.Range(0.09, 0.18) : draws.Range(0.25, 0.5);
  floor.period_t_m = is_wooden ? draws.Range(0.9, 1.6) : floor.period_s_m;
  floor.noise = floor_kind == 4 ? 0.45 : 0.28;
  floor.noise_m = 0.6;
  floor.octaves = 6;
  floor.speckle = floor_kind == 4 ? 0.25 : 0.06;
  floor.seed = draws.NoiseSeed();
  backdrop.materials[kFloorSurface] = model.Add(floor);

  Material wall;
  const int wall_kind = draws.Int(0, 5);
  wall.base = PickColour(Palette::kIndoorWalls, draws);
  wall.second = wall.base * draws.Range(0.72, 0.88);
  wall.pattern = wall_kind == 0   ? Pattern::kStripes
                 : wall_kind == 1 ? Pattern::kBricks
                                  : Pattern::kPlain;
  if (wall_kind == 1) wall.base = PickColour(Palette::kStreet, draws);
  wall.period_s_m = wall_kind == 1 ? 0.24 : draws.Range(0.12, 0.3);
  wall.period_t_m = 0.085;
  wall.noise = 0.16;
  wall.noise_m = 1.1;
  wall.octaves = 7;
  wall.speckle = 0.04;
  wall.seed = draws.NoiseSeed();
  const int back = model.Add(wall);
  // The side walls as the back one, or in a paint of their own.
  wall.pattern = Pattern::kPlain;
  if (draws.Chance(0.5)) wall.base = PickColour(Palette::kIndoorWalls, draws);
  wall.seed = draws.NoiseSeed();
  const int sides = model.Add(wall);
  Material ceiling;
  ceiling.pattern = draws.Chance(0.35) ? Pattern::kTiles : Pattern::kPlain;
  ceiling.base = {0.66, 0.65, 0.62};
  ceiling.second = {0.38, 0.37, 0.36};
  ceiling.period_s_m = 0.6;
  ceiling.period_t_m = 0.6;
  ceiling.noise = 0.1;
  ceiling.noise_m = 1.0;
  ceiling.speckle = 0.08;
  ceiling.seed = draws.NoiseSeed();
  backdrop.materials[0] = sides;
  backdrop.materials[1] = sides;
  backdrop.materials[3] = model.Add(ceiling);
  backdrop.materials[4] = back;
  backdrop.materials[5] = back;

  // Skirting boards.
  const int board = draws.Chance(0.5)
                        ? PaintMaterial(model, {0.60, 0.58, 0.54}, draws)
                        : WoodMaterial(model, draws, Pattern::kPlain);
  const Vec3& low = backdrop.low;
  const Vec3& high = backdrop.high;
  Thing skirting;
  skirting.casts_shadow = false;
  skirting.solids = {
      Block({low.x, 0, high.z - 0.02}, {high.x, 0.10, high.z}, board),
      Block({low.x, 0, low.z}, {low.x + 0.02, 0.10, high.z}, board),
      Block({high.x - 0.02, 0, low.z}, {high.x, 0.10, high.z}, board)};
  model.things.push_back(skirting);
}

void BuildLight(SceneModel& model, Draws& draws) {
  const Vec3& low = model.backdrop.low;
  const Vec3& high = model.backdrop.high;
  Lighting& light = model.lighting;
  const double x = draws.Range(low.x * 0.4, high.x * 0.4);
  const double z = Mix(low.z, high.z, draws.Range(0.3, 0.65));
  light.main = {x, high.y - 0.45, z};
  light.main_size = 0.16;
  const double warmth = draws.Range(0.0, 1.0);
  const double strength = draws.Range(2.6, 4.2);
  light.main_colour =
      Mix(Rgb{1.0, 0.98, 0.94}, Rgb{1.0, 0.86, 0.66}, warmth) * strength;
  light.ambient = Mix(Rgb{0.30, 0.31, 0.33}, Rgb{0.34, 0.30, 0.26}, warmth) *
                  draws.Range(0.7, 1.1);
  const double side = draws.Sign();
  light.fill = {side < 0 ? low.x : high.x, 1.5, Mix(low.z, high.z, 0.4)};
  light.fill_colour = Rgb{0.86, 0.95, 1.0} * draws.Range(0.0, 2.0);

  // The lamp that is seen: a shade on a rod.
  Material glass;
  glass.base = {1.0, 0.93, 0.8};
  glass.glow = 1.0;
  glass.noise = 0.04;
  const int bright = model.Add(glass);
  const int rod = PaintMaterial(model, {0.05, 0.05, 0.05}, draws);
  Thing lamp;
  lamp.casts_shadow = false;
  lamp.solids = {
      Ellipsoid(light.main, {0.2, 0.11, 0.2}, bright),
      Cylinder({light.main.x, light.main.y, light.main.z}, 0.015, 0.45, rod)};
  model.things.push_back(lamp);
}

Piece MakeWallPiece(SceneModel& model, Draws& draws) {
  switch (draws.Int(0, 8)) {
    case 0:
    case 1:
    case 2:
      return MakeCupboard(model, draws);
    case 3:
      return MakeBookshelf(model, draws);
    case 4:
      return MakeDesk(model, draws);
    case 5:
      return MakeBed(model, draws);
    case 6:
      return MakeFloorLamp(model, draws);
    default:
      return MakeSofa(model, draws);
  }
}

Piece MakeLoosePiece(SceneModel& model, Draws& draws) {
  switch (draws.Int(0, 6)) {
    case 0:
    case 1:
      return MakeChair(model, draws);
    case 2:
      return MakePouf(model, draws);
    case 3:
      return MakeCartons(model, draws);
    case 4:
      return MakePlant(model, draws);
    default:
      return MakeTable(model, draws);
  }
}

}  // namespace

SceneModel BuildRoom(Draws& draws) {
  SceneModel model;
  BuildShell(model, draws);
  BuildLight(model, draws);
  Camera& camera = model.camera;
  const double half_width = model.backdrop.high.x;
  camera.eye = {draws.Range(-0.45, 0.45) * half_width, draws.Range(1.25, 1.65),
                0.2};
  // Looks towards the middle of the room, more or less.
  const double slope =
      draws.Range(-0.28, 0.28) - 0.8 * camera.eye.x / model.backdrop.high.z;
  const double length = std::sqrt(1.0 + slope * slope);
  camera.turn_cos = 1.0 / length;
  camera.turn_sin = slope / length;
  camera.focal = draws.Range(0.72, 0.92);
  camera.horizon = draws.Range(0.30, 0.44);
  model.mean_srgb = draws.Range(0.34, 0.52);

  RoomPlan plan(model, draws);
  if (draws.Chance(0.6)) plan.PutOnWall(MakeDoor(model, draws), 0.0);
  const int windows = draws.Int(0, 2);
  for (int i = 0; i < windows; ++i) {
    plan.PutOnWall(MakeWindow(model, draws), 1.55);
  }
  if (draws.Chance(0.65)) plan.PutRug(MakeRug(model, draws));
  const int along_walls = draws.Int(3, 5);
  for (int i = 0; i < along_walls; ++i) {
    plan.PutAtWall(MakeWallPiece(model, draws));
  }
  const int loose = draws.Int(3, 6);
  for (int i = 0; i < loose; ++i) {
    plan.PutInRoom(MakeLoosePiece(model, draws), 0.02);
  }
  const int pictures = draws.Int(1, 3);
  for (int i = 0; i < pictures; ++i) {
    const double y = draws.Range(1.45, 1.75);
    plan.PutOnWall(draws.Chance(0.7) ? MakePicture(model, draws)
                                     : MakeWallBoard(model, draws),
                   y);
  }
  return model;
}

}  // namespace bild
