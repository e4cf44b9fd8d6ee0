#include "backbones/transmission_estimator.h"

#include "ATen/ops/amax.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/max_pool2d.h"
#include "ATen/ops/reflection_pad2d.h"
#include "ATen/ops/tensor.h"

namespace bild {
namespace {

constexpr int64_t kMaxoutGroups = 4;
constexpr int64_t kMaxoutChannels = 4;  // In each group.
constexpr int64_t kMapsPerScale = 16;
constexpr int64_t kExtremum_px = 7;

int64_t HeadPx(TransmissionForm form) {
  return form == TransmissionForm::kReflected ? 7 : 6;
}

// Zero padding inside of the layer; pictures get their edges outside of it.
const Conv2d& AddConv(const LayerScope& scope, const char* name, int64_t in,
                      int64_t out, int64_t kernel_px, int64_t padding_px) {
  ConvolutionGeometry geometry;
  geometry.kernel_px = kernel_px;
  geometry.padding_px = padding_px;
  return scope.Conv(name, in, out, geometry);
}

// Mapping at one scale.
const Conv2d& AddScale(const LayerScope& scope, const char* name,
                       int64_t kernel_px, TransmissionForm form) {
  return AddConv(scope, name, kMaxoutGroups, kMapsPerScale, kernel_px,
                 form == TransmissionForm::kPatch ? kernel_px / 2 : 0);
}

// The largest of each group's channels: [B, 16, H, W] -> [B, 4, H, W].
at::Tensor Maxout(const at::Tensor& x) {
  return x
      .reshape(
          {x.size(0), kMaxoutGroups, kMaxoutChannels, x.size(2), x.size(3)})
      .amax(2);
}

// The largest value of each window. Rows first and columns then gives the same
// numbers with 14 comparisons instead of 49.
at::Tensor LocalExtremum(const at::Tensor& x, int64_t padding_px) {
  const at::Tensor rows =
      at::max_pool2d(x, {kExtremum_px, 1}, {1, 1}, {padding_px, 0});
  return at::max_pool2d(rows, {1, kExtremum_px}, {1, 1}, {0, padding_px});
}

// Rows or columns in an order that mirrors them at both ends, the edge
// repeated: 1 0 | 0 1 2 | 2 1. Any number of them, back and forth.
at::Tensor MirroredAlong(const at::Tensor& x, int64_t dimension,
                         int64_t before_px, int64_t after_px) {
  const int64_t n = x.size(dimension);
  std::vector<int64_t> order;
  for (int64_t i = -before_px; i < n + after_px; ++i) {
    const int64_t place = ((i % (2 * n)) + 2 * n) % (2 * n);
    order.push_back(place < n ? place : 2 * n - 1 - place);
  }
  return x.index_select(dimension,
                        at::tensor(order, x.options().dtype(at::kLong)));
}

}  // namespace

TransmissionEstimator::TransmissionEstimator(const LayerScope& scope,
                                             TransmissionForm form)
    : form_(form),
      conv1_(AddConv(scope, "conv1", 3, kMaxoutGroups * kMaxoutChannels, 5, 0)),
      conv2_(AddScale(scope, "conv2", 3, form)),
      conv3_(AddScale(scope, "conv3", 5, form)),
      conv4_(AddScale(scope, "conv4", 7, form)),
      conv5_(AddConv(scope, "conv5", 3 * kMapsPerScale, 1, HeadPx(form), 0)) {}

at::Tensor TransmissionEstimator::Padded(const at::Tensor& x, int64_t before_px,
                                         int64_t after_px) const {
  switch (form_) {
    case TransmissionForm::kPatch:
      return x;
    case TransmissionForm::kReflected:
      return at::reflection_pad2d(x,
                                  {before_px, after_px, before_px, after_px});
    case TransmissionForm::kSymmetric:
      break;
  }
  return MirroredAlong(MirroredAlong(x, 2, before_px, after_px), 3, before_px,
                       after_px);
}

at::Tensor TransmissionEstimator::operator()(const at::Tensor& input) const {
  const at::Tensor maps = Maxout(conv1_(Padded(input, 2, 2)));
  const at::Tensor scales =
      at::cat({conv2_(Padded(maps, 1, 1)), conv3_(Padded(maps, 2, 2)),
               conv4_(Padded(maps, 3, 3))},
              1);
  const int64_t extremum_padding_px =
      form_ == TransmissionForm::kPatch ? 0 : kExtremum_px / 2;
  const int64_t head_px = HeadPx(form_);
  return conv5_(Padded(LocalExtremum(scales, extremum_padding_px),
                       (head_px - 1) / 2, head_px / 2));
}

}  // namespace bild
