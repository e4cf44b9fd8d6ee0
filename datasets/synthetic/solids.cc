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

Vec3 At(const Ray& ray, double reach) {
  return ray.origin + ray.direction * reach;
}

bool MeetBlock(const Solid& solid, const Ray& ray, const Range& range,
               LocalHit* hit) {
  const double half_x = 0.5 * (solid.high.x - solid.low.x);
  const double half_z = 0.5 * (solid.high.z - solid.low.z);
  const double height = solid.high.y - solid.low.y;
  const Vec3 foot{0.5 * (solid.high.x + solid.low.x), solid.low.y,
                  0.5 * (solid.high.z + solid.low.z)};
  const double lean_x = half_x * (1.0 - solid.taper_x) / height;
  const double lean_z = half_z * (1.0 - solid.taper_z) / height;
  const Vec3 o = ray.origin - foot;
  const Vec3& d = ray.direction;
  double enter = -1e30;
  double leave = 1e30;
  int entered = -1;
  // Cuts off what lies outside a face: `approach` is the direction along its
  // normal, `room` the distance to it.
  const auto is_left_after = [&](int face, double approach, double room) {
    if (approach == 0) return room >= 0;
    const double reach = room / approach;
    if (approach < 0) {
      if (reach > enter) {
        enter = reach;
        entered = face;
      }
    } else if (reach < leave) {
      leave = reach;
    }
    return enter <= leave;
  };
  const double lean_dx = lean_x * d.y;
  const double lean_ox = lean_x * o.y;
  const double lean_dz = lean_z * d.y;
  const double lean_oz = lean_z * o.y;
  // Faces 0 to 5: x high, x low, top, bottom, z high, z low.
  if (!is_left_after(0, d.x + lean_dx, half_x - (o.x + lean_ox)) ||
      !is_left_after(1, lean_dx - d.x, half_x - (lean_ox - o.x)) ||
      !is_left_after(2, d.y, height - o.y) || !is_left_after(3, -d.y, o.y) ||
      !is_left_after(4, lean_dz + d.z, half_z - (lean_oz + o.z)) ||
      !is_left_after(5, lean_dz - d.z, half_z - (lean_oz - o.z))) {
    return false;
  }
  if (entered < 0 || !range.Holds(enter)) return false;
  const Vec3 normals[6] = {{1, lean_x, 0}, {-1, lean_x, 0}, {0, 1, 0},
                           {0, -1, 0},     {0, lean_z, 1},  {0, lean_z, -1}};
  const Vec3 p = At(ray, enter) - solid.low;
  hit->reach = enter;
  hit->normal = Normalized(normals[entered]);
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

bool MeetEllipsoid(const Solid& solid, const Ray& ray, const Range& range,
                   LocalHit* hit) {
  const Vec3 centre = (solid.low + solid.high) * 0.5;
  const Vec3 radii = (solid.high - solid.low) * 0.5;
  const Ray unit = Rescaled(ray, centre, radii);
  const double a = Dot(unit.direction, unit.direction);
  const double b = Dot(unit.origin, unit.direction);
  const double c = Dot(unit.origin, unit.origin) - 1.0;
  const double root = b * b - a * c;
  if (root <= 0) return false;
  const double reach = (-b - std::sqrt(root)) / a;
  if (!range.Holds(reach)) return false;
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
    // Most leaves are far from the edge that noise cuts: the coarse octaves
    // tell. The slack is far above what rounding could turn round.
    constexpr double kSlack = 1e-9;
    const double edge = (facing / solid.ragged + 0.45) / 2.2;
    const double noise =
        FractalNoiseWithin(hit->s * scale, hit->t * scale, solid.seed, 4, 0.8,
                           edge - kSlack, edge + kSlack);
    if (facing < solid.ragged * (2.2 * noise - 0.45)) return false;
  }
  return true;
}

bool MeetCylinder(const Solid& solid, const Ray& ray, const Range& range,
                  LocalHit* hit) {
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
    if (!range.Holds(reach)) return false;
    const Vec3 p = At(unit, reach);
    hit->reach = reach;
    hit->normal = Normalized({p.x / radii.x, 0, p.z / radii.z});
    hit->s = p.x * radii.x + 0.6 * p.z * radii.z;
    hit->t = y;
    return true;
  }
  if (y <= height || d.y >= 0) return false;
  const double lid = (height - o.y) / d.y;
  if (!range.Holds(lid)) return false;
  const Vec3 p = At(unit, lid);
  if (p.x * p.x + p.z * p.z > 1.0) return false;
  hit->reach = lid;
  hit->normal = {0, 1, 0};
  hit->is_top = true;
  hit->s = p.x * radii.x;
  hit->t = p.z * radii.z;
  return true;
}

