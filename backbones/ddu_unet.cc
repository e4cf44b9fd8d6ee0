#include "backbones/ddu_unet.h"

#include "ATen/ops/cat.h"
#include "ATen/ops/max_pool2d.h"
#include "ATen/ops/upsample_bilinear2d.h"

namespace bild {
namespace {

at::Tensor Half(const at::Tensor& x) { return at::max_pool2d(x, {2, 2}); }

// The coarse map twice as large, behind the skip's channels.
at::Tensor Joined(const at::Tensor& skip, const at::Tensor& coarse) {
  return at::cat(
      {skip, at::upsample_bilinear2d(coarse, {skip.size(2), skip.size(3)},
                                     /*align_corners=*/true)},
      1);
}

}  // namespace

DduUnet::DoubleConv::DoubleConv(const LayerScope& scope, int64_t in_channels,
                                int64_t middle_channels, int64_t out_channels)
    : conv1(scope.Conv("double_conv.0", in_channels, middle_channels, 3)),
      norm1(scope.BatchNorm("double_conv.1", middle_channels)),
      conv2(scope.Conv("double_conv.3", middle_channels, out_channels, 3)),
      norm2(scope.BatchNorm("double_conv.4", out_channels)) {}

at::Tensor DduUnet::DoubleConv::operator()(const at::Tensor& x) const {
  return norm2(conv2(norm1(conv1(x)).relu_())).relu_();
}

DduUnet::DduUnet(const LayerScope& scope, int64_t width)
    : first_(scope / "inc", 3, width, width),
      down1_(scope / "down1.maxpool_conv.1", width, width * 2, width * 2),
      down2_(scope / "down2.maxpool_conv.1", width * 2, width * 4, width * 4),
      down3_(scope / "down3.maxpool_conv.1", width * 4, width * 8, width * 8),
      down4_(scope / "down4.maxpool_conv.1", width * 8, width * 8, width * 8),
      up1_(scope / "up1.conv", width * 16, width * 8, width * 4),
      up2_(scope / "up2.conv", width * 8, width * 4, width * 2),
      up3_(scope / "up3.conv", width * 4, width * 2, width),
      up4_(scope / "up4.conv", width * 2, width, width),
      last_(scope.Conv("pre", width, 3, 3)) {}

at::Tensor DduUnet::operator()(const at::Tensor& x) const {
  const at::Tensor x1 = first_(x);
  const at::Tensor x2 = down1_(Half(x1));
  const at::Tensor x3 = down2_(Half(x2));
  const at::Tensor x4 = down3_(Half(x3));
  const at::Tensor x5 = down4_(Half(x4));
  at::Tensor up = up1_(Joined(x4, x5));
  up = up2_(Joined(x3, up));
  up = up3_(Joined(x2, up));
  up = up4_(Joined(x1, up));
  return last_(up).sigmoid_();
}

}  // namespace bild
