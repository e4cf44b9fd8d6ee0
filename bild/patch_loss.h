// The per-patch training loss: the quantity that BILD reweights.

#ifndef BILD_PATCH_LOSS_H_
#define BILD_PATCH_LOSS_H_

#include <string>

#include "ATen/core/Tensor.h"
#include "absl/status/statusor.h"

namespace bild {

enum class PatchLoss {
  kL1,
  kMse,
  // e^2 / 2 where |e| < 1, |e| - 1/2 beyond (Girshick, "Fast R-CNN", ICCV 2015,
  // equation 3): half of kMse for pictures in [0, 1].
  kSmoothL1,
};

// "l1", "mse" or "smooth_l1"; InvalidArgument lists them otherwise.
absl::StatusOr<PatchLoss> ParsePatchLoss(const std::string& text);

// l_i: the loss of every patch, averaged over its channels, rows and columns.
//
//   restored, clear  [B, 3, P, P], same dtype and device
//   returns          [B]; differentiable in `restored`
at::Tensor PatchLosses(const at::Tensor& restored, const at::Tensor& clear,
                       PatchLoss loss);

}  // namespace bild

#endif  // BILD_PATCH_LOSS_H_
