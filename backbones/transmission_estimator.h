// DehazeNet's estimate of the transmission: feature extraction with maxout,
// multi-scale mapping, local extremum, regression.
//
// Cai, Xu, Jia, Qing, Tao, "DehazeNet: An End-to-End System for Single Image
// Haze Removal", IEEE TIP 25(11), 2016, section III.

#ifndef BACKBONES_TRANSMISSION_ESTIMATOR_H_
#define BACKBONES_TRANSMISSION_ESTIMATOR_H_

#include <cstdint>

#include "ATen/core/Tensor.h"
#include "backbones/layers.h"

namespace bild {

// Published in three forms, which differ at the borders and in the head's
// kernel.
enum class TransmissionForm {
  // Whole pictures, borders reflected without repeating the edge, head 7x7: the
  // end-to-end network of the gUNet code base. At least 4 px a side.
  kReflected,
  // Whole pictures, borders reflected with the edge repeated, head 6x6 with 2
  // px before and 3 px after: the authors' dense MATLAB code. Any size.
  kSymmetric,
  // Patches of 16x16 px, of which one number is left: the form that the
  // authors trained. First layer and head without padding, zeros in between.
  kPatch,
};

class TransmissionEstimator {
 public:
  // Declares conv1 to conv5.
  TransmissionEstimator(const LayerScope& scope, TransmissionForm form);

  // [B, 3, H, W] -> [B, 1, H, W], or [B, 1, H - 15, W - 15] for kPatch, before
  // the last activation, which the forms do not share.
  at::Tensor operator()(const at::Tensor& input) const;

 private:
  // The edges that the form gives a picture.
  at::Tensor Padded(const at::Tensor& x, int64_t before_px,
                    int64_t after_px) const;

  TransmissionForm form_;
  const Conv2d &conv1_, &conv2_, &conv3_, &conv4_, &conv5_;
};

}  // namespace bild

#endif  // BACKBONES_TRANSMISSION_ESTIMATOR_H_
