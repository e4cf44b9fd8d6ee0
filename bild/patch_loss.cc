#include "bild/patch_loss.h"

#include "ATen/TensorOperators.h"
#include "ATen/core/Reduction.h"
#include "ATen/ops/smooth_l1_loss.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "c10/util/Exception.h"

namespace bild {
namespace {

at::Tensor PixelLosses(const at::Tensor& restored, const at::Tensor& clear,
                       PatchLoss loss) {
  switch (loss) {
    case PatchLoss::kMse:
      return (restored - clear).square();
    case PatchLoss::kSmoothL1:
      return at::smooth_l1_loss(restored, clear, at::Reduction::None,
                                /*beta=*/1.0);
    case PatchLoss::kL1:
      break;
  }
  return (restored - clear).abs();
}

}  // namespace

absl::StatusOr<PatchLoss> ParsePatchLoss(const std::string& text) {
  if (text == "l1") return PatchLoss::kL1;
  if (text == "mse") return PatchLoss::kMse;
  if (text == "smooth_l1") return PatchLoss::kSmoothL1;
  return absl::InvalidArgumentError(absl::StrCat(
      "--loss='", text, "': expected 'l1', 'mse' or 'smooth_l1'."));
}

at::Tensor PatchLosses(const at::Tensor& restored, const at::Tensor& clear,
                       PatchLoss loss) {
  TORCH_CHECK(restored.sizes() == clear.sizes(), "restored ", restored.sizes(),
              " and clear ", clear.sizes(), " differ in shape");
  return PixelLosses(restored, clear, loss).mean({1, 2, 3});
}

}  // namespace bild
