// Which solids can lie between a place and the sun.

#ifndef DATASETS_SYNTHETIC_SHADOW_GRID_H_
#define DATASETS_SYNTHETIC_SHADOW_GRID_H_

#include <cstddef>
#include <vector>

#include "datasets/synthetic/solids.h"

namespace bild {

// All rays towards the sun are parallel, so each is known by where it leaves
// the ground, and a solid is met only by those that leave it from the solid's
// shadow. The grid over the ground lists, cell by cell, whose shadow reaches
// there: two or three instead of all. It decides what is tried, never what is
// found.
class ShadowGrid {
 public:
  // `things` must outlive this. `towards` points to the sun, y > 0.
  ShadowGrid(const std::vector<PlacedThing>& things, const Vec3& towards);

  const Vec3& towards() const { return towards_; }

  // Whether a solid that casts a shadow lies beyond `least_reach` on the way
  // from `place` to the sun.
  bool IsHidden(const Vec3& place, double least_reach) const;

 private:
  struct SolidId {
    size_t thing;
    size_t solid;
  };
  struct Cells {
    size_t left;
    size_t right;  // Both ends included.
    size_t near;
    size_t far;
  };

  // Where the ray through a place meets the ground; only x and z.
  Vec3 OnGround(const Vec3& place) const;
  Cells CellsOf(const Vec3& low, const Vec3& high) const;

  const std::vector<PlacedThing>& things_;
  Vec3 towards_;
  std::vector<LocalRay> local_towards_;  // In the frame of each thing.
  Vec3 low_;                             // Of all shadows on the ground.
  Vec3 high_;
  double cells_per_m_x_ = 0;
  double cells_per_m_z_ = 0;
  // Of cell c: ids_[starts_[c]] up to ids_[starts_[c + 1]], in the order of
  // the things.
  std::vector<size_t> starts_;
  std::vector<SolidId> ids_;
};

}  // namespace bild

#endif  // DATASETS_SYNTHETIC_SHADOW_GRID_H_
