// Before a picture is run: how much memory it will take, and whether and how it
// is cut into tiles.

#ifndef BACKBONES_RESTORE_RESTORE_PLAN_H_
#define BACKBONES_RESTORE_RESTORE_PLAN_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>

#include "absl/status/statusor.h"
#include "backbones/backbone.h"
#include "backbones/restore/tile_plan.h"

namespace bild {

// What restoring takes of memory; one window, as a line in its number of
// pixels.
struct WindowCost {
  double base_bytes = 0.0;
  double bytes_per_pixel = 0.0;
  // Of LookAtWhole(), before the first window.
  double look_bytes = 0.0;
  // What the process takes without a picture.
  double process_bytes = 0.0;

  double Bytes(double pixels) const {
    return std::max(base_bytes + bytes_per_pixel * pixels, look_bytes);
  }
};

struct RestorePlan : TileGrid {   // Of the padded picture.
  Tiling tiling = Tiling::kNone;  // kNone: restored whole.
  int64_t halo_px = 0;
  double predicted_bytes = 0.0;
  // Of an approximation: the limit from which on it would be exact.
  double exact_limit_bytes = 0.0;
};

// Of the process, the picture and the net, where it is restored whole.
double WholePictureBytes(const WindowCost& cost, int64_t height_px,
                         int64_t width_px);

// The whole picture where it fits into `limit_bytes`, otherwise tiles that do.
// `reach_px` of MeasureReach(): exact tiles, and these even where the whole
// fits but tiles take hardly more work (CutIntoTiles()). Where none fits that
// is three times as long as its halo, an approximation with a shorter halo.
// Empty for a net whose tiles are always that: 32 px. FailedPrecondition where
// nothing fits; the message (a fragment, without the path) names the bytes it
// would take.
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
