#include "backbones/guided_filter.h"

#include "ATen/TensorOperators.h"
#include "ATen/ops/arange.h"
#include "ATen/ops/constant_pad_nd.h"
#include "ATen/ops/ones_like.h"
#include "c10/util/Exception.h"

namespace bild {
namespace {

// Sums over [i - radius, i + radius], cut at both ends, along a dimension.
at::Tensor WindowSums(const at::Tensor& x, int64_t dimension,
                      int64_t radius_px) {
  const int64_t n = x.size(dimension);
  const at::Tensor place = at::arange(n, x.options().dtype(at::kLong));
  // Sums of everything before a place, with a 0 in front.
  at::Tensor before = x.cumsum(dimension);
  before = dimension == 1 ? at::constant_pad_nd(before, {1, 0})
                          : at::constant_pad_nd(before, {0, 0, 1, 0});
  return before.index_select(dimension, (place + radius_px + 1).clamp_max(n)) -
         before.index_select(dimension, (place - radius_px).clamp_min(0));
}

at::Tensor BoxSums(const at::Tensor& x, int64_t radius_px) {
  return WindowSums(WindowSums(x, 0, radius_px), 1, radius_px);
}

}  // namespace

at::Tensor GuidedFilter(const at::Tensor& guide, const at::Tensor& input,
                        int64_t radius_px, double epsilon) {
  TORCH_CHECK(guide.dim() == 2 && guide.sizes() == input.sizes(), "guide ",
              guide.sizes(), " and input ", input.sizes(),
              ": expected one height and width");
  const at::Tensor i = guide.to(at::kDouble);
  const at::Tensor p = input.to(at::kDouble);
  const at::Tensor pixels = BoxSums(at::ones_like(i), radius_px);
  const auto mean = [&](const at::Tensor& x) {
    return BoxSums(x, radius_px) / pixels;
  };
  const at::Tensor mean_i = mean(i);
  const at::Tensor mean_p = mean(p);
  const at::Tensor variance = mean(i * i) - mean_i * mean_i;
  const at::Tensor covariance = mean(i * p) - mean_i * mean_p;
  const at::Tensor a = covariance / (variance + epsilon);
  const at::Tensor b = mean_p - a * mean_i;
  return mean(a) * i + mean(b);
}

}  // namespace bild
