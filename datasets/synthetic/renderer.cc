#include "datasets/synthetic/renderer.h"

#include <algorithm>
#include <utility>

namespace bild {
namespace {

constexpr double kFarthest_m = 1e6;
constexpr double kTiny_m = 1e-4;
constexpr int kLights = 4;  // Points of the lamp or the sun's disc.

Vec3 TurnedBy(const Camera& camera, const Vec3& v) {
  return {camera.turn_cos * v.x + camera.turn_sin * v.z, v.y,
          camera.turn_cos * v.z - camera.turn_sin * v.x};
}

}  // namespace

Renderer::Renderer(const SceneModel& model, double width, double height)
    : model_(model), width_(width), height_(height) {
  int surface = kFirstThingSurface;
  for (const Thing& thing : model.things) {
    things_.push_back(Place(thing, surface));
    eyes_.push_back(PlaceIntoFrame(things_.back(), model.camera.eye));
    OutlinedThing outlined{things_.size() - 1, {}};
    for (const Box& box : things_.back().boxes) {
      outlined.solids.push_back(
          {outlined.solids.size(), OutlineOf(things_.back(), box)});
    }
    std::sort(outlined.solids.begin(), outlined.solids.end(),
              [](const OutlinedSolid& a, const OutlinedSolid& b) {
                return a.outline.nearest < b.outline.nearest;
              });
    if (!outlined.solids.empty()) outlined_.push_back(std::move(outlined));
    surface += static_cast<int>(thing.solids.size());
  }
  if (!model.backdrop.is_room) {
    for (int light = 0; light < kLights; ++light) {
      sun_.emplace_back(things_, Normalized(MainLight(light)));
    }
  }
  PrepareTile(0, 0, 1, 1);
}

Ray Renderer::RayThrough(double u, double v) const {
  const Camera& camera = model_.camera;
  const Vec3 ahead{(u - 0.5) * width_ / camera.focal,
                   (camera.horizon - v) * height_ / camera.focal, 1.0};
  return {camera.eye, TurnedBy(camera, ahead)};
}

Renderer::Outline Renderer::OutlineOf(const PlacedThing& placed,
                                      const Box& box) const {
  const Camera& camera = model_.camera;
  Outline outline{1e30, 1e30, -1e30, -1e30, 1e30};
  for (int corner = 0; corner < 8; ++corner) {
    const Vec3 world = CornerOf(placed, box, corner);
    const Vec3 offset = world - camera.eye;
    const double right =
        camera.turn_cos * offset.x - camera.turn_sin * offset.z;
    const double ahead =
        camera.turn_sin * offset.x + camera.turn_cos * offset.z;
    // A box that reaches behind the eye may be seen anywhere.
    if (ahead < 0.01) return {-1e30, -1e30, 1e30, 1e30, -1e30};
    const double u = 0.5 + right / ahead * camera.focal / width_;
    const double v = camera.horizon - offset.y / ahead * camera.focal / height_;
    outline.left = std::min(outline.left, u);
    outline.right = std::max(outline.right, u);
    outline.top = std::min(outline.top, v);
    outline.bottom = std::max(outline.bottom, v);
    outline.nearest = std::min(outline.nearest, ahead);
  }
  constexpr double kSlack = 1e-6;  // Rounding must not clip an edge.
  return {outline.left - kSlack, outline.top - kSlack, outline.right + kSlack,
          outline.bottom + kSlack, outline.nearest - kSlack};
}

void Renderer::PrepareTile(double left, double top, double right,
                           double bottom) {
  in_tile_.clear();
  for (const OutlinedThing& outlined : outlined_) {
    OutlinedThing seen{outlined.thing, {}};
    for (const OutlinedSolid& solid : outlined.solids) {
      const Outline& outline = solid.outline;
      if (outline.left <= right && outline.right >= left &&
          outline.top <= bottom && outline.bottom >= top) {
        seen.solids.push_back(solid);
      }
    }
    if (!seen.solids.empty()) in_tile_.push_back(std::move(seen));
  }
  std::sort(in_tile_.begin(), in_tile_.end(),
            [](const OutlinedThing& a, const OutlinedThing& b) {
              return a.nearest() < b.nearest();
            });
}

// Most of a tile's solids do not lie where the sample does, or lie behind what
// is met already, which their outlines say for a few comparisons.
void Renderer::MeetThings(double u, double v, const Ray& ray, Hit* hit) const {
  for (const OutlinedThing& seen : in_tile_) {
    if (seen.nearest() > hit->reach) break;
    const PlacedThing& placed = things_[seen.thing];
    bool is_framed = false;
    LocalRay local;
    for (const OutlinedSolid& candidate : seen.solids) {
      if (candidate.outline.nearest > hit->reach) break;
      if (!candidate.outline.Holds(u, v)) continue;
      if (!is_framed) {
        local = DirectionIntoFrame(placed, ray.direction);
        local.ray.origin = eyes_[seen.thing];
        is_framed = true;
      }
      Intersect(placed, candidate.solid, local, kTiny_m, hit);
    }
  }
}

void Renderer::MeetBackdrop(const Ray& ray, Hit* hit) const {
  const Backdrop& backdrop = model_.backdrop;
  const Vec3& o = ray.origin;
  const Vec3& d = ray.direction;
  const auto meet = [&](double approach, double distance, int face,
                        const Vec3& normal) {
    if (approach == 0) return;
    const double reach = distance / approach;
    if (reach <= 0 || reach >= hit->reach) return;
    hit->reach = reach;
    hit->normal = normal;
    hit->surface = face;
    hit->material = backdrop.materials[static_cast<size_t>(face)];
  };
  if (backdrop.is_room) {
    if (d.x < 0) meet(d.x, backdrop.low.x - o.x, 0, {1, 0, 0});
    if (d.x > 0) meet(d.x, backdrop.high.x - o.x, 1, {-1, 0, 0});
    if (d.y < 0) meet(d.y, backdrop.low.y - o.y, 2, {0, 1, 0});
    if (d.y > 0) meet(d.y, backdrop.high.y - o.y, 3, {0, -1, 0});
    if (d.z < 0) meet(d.z, backdrop.low.z - o.z, 4, {0, 0, 1});
    if (d.z > 0) meet(d.z, backdrop.high.z - o.z, 5, {0, 0, -1});
  } else if (d.y < 0) {
    meet(d.y, -o.y, kFloorSurface, {0, 1, 0});
  }
  if (hit->surface < 0) return;
  const Vec3 p = o + d * hit->reach;
  const bool is_level = hit->normal.y != 0;
  hit->s = hit->normal.x != 0 ? p.z : p.x;
  hit->t = is_level ? p.z : p.y;
}

bool Renderer::IsLit(const Vec3& place, const Vec3& towards,
                     double reach) const {
  const Ray ray{place, towards};
  for (const PlacedThing& placed : things_) {
    if (IsHidden(placed, ray, kTiny_m, reach)) return false;
  }
  return true;
}

// Ambient light that corners keep out: each plane of the backdrop darkens what
// is close to it and does not lie in it.
double Renderer::Openness(const Vec3& place, const Vec3& normal) const {
  const Backdrop& backdrop = model_.backdrop;
  const auto shut = [&](double distance, double along, double range) {
    const double near = std::max(distance, 0.0) / range;
    return 1.0 - 0.45 * Clamp01(1.0 - along) / (1.0 + near * near);
  };
  double open = shut(place.y - backdrop.low.y, normal.y, 0.3);
  if (backdrop.is_room) {
    open *= shut(backdrop.high.y - place.y, -normal.y, 0.3);
    open *= shut(place.x - backdrop.low.x, normal.x, 0.3);
    open *= shut(backdrop.high.x - place.x, -normal.x, 0.3);
    open *= shut(backdrop.high.z - place.z, -normal.z, 0.3);
  }
  return open;
}

// Soft shadows come from several points.
Vec3 Renderer::MainLight(int light) const {
  const double size = model_.lighting.main_size;
  return model_.lighting.main + Vec3{size * ((light & 1) != 0 ? 1.0 : -1.0), 0,
                                     size * ((light & 2) != 0 ? 1.0 : -1.0)};
}

Rgb Renderer::Light(const Vec3& place, const Vec3& normal, int light) const {
  const Lighting& lighting = model_.lighting;
  const bool is_room = model_.backdrop.is_room;
  const double upness = 0.72 + 0.28 * normal.y;
  Rgb sum = lighting.ambient * (Openness(place, normal) * upness);
  const Vec3 start = place + normal * 1e-3;

  const Vec3 offset = is_room ? MainLight(light) - place : Vec3{};
  const double distance = is_room ? Length(offset) : 1.0;
  const Vec3 towards =
      is_room ? Normalized(offset) : sun_[static_cast<size_t>(light)].towards();
  const double facing = Dot(normal, towards);
  if (facing > 0) {
    const double weakened = is_room ? 1.0 / (1.0 + distance * distance) : 1.0;
    const bool is_lit =
        is_room ? IsLit(start, towards, distance)
                : !sun_[static_cast<size_t>(light)].IsHidden(start, kTiny_m);
    if (is_lit) {
      sum = sum + lighting.main_colour * (facing * weakened);
    }
  }
  if (lighting.fill_colour.r > 0) {
    const Vec3 to_window = lighting.fill - place;
    const double far = Length(to_window);
    const double slant = Dot(normal, to_window) / std::max(far, 1e-3);
    if (slant > 0) {
      sum = sum + lighting.fill_colour * (slant / (1.0 + far * far));
    }
  }
  return sum;
}

Sample Renderer::Look(double u, double v, int light,
                      double sample_spacing) const {
  const Ray ray = RayThrough(u, v);
  Hit hit;
  hit.reach = kFarthest_m;
  MeetBackdrop(ray, &hit);
  MeetThings(u, v, ray, &hit);
  Sample sample;
  if (hit.surface < 0) {
    const double height =
        Clamp01(ray.direction.y / Length(ray.direction) * 1.6);
    sample.linear = SkyColour(model_.backdrop.sky, ray.direction);
    sample.sky_height = height;
    sample.surface = kSkySurface;
    return sample;
  }
  sample.reach = hit.reach;
  sample.surface = hit.surface;
  const Vec3 place = ray.origin + ray.direction * hit.reach;
  // Samples lie farther apart on a surface seen at a slant; the geometric mean
  // of its two directions keeps floors sharp without visible aliasing.
  const double facing =
      std::max(-Dot(hit.normal, ray.direction) / Length(ray.direction), 0.02);
  const double spacing_m =
      sample_spacing * hit.reach / model_.camera.focal / std::sqrt(facing);
  const Material& material =
      model_.materials[static_cast<size_t>(hit.material)];
  const Rgb colour = SurfaceColour(material, hit.s, hit.t, spacing_m);
  const Rgb lit = colour * Light(place, hit.normal, light);
  sample.linear = Mix(lit, colour, material.glow);
  return sample;
}

}  // namespace bild
