#include "backbones/restore/tiling_difference.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/adaptive_avg_pool2d.h"
#include "c10/core/GradMode.h"

namespace bild {
namespace {

constexpr int64_t kLongerSidePx = 256;
constexpr int64_t kHaloPx = 32;

// As many tiles as the plan has, whatever their size.
std::vector<TileSpan> CutAlike(int64_t side_px, size_t tiles,
                               int64_t multiple) {
  const auto count = static_cast<int64_t>(tiles);
  const int64_t core_px =
      std::max<int64_t>(1,
                        (side_px + count * multiple - 1) / (count * multiple)) *
      multiple;
  std::vector<TileSpan> spans;
  for (int64_t begin = 0; begin < side_px; begin += core_px) {
    TileSpan span;
    span.core_begin = begin;
    span.core_end = std::min(side_px, begin + core_px);
    span.begin = std::max<int64_t>(0, begin - kHaloPx);
    span.end = std::min(side_px, span.core_end + kHaloPx);
    spans.push_back(span);
  }
  return spans;
}

}  // namespace

TilingDifference MeasureTilingDifference(const Backbone& backbone,
                                         const at::Tensor& hazy01,
                                         const RestorePlan& plan) {
  const at::NoGradGuard no_grad;
  const double scale = std::min(
      1.0, static_cast<double>(kLongerSidePx) /
               static_cast<double>(std::max(hazy01.size(2), hazy01.size(3))));
  TilingDifference difference;
  difference.height_px = std::max<int64_t>(
      1, std::lround(static_cast<double>(hazy01.size(2)) * scale));
  difference.width_px = std::max<int64_t>(
      1, std::lround(static_cast<double>(hazy01.size(3)) * scale));
  const at::Tensor small = backbone.PadToFit(at::adaptive_avg_pool2d(
      hazy01, {difference.height_px, difference.width_px}));
  RestorePlan alike;
  alike.tiling = plan.tiling;
  alike.rows =
      CutAlike(small.size(2), plan.rows.size(), backbone.TileMultiple());
  alike.columns =
      CutAlike(small.size(3), plan.columns.size(), backbone.TileMultiple());
  const at::Tensor in_tiles =
      RestoreByPlan(backbone, small, alike, {}).clamp(0.0, 1.0);
  const at::Tensor at_once = backbone.Restore(small).clamp(0.0, 1.0);
  const at::Tensor gap = (in_tiles - at_once).abs().to(at::kDouble);
  difference.largest = gap.max().item<double>();
  difference.mean = gap.mean().item<double>();
  difference.psnr_db = -10.0 * std::log10(gap.square().mean().item<double>());
  return difference;
}

}  // namespace bild
