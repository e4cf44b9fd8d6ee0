#include "backbones/restore/restore_plan.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "ATen/ops/empty_like.h"
#include "ATen/ops/full.h"
#include "absl/status/status.h"
#include "bild/base/interleaved_times.h"
#include "bild/base/live_bytes.h"
#include "c10/core/GradMode.h"
#include "fmt/format.h"

namespace bild {
namespace {

constexpr int64_t kSmallProbePx = 128;
constexpr int64_t kLargeProbePx = 256;
// oneDNN's scratch memory, reordered weights, malloc's own: seen from 1.1
// to 1.3 of the tensors' bytes.
constexpr double kLibraryShare = 4.0 / 3.0;
// What an approximation's tiles overlap by.
constexpr int64_t kApproximateHaloPx = 32;
// Input, padded input and output of the whole picture, float32.
constexpr double kPictureBytesPerPixel = 3 * 3 * 4;
constexpr double kMebibyte = 1048576.0;

struct Probe {
  double bytes = 0.0;
  double seconds = 0.0;
};

Probe RunProbe(const Backbone& backbone, int64_t side_px) {
  const at::Tensor picture = at::full({1, 3, side_px, side_px}, 0.5,
                                      backbone.parameters().flat().options());
  const auto whole = backbone.LookAtWhole(picture);
  const PictureWindow all{0, 0, side_px, side_px};
  backbone.RestoreWindow(picture, all, whole.get());  // Warms up.
  const LiveBytesScope scope;
  const double start = WallSeconds();
  backbone.RestoreWindow(picture, all, whole.get());
  Probe probe;
  probe.seconds = WallSeconds() - start;
  probe.bytes = static_cast<double>(scope.PeakAboveStart()) * kLibraryShare;
  return probe;
}

int64_t RoundUp(int64_t value, int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

}  // namespace

WindowCost MeasureWindowCost(const Backbone& backbone) {
  const at::NoGradGuard no_grad;
  const Probe small = RunProbe(backbone, kSmallProbePx);
  const Probe large = RunProbe(backbone, kLargeProbePx);
  constexpr double kSmall = kSmallProbePx * kSmallProbePx;
  constexpr double kLarge = kLargeProbePx * kLargeProbePx;
  WindowCost cost;
  cost.bytes_per_pixel =
      std::max(0.0, (large.bytes - small.bytes) / (kLarge - kSmall));
  cost.base_bytes = std::max(0.0, large.bytes - cost.bytes_per_pixel * kLarge);
  cost.seconds_per_pixel =
      std::max(0.0, (large.seconds - small.seconds) / (kLarge - kSmall));
  cost.base_seconds =
      std::max(0.0, large.seconds - cost.seconds_per_pixel * kLarge);
  return cost;
}

absl::StatusOr<RestorePlan> PlanRestore(const Backbone& backbone,
                                        const WindowCost& cost,
                                        std::optional<int64_t> reach_px,
                                        int64_t height_px, int64_t width_px,
                                        double limit_bytes) {
  const double pixels =
      static_cast<double>(height_px) * static_cast<double>(width_px);
  const double picture_bytes = kPictureBytesPerPixel * pixels;
  RestorePlan plan;
  plan.predicted_bytes = picture_bytes + cost.Bytes(pixels);
  plan.predicted_seconds = cost.Seconds(pixels);
  plan.rows = PlanTiles(height_px, height_px, 0, 1);
  plan.columns = PlanTiles(width_px, width_px, 0, 1);
  if (plan.predicted_bytes <= limit_bytes) return plan;
  const auto refuse = [&](const std::string& why) {
    return absl::FailedPreconditionError(fmt::format(
        "needs about {:.0f} MiB as a whole, the limit is {:.0f} MiB, and {}. "
        "Raise --memory_limit_mib or make the picture smaller",
        plan.predicted_bytes / kMebibyte, limit_bytes / kMebibyte, why));
  };
  if (backbone.tiling() == Tiling::kNone) {
    return refuse(backbone.name() + " cannot be run in tiles");
  }
  const int64_t multiple = backbone.TileMultiple();
  const int64_t halo_px =
      RoundUp(reach_px.value_or(kApproximateHaloPx), multiple);
  const double tile_pixels =
      (limit_bytes - picture_bytes - cost.base_bytes) / cost.bytes_per_pixel;
  const int64_t tile_px =
      tile_pixels > 0
          ? static_cast<int64_t>(std::sqrt(tile_pixels)) / multiple * multiple
          : 0;
  if (tile_px <= 2 * halo_px) {
    return refuse(fmt::format(
        "a tile with its halo of {} px on each side does not fit either",
        halo_px));
  }
  plan.tiling = backbone.tiling();
  plan.halo_px = halo_px;
  plan.rows = PlanTiles(height_px, tile_px, halo_px, multiple);
  plan.columns = PlanTiles(width_px, tile_px, halo_px, multiple);
  double largest = 0.0;
  plan.predicted_seconds = 0.0;
  for (const TileSpan& row : plan.rows) {
    for (const TileSpan& column : plan.columns) {
      const double size = static_cast<double>(row.end - row.begin) *
                          static_cast<double>(column.end - column.begin);
      largest = std::max(largest, size);
      plan.predicted_seconds += cost.Seconds(size);
    }
  }
  plan.predicted_bytes = picture_bytes + cost.Bytes(largest);
  return plan;
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
