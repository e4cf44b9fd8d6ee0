// What tiles that only approximate a net change, seen on a picture that is
// small enough to be restored both ways.

#ifndef BACKBONES_RESTORE_TILING_DIFFERENCE_H_
#define BACKBONES_RESTORE_TILING_DIFFERENCE_H_

#include <cstdint>

#include "backbones/backbone.h"
#include "backbones/restore/restore_plan.h"

namespace bild {

struct TilingDifference {
  int64_t width_px = 0, height_px = 0;  // Of the shrunk picture.
  // Between the two restorations, clamped to [0, 1].
  double largest = 0.0;
  double mean = 0.0;
  double psnr_db = 0.0;  // Infinity where they are the same.
};

// Shrinks `hazy01` [1, 3, H, W] to 256 px on its longer side and cuts it into
// as many tiles as `plan` has along each axis, with a halo of 32 px.
TilingDifference MeasureTilingDifference(const Backbone& backbone,
                                         const at::Tensor& hazy01,
                                         const RestorePlan& plan);

}  // namespace bild

#endif  // BACKBONES_RESTORE_TILING_DIFFERENCE_H_
