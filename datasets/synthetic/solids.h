// The bodies of the synthetic scenes and where rays meet them.
//
// World: metres, x to the right, y up, z into the picture, floor at y = 0.

#ifndef DATASETS_SYNTHETIC_SOLIDS_H_
#define DATASETS_SYNTHETIC_SOLIDS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "datasets/synthetic/exact_math.h"

namespace bild {

struct Ray {
  Vec3 origin;
  Vec3 direction;  // Any length; places are origin + direction * reach.
};

enum class SolidKind {
  kBlock,      // A box, or a frustum or roof where it tapers. Convex polygons.
  kEllipsoid,  // Of the given bounding box.
  kCylinder,   // Upright, elliptic, with a lid.
};

// A convex body in the frame of its thing.
struct Solid {
  SolidKind kind = SolidKind::kBlock;
  Vec3 low;  // Corners of the bounding box.
  Vec3 high;
  // Size of a block's top relative to its bottom: 1, 1 a box; 0, 1 a gable
  // roof; 0, 0 a pyramid.
  double taper_x = 1.0;
  double taper_z = 1.0;
  int material = 0;      // Index into the scene's materials.
  int top_material = 0;  // Of the lid.
  // Leaves: share by which noise eats into an ellipsoid's outline, 0 none.
  double ragged = 0.0;
  uint32_t seed = 0;
};

// Solids that stand and turn together: a table, a tree, a house.
struct Thing {
  std::vector<Solid> solids;
  Vec3 place;
  // Turned about the vertical: world = place + (c x + s z, y, c z - s x).
  double turn_cos = 1.0;
  double turn_sin = 0.0;
  bool casts_shadow = true;
};

// Where a ray first meets a solid.
struct Hit {
  double reach = 0;  // In lengths of the ray's direction.
  Vec3 normal;       // Outwards, of length 1, in world coordinates.
  double s = 0;      // Place on the surface, metres, for the pattern.
  double t = 0;
  int material = -1;
  int surface = -1;  // Which solid, or face of the backdrop.
};

struct Box {
  Vec3 low;
  Vec3 high;
};

// A thing made ready for tracing.
struct PlacedThing {
  Thing thing;
  Box box;                 // Around everything, in the frame of the thing.
  std::vector<Box> boxes;  // Around each solid, likewise.
  Vec3 centre;             // Of the bounding sphere, world.
  double radius = 0;
  int first_surface = 0;  // Solid i is surface first_surface + i.
};
PlacedThing Place(const Thing& thing, int first_surface);

// Corner 0 to 7 of a box in the frame of the thing, in world coordinates.
Vec3 CornerOf(const PlacedThing& placed, const Box& box, int corner);

// Reaches that matter; both ends lie outside.
struct Range {
  double least;
  double most;

  bool Holds(double reach) const { return reach > least && reach < most; }
};

// A ray in the frame of a thing with what the boxes there ask of it.
struct LocalRay {
  Ray ray;
  Vec3 per_direction;  // 1 / direction; huge where that is 0.
};
LocalRay IntoFrame(const PlacedThing& placed, const Ray& ray);
// The same in parts, for rays that share their origin or their direction.
Vec3 PlaceIntoFrame(const PlacedThing& placed, const Vec3& place);
LocalRay DirectionIntoFrame(const PlacedThing& placed, const Vec3& direction);

// Replaces `nearest` where a solid of the thing is met nearer than
// nearest->reach and farther than `least_reach`. Of two that are met at the
// same place it is the one with the lower surface, in whatever order they are
// tried.
void Intersect(const PlacedThing& placed, size_t solid, const LocalRay& local,
               double least_reach, Hit* nearest);

// Whether one solid of the thing is met within the range.
bool IsSolidMet(const PlacedThing& placed, size_t solid, const LocalRay& local,
                const Range& range);

// Whether anything of the thing lies between `least_reach` and `reach`.
bool IsHidden(const PlacedThing& placed, const Ray& ray, double least_reach,
              double reach);

// Convenience for builders.
Solid Block(const Vec3& low, const Vec3& high, int material);
Solid Tapered(const Vec3& low, const Vec3& high, double taper_x, double taper_z,
              int material);
Solid Ellipsoid(const Vec3& centre, const Vec3& radii, int material);
Solid Cylinder(const Vec3& foot, double radius_m, double height_m,
               int material);

}  // namespace bild

#endif  // DATASETS_SYNTHETIC_SOLIDS_H_
