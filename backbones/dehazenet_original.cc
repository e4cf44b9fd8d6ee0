#include "backbones/dehazenet_original.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/clamp.h"
#include "ATen/ops/kthvalue.h"
#include "ATen/ops/stack.h"
#include "backbones/guided_filter.h"
#include "c10/core/GradMode.h"

namespace bild {
namespace {

constexpr double kHaziestShare = 0.01;
constexpr int64_t kGuidedRadius_px = 50;
constexpr double kGuidedEpsilon = 1e-3;

// [3, H, W] -> [H, W], by MATLAB's rgb2gray.
at::Tensor Gray(const at::Tensor& picture) {
  return 0.298936 * picture[0] + 0.587043 * picture[1] + 0.114021 * picture[2];
}

// [3, H, W], [H, W], [H, W] -> [3, 1, 1]: the mean of the brightest pixels
// among the hundredth part of smallest transmission, all that tie included.
at::Tensor Airlight(const at::Tensor& picture, const at::Tensor& gray,
                    const at::Tensor& transmission) {
  const at::Tensor flat = transmission.flatten();
  const auto rank = std::max<int64_t>(
      1, std::llround(kHaziestShare * static_cast<double>(flat.numel())));
  const at::Tensor most = std::get<0>(at::kthvalue(flat, rank));
  const at::Tensor is_candidate = transmission.le(most);
  const at::Tensor brightest = gray.masked_select(is_candidate).max();
  const at::Tensor is_airlight = is_candidate.logical_and(gray.eq(brightest));
  const at::Tensor pixels = picture.masked_select(is_airlight).view({3, -1});
  return pixels.mean(1).view({3, 1, 1});
}

at::Tensor RestoreOne(const at::Tensor& picture,
                      const at::Tensor& raw_transmission) {
  const at::Tensor gray = Gray(picture);
  // From the map as it was estimated, not from the refined one.
  const at::Tensor airlight = Airlight(picture, gray, raw_transmission);
  const at::Tensor transmission =
      GuidedFilter(gray, raw_transmission, kGuidedRadius_px, kGuidedEpsilon);
  return (picture - airlight) / transmission + airlight;
}

}  // namespace

DehazeNetOriginal::DehazeNetOriginal(const LayerScope& scope)
    : Backbone(scope), estimator_(scope, TransmissionForm::kSymmetric) {}

at::Tensor DehazeNetOriginal::Forward(const at::Tensor& input) const {
  const at::NoGradGuard no_grad;
  const at::Tensor raw = at::clamp(estimator_(input), 0, 1);
  std::vector<at::Tensor> restored;
  for (int64_t b = 0; b < input.size(0); ++b) {
    // What the estimate leaves of float32 is not lost after it.
    const at::Tensor picture = input[b].to(at::kDouble) + 0.5;
    restored.push_back(
        RestoreOne(picture, raw[b][0].to(at::kDouble)).to(input.dtype()));
  }
  return at::stack(restored);
}

at::Tensor DehazeNetOriginal::NormaliseInput(const at::Tensor& hazy01) const {
  return hazy01 - 0.5;
}

std::string DehazeNetOriginal::WhyNotTrainable() const {
  return "its airlight is chosen among the pixels of the picture, which no "
         "gradient passes";
}

}  // namespace bild
