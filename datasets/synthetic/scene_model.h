// A synthetic scene before it is drawn: camera, bodies, materials, light.

#ifndef DATASETS_SYNTHETIC_SCENE_MODEL_H_
#define DATASETS_SYNTHETIC_SCENE_MODEL_H_

#include <array>
#include <vector>

#include "datasets/synthetic/draws.h"
#include "datasets/synthetic/material.h"
#include "datasets/synthetic/solids.h"

namespace bild {

// A pinhole that looks along z, turned about the vertical, with the horizon
// shifted instead of tilted, so that uprights stay upright.
struct Camera {
  Vec3 eye;
  double turn_cos = 1.0;
  double turn_sin = 0.0;
  double focal = 0.9;     // In longer sides of the picture.
  double horizon = 0.45;  // Height of the horizon, 0 the top, 1 the bottom.
};

// What is behind everything: the inside of a room, or open ground and sky.
struct Backdrop {
  bool is_room = true;
  Vec3 low;  // Of the room.
  Vec3 high;
  // x low, x high, floor, ceiling, z low, z high; open ground uses the floor.
  std::array<int, 6> materials{};
  Sky sky;
};
inline constexpr int kFloorSurface = 2;
inline constexpr int kSkySurface = 6;
inline constexpr int kFirstThingSurface = 7;

struct Lighting {
  Rgb ambient;
  // A lamp in a room (metres), or the direction towards the sun outside.
  Vec3 main;
  Rgb main_colour;
  double main_size = 0.2;  // Half the width of the lamp, for soft shadows.
  // Daylight from a window, without shadows; black where there is none.
  Vec3 fill;
  Rgb fill_colour;
};

struct SceneModel {
  Camera camera;
  Backdrop backdrop;
  Lighting lighting;
  std::vector<Material> materials;
  std::vector<Thing> things;
  double mean_srgb = 0.42;  // Brightness that the exposure aims at.

  int Add(const Material& material) {
    materials.push_back(material);
    return static_cast<int>(materials.size()) - 1;
  }
};

// A furnished room seen from one end: `like` its.
SceneModel BuildRoom(Draws& draws);

// A street with houses, trees, cars and people under a sky: `like` ots.
SceneModel BuildStreet(Draws& draws);

// A garden or park with trees, hedges and benches: `like` ohaze and nhhaze.
SceneModel BuildGarden(Draws& draws);

}  // namespace bild

#endif  // DATASETS_SYNTHETIC_SCENE_MODEL_H_
