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

at::Tensor Backbone::PadToFit(const at::Tensor& hazy01) const {
  const int64_t height_px = hazy01.size(2);
  const int64_t width_px = hazy01.size(3);
  const int64_t bottom_px =
      FittingSide(height_px, SizeMultiple(), SmallestSide()) - height_px;
  const int64_t right_px =
      FittingSide(width_px, SizeMultiple(), SmallestSide()) - width_px;
  if (bottom_px == 0 && right_px == 0) return hazy01;
  // A reflection is shorter than what it reflects.
  const bool can_reflect = bottom_px < height_px && right_px < width_px;
  return can_reflect
             ? at::reflection_pad2d(hazy01, {0, right_px, 0, bottom_px})
             : at::replication_pad2d(hazy01, {0, right_px, 0, bottom_px});
}

at::Tensor Backbone::Restore(const at::Tensor& hazy01) const {
  return OutputToUnit(Forward(NormaliseInput(PadToFit(hazy01))))
      .slice(2, 0, hazy01.size(2))
      .slice(3, 0, hazy01.size(3));
}

at::Tensor Backbone::RestoreWindow(const at::Tensor& hazy01,
                                   const PictureWindow& place,
                                   const WholePicture* /*whole*/) const {
  const at::Tensor window = hazy01.narrow(2, place.y_px, place.height_px)
                                .narrow(3, place.x_px, place.width_px)
                                .contiguous();
  return OutputToUnit(Forward(NormaliseInput(window)));
}

}  // namespace bild
