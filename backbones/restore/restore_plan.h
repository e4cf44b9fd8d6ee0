// Before a picture is run: how much memory and time it will take, and whether
// and how it is cut into tiles.

#ifndef BACKBONES_RESTORE_RESTORE_PLAN_H_
#define BACKBONES_RESTORE_RESTORE_PLAN_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "backbones/backbone.h"
#include "backbones/restore/tile_plan.h"

namespace bild {

// What one window costs, as lines in its number of pixels through two measured
// windows.
struct WindowCost {
  double base_bytes = 0.0;
  double bytes_per_pixel = 0.0;
  double base_seconds = 0.0;
  double seconds_per_pixel = 0.0;

  double Bytes(double pixels) const {
    return base_bytes + bytes_per_pixel * pixels;
  }
  double Seconds(double pixels) const {
    return base_seconds + seconds_per_pixel * pixels;
  }
};

// Runs two small windows. InstallLiveBytes() must have been called. Bytes are
// those of tensors, a third more for what libraries take beside them.
WindowCost MeasureWindowCost(const Backbone& backbone);

struct RestorePlan {
  std::vector<TileSpan> rows, columns;  // Of the padded picture.
  Tiling tiling = Tiling::kNone;        // kNone: restored whole.
  int64_t halo_px = 0;
  double predicted_bytes = 0.0;
  double predicted_seconds = 0.0;

  int64_t tiles() const {
    return static_cast<int64_t>(rows.size() * columns.size());
  }
};

// The whole picture where it fits into `limit_bytes`, otherwise the largest
// tiles that do. `reach_px` of MeasureReach(); empty for a net whose tiles are
// an approximation, which get a halo of 32 px. FailedPrecondition where neither
// fits; the message (a fragment, without the path) names the bytes it would
// take.
absl::StatusOr<RestorePlan> PlanRestore(const Backbone& backbone,
                                        const WindowCost& cost,
                                        std::optional<int64_t> reach_px,
                                        int64_t height_px, int64_t width_px,
                                        double limit_bytes);

// The picture by that plan: [1, 3, H, W] in [0, 1] -> likewise, but for
// overshoot. `after_tile` may be empty; it is told how many tiles are done.
at::Tensor RestoreByPlan(const Backbone& backbone, const at::Tensor& hazy01,
                         const RestorePlan& plan,
                         const std::function<void(int64_t)>& after_tile);

}  // namespace bild

#endif  // BACKBONES_RESTORE_RESTORE_PLAN_H_
