// Looks into a scene model: colour, reach and surface along one ray.

#ifndef DATASETS_SYNTHETIC_RENDERER_H_
#define DATASETS_SYNTHETIC_RENDERER_H_

#include <cstddef>
#include <vector>

#include "datasets/synthetic/scene_model.h"
#include "datasets/synthetic/shadow_grid.h"

namespace bild {

struct Sample {
  Rgb linear;             // Before exposure; >= 0.
  double reach = -1;      // Metres along the camera's axis; negative: sky.
  double sky_height = 0;  // Of the sky only: 0 horizon, 1 zenith.
  int surface = -1;
};

// Not thread-safe: one renderer per thread.
class Renderer {
 public:
  // Parts of it refer to one another.
  Renderer(const Renderer&) = delete;
  Renderer& operator=(const Renderer&) = delete;

  // The picture's sides in units of the longer one. `model` must outlive this.
  Renderer(const SceneModel& model, double width, double height);

  // Restricts Look to a rectangle of the picture (shares of its width and
  // height), where fewer things need to be tried.
  void PrepareTile(double left, double top, double right, double bottom);

  // What is seen at (u, v), shares of width and height from the top left.
  // `light` (0...3) picks a point of the lamp; `sample_spacing`, in longer
  // sides, is the distance to the next sample and decides the finest detail.
  Sample Look(double u, double v, int light, double sample_spacing) const;

 private:
  // Where a solid can be seen, in shares of the picture, and from which depth
  // on, in lengths of a ray's direction.
  struct Outline {
    double left;
    double top;
    double right;
    double bottom;
    double nearest;

    bool Holds(double u, double v) const {
      return u >= left && u <= right && v >= top && v <= bottom;
    }
  };

  Ray RayThrough(double u, double v) const;
  Outline OutlineOf(const PlacedThing& placed, const Box& box) const;
  // The nearest of the things in the tile along the ray through (u, v).
  void MeetThings(double u, double v, const Ray& ray, Hit* hit) const;
  void MeetBackdrop(const Ray& ray, Hit* hit) const;
  Rgb Light(const Vec3& place, const Vec3& normal, int light) const;
  double Openness(const Vec3& place, const Vec3& normal) const;
  // What the lamp, or the sun, is at when seen as point `light` of it.
  Vec3 MainLight(int light) const;
  bool IsLit(const Vec3& place, const Vec3& towards, double reach) const;

  const SceneModel& model_;
  double width_;
  double height_;
  std::vector<PlacedThing> things_;
  std::vector<Vec3> eyes_;       // The camera in the frame of each thing.
  std::vector<ShadowGrid> sun_;  // Outside: for each point of the sun.
  struct OutlinedSolid {
    size_t solid;
    Outline outline;
  };
  // A thing and those of its solids that may be seen, the nearest first.
  struct OutlinedThing {
    size_t thing;
    std::vector<OutlinedSolid> solids;

    double nearest() const { return solids.front().outline.nearest; }
  };
  std::vector<OutlinedThing> outlined_;
  std::vector<OutlinedThing> in_tile_;  // Of them, the nearest first.
};

}  // namespace bild

#endif  // DATASETS_SYNTHETIC_RENDERER_H_
