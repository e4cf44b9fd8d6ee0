#include "backbones/restore/restore_plan.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "ATen/ops/empty_like.h"
#include "absl/status/status.h"
#include "c10/core/GradMode.h"
#include "fmt/format.h"

namespace bild {
namespace {

// What an approximation's tiles overlap by, at least.
constexpr int64_t kApproximateHaloPx = 32;
constexpr double kWorthAWiderHalo = 1.25;
// Input, padded input and output of the whole picture, float32.
constexpr double kPictureBytesPerPixel = 3 * 3 * 4;
constexpr double kMebibyte = 1048576.0;

int64_t RoundUp(int64_t value, int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

// The tiles of an approximation, and their halo. Where only what lies within
// `reach_px` counts, a wider halo comes closer: the widest that takes at most a
// quarter more work.
std::optional<std::pair<TileGrid, int64_t>> BestApproximation(
    const std::function<std::optional<TileGrid>(int64_t, bool)>& cut,
    std::optional<int64_t> reach_px, int64_t multiple) {
  const int64_t narrow_px = RoundUp(kApproximateHaloPx, multiple);
  if (narrow_px >= reach_px.value_or(narrow_px + 1)) return std::nullopt;
  auto narrow = cut(narrow_px, /*can_be_smaller=*/false);
  if (!narrow.has_value()) return std::nullopt;
  std::pair best{*std::move(narrow), narrow_px};
  const double most_work = kWorthAWiderHalo * best.first.WorkPixels();
  for (int64_t halo_px = 2 * narrow_px; halo_px < reach_px.value_or(0);
       halo_px *= 2) {
    auto wider = cut(halo_px, /*can_be_smaller=*/false);
    if (!wider.has_value() || wider->WorkPixels() > most_work) break;
    best = {*std::move(wider), halo_px};
  }
  return best;
}

// Beside what a window takes.
double HeldBytes(const WindowCost& cost, double pixels) {
  return cost.process_bytes + kPictureBytesPerPixel * pixels;
}

}  // namespace

double WholePictureBytes(const WindowCost& cost, int64_t height_px,
                         int64_t width_px) {
  const double pixels =
      static_cast<double>(height_px) * static_cast<double>(width_px);
  return HeldBytes(cost, pixels) + cost.Bytes(pixels);
}

absl::StatusOr<RestorePlan> PlanRestore(const Backbone& backbone,
                                        const WindowCost& cost,
                                        std::optional<int64_t> reach_px,
                                        int64_t height_px, int64_t width_px,
                                        double limit_bytes) {
  const double pixels =
      static_cast<double>(height_px) * static_cast<double>(width_px);
  const double whole_bytes = WholePictureBytes(cost, height_px, width_px);
  const double left_bytes = limit_bytes - HeldBytes(cost, pixels);
  const int64_t multiple = backbone.TileMultiple();
  // The largest window that fits.
  const double tile_pixels =
      whole_bytes <= limit_bytes ? pixels
      : cost.look_bytes > left_bytes
          ? 0.0
          : (left_bytes - cost.base_bytes) / cost.bytes_per_pixel;
  const auto cut = [&](int64_t halo_px, bool can_be_smaller) {
    return CutIntoTiles(height_px, width_px, tile_pixels, halo_px, multiple,
                        can_be_smaller);
  };
  const auto plan_of = [&](Tiling tiling, int64_t halo_px, TileGrid grid) {
    RestorePlan plan;
    static_cast<TileGrid&>(plan) = std::move(grid);
    plan.tiling = plan.tiles() == 1 ? Tiling::kNone : tiling;
    plan.halo_px = plan.tiles() == 1 ? 0 : halo_px;
    plan.predicted_bytes =
        HeldBytes(cost, pixels) + cost.Bytes(plan.LargestTilePixels());
    return plan;
  };
  int64_t halo_px = RoundUp(kApproximateHaloPx, multiple);
  double exact_limit_bytes = whole_bytes;
  if (reach_px.has_value()) {
    halo_px = RoundUp(*reach_px, multiple);
    auto grid = cut(halo_px, /*can_be_smaller=*/true);
    if (grid.has_value()) {
      return plan_of(Tiling::kExact, halo_px, *std::move(grid));
    }
    exact_limit_bytes =
        std::min(whole_bytes, HeldBytes(cost, pixels) +
                                  cost.Bytes(SmallestTilePixels(
                                      height_px, width_px, halo_px, multiple)));
  } else if (whole_bytes <= limit_bytes) {
    return plan_of(Tiling::kNone, 0,
                   {PlanTiles(height_px, height_px, 0, 1),
                    PlanTiles(width_px, width_px, 0, 1)});
  }
  if (backbone.tiling() != Tiling::kNone) {
    auto grid = BestApproximation(cut, reach_px, multiple);
    if (grid.has_value()) {
      RestorePlan plan =
          plan_of(Tiling::kApproximate, grid->second, std::move(grid->first));
      plan.exact_limit_bytes = exact_limit_bytes;
      return plan;
    }
  }
  return absl::FailedPreconditionError(fmt::format(
      "needs about {:.0f} MiB as a whole, the limit is {:.0f} MiB, and {}. "
      "Raise --memory_limit_mib or make the picture smaller",
      whole_bytes / kMebibyte, limit_bytes / kMebibyte,
      backbone.tiling() == Tiling::kNone
          ? backbone.name() + " cannot be run in tiles"
          : fmt::format("a tile with its halo of {} px on each side does not "
                        "fit either",
                        halo_px)));
}

at::Tensor RestoreByPlan(const Backbone& backbone, const at::Tensor& hazy01,
                         const RestorePlan& plan,
                         const std::function<void(int64_t)>& after_tile) {
  const at::NoGradGuard no_grad;
  if (plan.tiling == Tiling::kNone) {
    at::Tensor restored = backbone.Restore(hazy01);
    if (after_tile) after_tile(1);
    return restored;
  }
  const at::Tensor padded = backbone.PadToFit(hazy01);
  const auto whole = backbone.LookAtWhole(padded);
  at::Tensor restored = at::empty_like(padded);
  int64_t done = 0;
  for (const TileSpan& row : plan.rows) {
    for (const TileSpan& column : plan.columns) {
      const at::Tensor tile = backbone.RestoreWindow(
          padded,
          {column.begin, row.begin, column.end - column.begin,
           row.end - row.begin},
          whole.get());
      const int64_t height_px = row.core_end - row.core_begin;
      const int64_t width_px = column.core_end - column.core_begin;
      restored.narrow(2, row.core_begin, height_px)
          .narrow(3, column.core_begin, width_px)
          .copy_(tile.narrow(2, row.core_begin - row.begin, height_px)
                     .narrow(3, column.core_begin - column.begin, width_px));
      if (after_tile) after_tile(++done);
    }
  }
  return restored.slice(2, 0, hazy01.size(2)).slice(3, 0, hazy01.size(3));
}

}  // namespace bild