// Where the ray meets the solid within the range. (Where it does so outside,
// what follows the reach would be for nothing.)
bool Meet(const Solid& solid, const Ray& ray, const Range& range,
          LocalHit* hit) {
  switch (solid.kind) {
    case SolidKind::kBlock:
      return MeetBlock(solid, ray, range, hit);
    case SolidKind::kEllipsoid:
      return MeetEllipsoid(solid, ray, range, hit);
    case SolidKind::kCylinder:
      return MeetCylinder(solid, ray, range, hit);
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

// Whether the ray passes a box within the range. Never false where what the box
// holds is met: boxes are a little larger than rounding can matter.
bool PassesBox(const Box& box, const LocalRay& local, const Range& range) {
  const Vec3& o = local.ray.origin;
  const Vec3& per = local.per_direction;
  double enter = range.least;
  double leave = range.most;
  const auto narrow = [&](double one, double other) {
    enter = std::max(enter, std::min(one, other));
    leave = std::min(leave, std::max(one, other));
  };
  narrow((box.low.y - o.y) * per.y, (box.high.y - o.y) * per.y);
  narrow((box.low.x - o.x) * per.x, (box.high.x - o.x) * per.x);
  narrow((box.low.z - o.z) * per.z, (box.high.z - o.z) * per.z);
  return enter <= leave;
}

// The bounding box of a solid.
Box BoxOf(const Solid& solid) {
  constexpr double kSlack_m = 1e-6;
  // A block may grow wider towards its top.
  const double wider_x = std::max(solid.taper_x - 1.0, 0.0);
  const double wider_z = std::max(solid.taper_z - 1.0, 0.0);
  const Vec3 more{kSlack_m + 0.5 * wider_x * (solid.high.x - solid.low.x),
                  kSlack_m,
                  kSlack_m + 0.5 * wider_z * (solid.high.z - solid.low.z)};
  return {solid.low - more, solid.high + more};
}

Vec3 Least(const Vec3& a, const Vec3& b) {
  return {std::min(a.x, b.x), std::min(a.y, b.y), std::min(a.z, b.z)};
}
Vec3 Greatest(const Vec3& a, const Vec3& b) {
  return {std::max(a.x, b.x), std::max(a.y, b.y), std::max(a.z, b.z)};
}

}  // namespace

Vec3 CornerOf(const PlacedThing& placed, const Box& box, int corner) {
  const Vec3 local{(corner & 1) != 0 ? box.high.x : box.low.x,
                   (corner & 2) != 0 ? box.high.y : box.low.y,
                   (corner & 4) != 0 ? box.high.z : box.low.z};
  return placed.thing.place + OutOfFrame(placed.thing, local);
}

Vec3 PlaceIntoFrame(const PlacedThing& placed, const Vec3& place) {
  return IntoFrame(placed.thing, place - placed.thing.place);
}

LocalRay DirectionIntoFrame(const PlacedThing& placed, const Vec3& direction) {
  const auto inverse = [](double x) { return x == 0 ? 1e300 : 1.0 / x; };
  const Vec3 local = IntoFrame(placed.thing, direction);
  return {{{}, local}, {inverse(local.x), inverse(local.y), inverse(local.z)}};
}

LocalRay IntoFrame(const PlacedThing& placed, const Ray& ray) {
  LocalRay local = DirectionIntoFrame(placed, ray.direction);
  local.ray.origin = PlaceIntoFrame(placed, ray.origin);
  return local;
}

PlacedThing Place(const Thing& thing, int first_surface) {
  PlacedThing placed;
  placed.thing = thing;
  placed.first_surface = first_surface;
  placed.box = {{1e30, 1e30, 1e30}, {-1e30, -1e30, -1e30}};
  for (const Solid& solid : thing.solids) {
    placed.boxes.push_back(BoxOf(solid));
    placed.box.low = Least(placed.box.low, placed.boxes.back().low);
    placed.box.high = Greatest(placed.box.high, placed.boxes.back().high);
  }
  const Vec3 middle = (placed.box.low + placed.box.high) * 0.5;
  placed.centre = thing.place + OutOfFrame(thing, middle);
  placed.radius = Length(placed.box.high - middle) * 1.0001;
  return placed;
}

void Intersect(const PlacedThing& placed, size_t solid, const LocalRay& local,
               double least_reach, Hit* nearest) {
  const int surface = placed.first_surface + static_cast<int>(solid);
  // The range's end lies outside of it.
  const double most = surface < nearest->surface
                          ? std::nextafter(nearest->reach, HUGE_VAL)
                          : nearest->reach;
  const Range range{least_reach, most};
  if (!PassesBox(placed.boxes[solid], local, range)) return;
  LocalHit hit;
  const Solid& met = placed.thing.solids[solid];
  if (!Meet(met, local.ray, range, &hit)) return;
  nearest->reach = hit.reach;
  nearest->normal = OutOfFrame(placed.thing, hit.normal);
  nearest->s = hit.s;
  nearest->t = hit.t;
  nearest->material = hit.is_top ? met.top_material : met.material;
  nearest->surface = surface;
}

bool IsSolidMet(const PlacedThing& placed, size_t solid, const LocalRay& local,
                const Range& range) {
  LocalHit hit;
  return PassesBox(placed.boxes[solid], local, range) &&
         Meet(placed.thing.solids[solid], local.ray, range, &hit);
}

bool IsHidden(const PlacedThing& placed, const Ray& ray, double least_reach,
              double reach) {
  if (!placed.thing.casts_shadow || !PassesSphere(placed, ray)) return false;
  const LocalRay local = IntoFrame(placed, ray);
  const Range range{least_reach, reach};
  if (!PassesBox(placed.box, local, range)) return false;
  for (size_t i = 0; i < placed.boxes.size(); ++i) {
    if (IsSolidMet(placed, i, local, range)) return true;
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
