#include "bild/patch_loss.h"

#include "ATen/TensorOperators.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "c10/util/Exception.h"

namespace bild {

absl::StatusOr<PatchLoss> ParsePatchLoss(const std::string& text) {
  if (text == "l1") return PatchLoss::kL1;
  if (text == "mse") return PatchLoss::kMse;
  return absl::InvalidArgumentError(
      absl::StrCat("--loss='", text, "': expected 'l1' or 'mse'."));
}

at::Tensor PatchLosses(const at::Tensor& restored, const at::Tensor& clear,
                       PatchLoss loss) {
  TORCH_CHECK(restored.sizes() == clear.sizes(), "restored ", restored.sizes(),
              " and clear ", clear.sizes(), " differ in shape");
  const at::Tensor difference = restored - clear;
  const at::Tensor error =
      loss == PatchLoss::kL1 ? difference.abs() : difference.square();
  return error.flatten(1).mean(1);
}

}  // namespace bild
