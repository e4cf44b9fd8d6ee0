#include "datasets/synthetic/shadow_grid.h"

#include <algorithm>

namespace bild {
namespace {

constexpr size_t kCells = 96;  // Along each side of the grid.
constexpr double kSlack_m = 1e-4;
constexpr double kFarthest_m = 1e6;

// The cell of a distance from the grid's border, for what lies inside.
size_t CellAt(double distance_m, double cells_per_m) {
  const auto cell =
      static_cast<size_t>(std::max(distance_m * cells_per_m, 0.0));
  return std::min(cell, kCells - 1);
}

}  // namespace

Vec3 ShadowGrid::OnGround(const Vec3& place) const {
  const double rise = place.y / towards_.y;
  return {place.x - towards_.x * rise, 0, place.z - towards_.z * rise};
}

ShadowGrid::Cells ShadowGrid::CellsOf(const Vec3& low, const Vec3& high) const {
  return {CellAt(low.x - low_.x, cells_per_m_x_),
          CellAt(high.x - low_.x, cells_per_m_x_),
          CellAt(low.z - low_.z, cells_per_m_z_),
          CellAt(high.z - low_.z, cells_per_m_z_)};
}

ShadowGrid::ShadowGrid(const std::vector<PlacedThing>& things,
                       const Vec3& towards)
    : things_(things), towards_(towards) {
  std::vector<SolidId> casting;
  std::vector<Box> shadows;
  low_ = {1e30, 0, 1e30};
  high_ = {-1e30, 0, -1e30};
  for (size_t thing = 0; thing < things.size(); ++thing) {
    const PlacedThing& placed = things[thing];
    local_towards_.push_back(DirectionIntoFrame(placed, towards));
    if (!placed.thing.casts_shadow) continue;
    for (size_t solid = 0; solid < placed.boxes.size(); ++solid) {
      Box shadow{{1e30, 0, 1e30}, {-1e30, 0, -1e30}};
      for (int corner = 0; corner < 8; ++corner) {
        const Vec3 at = OnGround(CornerOf(placed, placed.boxes[solid], corner));
        shadow.low.x = std::min(shadow.low.x, at.x - kSlack_m);
        shadow.low.z = std::min(shadow.low.z, at.z - kSlack_m);
        shadow.high.x = std::max(shadow.high.x, at.x + kSlack_m);
        shadow.high.z = std::max(shadow.high.z, at.z + kSlack_m);
      }
      low_ = {std::min(low_.x, shadow.low.x), 0,
              std::min(low_.z, shadow.low.z)};
      high_ = {std::max(high_.x, shadow.high.x), 0,
               std::max(high_.z, shadow.high.z)};
      casting.push_back({thing, solid});
      shadows.push_back(shadow);
    }
  }
  starts_.assign(kCells * kCells + 1, 0);
  if (casting.empty()) return;
  cells_per_m_x_ = kCells / (high_.x - low_.x);
  cells_per_m_z_ = kCells / (high_.z - low_.z);

  const auto for_each_cell = [this](const Box& shadow, const auto& visit) {
    const Cells cells = CellsOf(shadow.low, shadow.high);
    for (size_t z = cells.near; z <= cells.far; ++z) {
      for (size_t x = cells.left; x <= cells.right; ++x) visit(z * kCells + x);
    }
  };
  for (const Box& shadow : shadows) {
    for_each_cell(shadow, [this](size_t cell) { ++starts_[cell + 1]; });
  }
  for (size_t cell = 0; cell < kCells * kCells; ++cell) {
    starts_[cell + 1] += starts_[cell];
  }
  ids_.resize(starts_.back());
  std::vector<size_t> next(starts_.begin(), starts_.end() - 1);
  for (size_t i = 0; i < casting.size(); ++i) {
    for_each_cell(shadows[i],
                  [&](size_t cell) { ids_[next[cell]++] = casting[i]; });
  }
}

bool ShadowGrid::IsHidden(const Vec3& place, double least_reach) const {
  const Vec3 at = OnGround(place);
  if (at.x < low_.x || at.x > high_.x || at.z < low_.z || at.z > high_.z) {
    return false;
  }
  const size_t cell = CellAt(at.z - low_.z, cells_per_m_z_) * kCells +
                      CellAt(at.x - low_.x, cells_per_m_x_);
  const Range range{least_reach, kFarthest_m};
  size_t framed = things_.size();  // The thing in whose frame `local` is.
  LocalRay local;
  for (size_t i = starts_[cell]; i < starts_[cell + 1]; ++i) {
    const PlacedThing& placed = things_[ids_[i].thing];
    if (ids_[i].thing != framed) {
      framed = ids_[i].thing;
      local = local_towards_[framed];
      local.ray.origin = PlaceIntoFrame(placed, place);
    }
    if (IsSolidMet(placed, ids_[i].solid, local, range)) return true;
  }
  return false;
}

}  // namespace bild
