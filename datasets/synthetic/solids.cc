#include "datasets/synthetic/solids.h"

#include <algorithm>
#include <cmath>

#include "datasets/synthetic/integer_noise.h"

namespace bild {
namespace {

// A meeting in the frame of the thing.
struct LocalHit {
  double reach;
  Vec3 normal;
  double s;
  double t;
  bool is_top;
};

struct HalfSpace {
  Vec3 normal;  // Points p with normal . p <= offset are inside.
  double offset;
};

Vec3 At(const Ray& ray, double reach) {
  return ray.origin + ray.direction * reach;
}

bool MeetBlock(const Solid& solid, const Ray& ray, LocalHit* hit) {
  const double half_x = 0.5 * (solid.high.x - solid.low.x);
  const double half_z = 0.5 * (solid.high.z - solid.low.z);
  const double height = solid.high.y - solid.low.y;
  const Vec3 foot{0.5 * (solid.high.x + solid.low.x), solid.low.y,
                  0.5 * (solid.high.z + solid.low.z)};
  const double lean_x = half_x * (1.0 - solid.taper_x) / height;
  const double lean_z = half_z * (1.0 - solid.taper_z) / height;
  const HalfSpace faces[6] = {
      {{1, lean_x, 0}, half_x}, {{-1, lean_x, 0}, half_x},
      {{0, 1, 0}, height},      {{0, -1, 0}, 0},
      {{0, lean_z, 1}, half_z}, {{0, lean_z, -1}, half_z}};
  const Vec3 origin = ray.origin - foot;
  double enter = -1e30;
  double leave = 1e30;
  int entered = -1;
  for (int face = 0; face < 6; ++face) {
    const double approach = Dot(faces[face].normal, ray.direction);
    const double room = faces[face].offset - Dot(faces[face].normal, origin);
    if (approach == 0) {
      if (room < 0) return false;
    } else {
      const double reach = room / approach;
      if (approach < 0) {
        if (reach > enter) {
          enter = reach;
          entered = face;
        }
      } else if (reach < leave) {
        leave = reach;
      }
    }
    if (enter > leave) return false;
  }
  if (entered < 0) return false;
  const Vec3 p = At(ray, enter) - solid.low;
  hit->reach = enter;
  hit->normal = Normalized(faces[entered].normal);
  hit->is_top = entered == 2;
  hit->s = entered < 2 ? p.z : p.x;
  hit->t = entered == 2 || entered == 3 ? p.z : p.y;
  return true;
}

// The ray in coordinates where the solid has radius 1 about the origin.
Ray Rescaled(const Ray& ray, const Vec3& centre, const Vec3& radii) {
  const Vec3 o = ray.origin - centre;
  return {{o.x / radii.x, o.y / radii.y, o.z / radii.z},
          {ray.direction.x / radii.x, ray.direction.y / radii.y,
           ray.direction.z / radii.z}};
}

bool MeetEllipsoid(const Solid& solid, const Ray& ray, LocalHit* hit) {
  const Vec3 centre = (solid.low + solid.high) * 0.5;
  const Vec3 radii = (solid.high - solid.low) * 0.5;
  const Ray unit = Rescaled(ray, centre, radii);
  const double a = Dot(unit.direction, unit.direction);
  const double b = Dot(unit.origin, unit.direction);
  const double c = Dot(unit.origin, unit.origin) - 1.0;
  const double root = b * b - a * c;
  if (root <= 0) return false;
  const double reach = (-b - std::sqrt(root)) / a;
  const Vec3 p = At(unit, reach);
  hit->reach = reach;
  hit->normal = Normalized({p.x / radii.x, p.y / radii.y, p.z / radii.z});
  hit->is_top = false;
  // The pattern is laid on from the side that the surface faces most.
  const Vec3 q{p.x * radii.x, p.y * radii.y, p.z * radii.z};
  const double wide = std::fabs(hit->normal.x);
  const double high = std::fabs(hit->normal.y);
  const double deep = std::fabs(hit->normal.z);
  const bool is_end = wide > high && wide > deep;
  hit->s = is_end ? q.z : q.x;
  hit->t = !is_end && high > deep ? q.z : q.y;
  if (solid.ragged > 0) {
    const double facing =
        -Dot(hit->normal, ray.direction) / Length(ray.direction);
    const double scale = 5.0 / radii.y;
    const double noise =
        FractalNoise(hit->s * scale, hit->t * scale, solid.seed, 4, 0.8, 0);
    if (facing < solid.ragged * (2.2 * noise - 0.45)) return false;
  }
  return true;
}

bool MeetCylinder(const Solid& solid, const Ray& ray, LocalHit* hit) {
  const Vec3 centre{0.5 * (solid.low.x + solid.high.x), solid.low.y,
                    0.5 * (solid.low.z + solid.high.z)};
  const Vec3 radii{0.5 * (solid.high.x - solid.low.x), 1.0,
                   0.5 * (solid.high.z - solid.low.z)};
  const double height = solid.high.y - solid.low.y;
  const Ray unit = Rescaled(ray, centre, radii);
  const Vec3& o = unit.origin;
  const Vec3& d = unit.direction;
  const double a = d.x * d.x + d.z * d.z;
  const double b = o.x * d.x + o.z * d.z;
  const double c = o.x * o.x + o.z * o.z - 1.0;
  const double root = b * b - a * c;
  if (a == 0 || root <= 0) return false;
  const double reach = (-b - std::sqrt(root)) / a;
  const double y = o.y + d.y * reach;
  hit->is_top = false;
  if (y >= 0 && y <= height) {
    const Vec3 p = At(unit, reach);
    hit->reach = reach;
    hit->normal = Normalized({p.x / radii.x, 0, p.z / radii.z});
    hit->s = p.x * radii.x + 0.6 * p.z * radii.z;
    hit->t = y;
    return true;
  }
  if (y <= height || d.y >= 0) return false;
  const double lid = (height - o.y) / d.y;
  const Vec3 p = At(unit, lid);
  if (p.x * p.x + p.z * p.z > 1.0) return false;
  hit->reach = lid;
  hit->normal = {0, 1, 0};
  hit->is_top = true;
  hit->s = p.x * radii.x;
  hit->t = p.z * radii.z;
  return true;
}

bool Meet(const Solid& solid, const Ray& ray, LocalHit* hit) {
  switch (solid.kind) {
    case SolidKind::kBlock:
      return MeetBlock(solid, ray, hit);
    case SolidKind::kEllipsoid:
      return MeetEllipsoid(solid, ray, hit);
    case SolidKind::kCylinder:
      return MeetCylinder(solid, ray, hit);
  }
  return false;
}

Vec3 IntoFrame(const Thing& thing, const Vec3& world) {
  return {thing.turn_cos * world.x - thing.turn_sin * world.z, world.y,
          thing.turn_sin * world.x + thing.turn_cos * world.z};
}

Vec3 OutOfFrame(const Thing& thing, const Vec3& local) {
  return {thing.turn_cos * local.x + thing.turn_sin * local.z, local.y,
          thing.turn_cos * local.z - thing.turn_sin * local.x};
}

// Whether the line passes the thing's bounding sphere at all.
bool PassesSphere(const PlacedThing& placed, const Ray& ray) {
  const Vec3 to_centre = placed.centre - ray.origin;
  const double along = Dot(to_centre, ray.direction);
  const double length2 = Dot(ray.direction, ray.direction);
  const double distance2 = Dot(to_centre, to_centre);
  const double radius2 = placed.radius * placed.radius;
  if (along < 0 && distance2 > radius2) return false;
  return (distance2 - radius2) * length2 <= along * along;
}

// Narrows [*enter, *leave] to where one coordinate lies in [low, high].
void Narrow(double origin, double direction, double low, double high,
            double* enter, double* leave) {
  if (direction == 0) {
    if (origin < low || origin > high) *enter = 1e30;
    return;
  }
  const double per = 1.0 / direction;
  const double one = (low - origin) * per;
  const double other = (high - origin) * per;
  *enter = std::max(*enter, std::min(one, other));
  *leave = std::min(*leave, std::max(one, other));
}

// Whether the ray, in the frame of the thing, passes its bounding box between
// the two reaches. Never false where a solid is met: the box is a little larger
// than rounding can matter.
bool PassesBox(const PlacedThing& placed, const Ray& ray, double least_reach,
               double most_reach) {
  constexpr double kSlack_m = 1e-6;
  double enter = least_reach;
  double leave = most_reach;
  const Vec3& o = ray.origin;
  const Vec3& d = ray.direction;
  Narrow(o.y, d.y, placed.low.y - kSlack_m, placed.high.y + kSlack_m, &enter,
         &leave);
  Narrow(o.x, d.x, placed.low.x - kSlack_m, placed.high.x + kSlack_m, &enter,
         &leave);
  if (enter > leave) return false;
  Narrow(o.z, d.z, placed.low.z - kSlack_m, placed.high.z + kSlack_m, &enter,
         &leave);
  return enter <= leave;
}

Ray IntoFrame(const Thing& thing, const Ray& ray) {
  return {IntoFrame(thing, ray.origin - thing.place),
          IntoFrame(thing, ray.direction)};
}

}  // namespace

PlacedThing Place(const Thing& thing, int first_surface) {
  PlacedThing placed;
  placed.thing = thing;
  placed.first_surface = first_surface;
  placed.low = {1e30, 1e30, 1e30};
  placed.high = {-1e30, -1e30, -1e30};
  for (const Solid& solid : thing.solids) {
    placed.low = {std::min(placed.low.x, solid.low.x),
                  std::min(placed.low.y, solid.low.y),
                  std::min(placed.low.z, solid.low.z)};
    placed.high = {std::max(placed.high.x, solid.high.x),
                   std::max(placed.high.y, solid.high.y),
                   std::max(placed.high.z, solid.high.z)};
  }
  const Vec3 middle = (placed.low + placed.high) * 0.5;
  placed.centre = thing.place + OutOfFrame(thing, middle);
  placed.radius = Length(placed.high - middle) * 1.0001;
  return placed;
}

void Intersect(const PlacedThing& placed, const Ray& ray, double least_reach,
               Hit* nearest) {
  if (!PassesSphere(placed, ray)) return;
  const Thing& thing = placed.thing;
  const Ray local = IntoFrame(thing, ray);
  if (!PassesBox(placed, local, least_reach, nearest->reach)) return;
  for (size_t i = 0; i < thing.solids.size(); ++i) {
    const Solid& solid = thing.solids[i];
    LocalHit hit;
    if (!Meet(solid, local, &hit)) continue;
    if (hit.reach <= least_reach || hit.reach >= nearest->reach) continue;
    nearest->reach = hit.reach;
    nearest->normal = OutOfFrame(thing, hit.normal);
    nearest->s = hit.s;
    nearest->t = hit.t;
    nearest->material = hit.is_top ? solid.top_material : solid.material;
    nearest->surface = placed.first_surface + static_cast<int>(i);
  }
}

bool IsHidden(const PlacedThing& placed, const Ray& ray, double least_reach,
              double reach) {
  if (!placed.thing.casts_shadow || !PassesSphere(placed, ray)) return false;
  const Ray local = IntoFrame(placed.thing, ray);
  if (!PassesBox(placed, local, least_reach, reach)) return false;
  for (const Solid& solid : placed.thing.solids) {
    LocalHit hit;
    if (Meet(solid, local, &hit) && hit.reach > least_reach &&
        hit.reach < reach) {
      return true;
    }
  }
  return false;
}

Solid Block(const Vec3& low, const Vec3& high, int material) {
  Solid solid;
  solid.low = low;
  solid.high = high;
  solid.material = material;
  solid.top_material = material;
  return solid;
}

Solid Tapered(const Vec3& low, const Vec3& high, double taper_x, double taper_z,
              int material) {
  Solid solid = Block(low, high, material);
  solid.taper_x = taper_x;
  solid.taper_z = taper_z;
  return solid;
}

Solid Ellipsoid(const Vec3& centre, const Vec3& radii, int material) {
  Solid solid = Block(centre - radii, centre + radii, material);
  solid.kind = SolidKind::kEllipsoid;
  return solid;
}

Solid Cylinder(const Vec3& foot, double radius_m, double height_m,
               int material) {
  Solid solid = Block({foot.x - radius_m, foot.y, foot.z - radius_m},
                      {foot.x + radius_m, foot.y + height_m, foot.z + radius_m},
                      material);
  solid.kind = SolidKind::kCylinder;
  return solid;
}

}  // namespace bild
