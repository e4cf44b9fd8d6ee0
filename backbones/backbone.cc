#include "backbones/backbone.h"

#include <algorithm>

#include "ATen/ops/reflection_pad2d.h"
#include "ATen/ops/replication_pad2d.h"

namespace bild {
namespace {

// The smallest size the net takes that is not below `side_px`.
int64_t FittingSide(int64_t side_px, int64_t multiple, int64_t smallest) {
  const int64_t side = std::max(side_px, smallest);
  return (side + multiple - 1) / multiple * multiple;
}

}  // namespace

at::Tensor Backbone::Restore(const at::Tensor& hazy01) const {
  const int64_t height_px = hazy01.size(2);
  const int64_t width_px = hazy01.size(3);
  const int64_t bottom_px =
      FittingSide(height_px, SizeMultiple(), SmallestSide()) - height_px;
  const int64_t right_px =
      FittingSide(width_px, SizeMultiple(), SmallestSide()) - width_px;
  if (bottom_px == 0 && right_px == 0) {
    return OutputToUnit(Forward(NormaliseInput(hazy01)));
  }
  // A reflection is shorter than what it reflects.
  const bool can_reflect = bottom_px < height_px && right_px < width_px;
  const at::Tensor padded =
      can_reflect ? at::reflection_pad2d(hazy01, {0, right_px, 0, bottom_px})
                  : at::replication_pad2d(hazy01, {0, right_px, 0, bottom_px});
  return OutputToUnit(Forward(NormaliseInput(padded)))
      .slice(2, 0, height_px)
      .slice(3, 0, width_px);
}

}  // namespace bild
