// The guided filter, for refining a transmission map.
//
// He, Sun, Tang, "Guided Image Filtering", ECCV 2010, equations 4 to 8.

#ifndef BACKBONES_GUIDED_FILTER_H_
#define BACKBONES_GUIDED_FILTER_H_

#include <cstdint>

#include "ATen/core/Tensor.h"

namespace bild {

// `input` smoothed where `guide` is smooth: in every window of
// (2 radius + 1)^2 px the output is affine in the guide. Windows are cut at the
// borders, and means are over what is left of them.
//
//   guide, input  [H, W], one dtype and device
//   epsilon       regularisation, in squared units of the guide
//   returns       [H, W], float64: sums over a whole picture cancel
at::Tensor GuidedFilter(const at::Tensor& guide, const at::Tensor& input,
                        int64_t radius_px, double epsilon);

}  // namespace bild

#endif  // BACKBONES_GUIDED_FILTER_H_
