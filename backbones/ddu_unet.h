// The U-Net that draws a bilateral grid's coefficients.
//
// Zheng, Ren, Cao, Hu, Wang, Song, Jia, "Ultra-High-Definition Image Dehazing
// via Multi-Guided Bilateral Learning", CVPR 2021 (the authors' code).

#ifndef BACKBONES_DDU_UNET_H_
#define BACKBONES_DDU_UNET_H_

#include <cstdint>

#include "ATen/core/Tensor.h"
#include "backbones/layers.h"

namespace bild {

// [B, 3, H, W] -> [B, 3, H, W] in (0, 1); H and W multiples of 16. Four
// halvings, convolutions in pairs with batch norm.
class DduUnet {
 public:
  // `width`: channels of the finest scale.
  DduUnet(const LayerScope& scope, int64_t width);
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  struct DoubleConv {
    DoubleConv(const LayerScope& scope, int64_t in_channels,
               int64_t middle_channels, int64_t out_channels);
    at::Tensor operator()(const at::Tensor& x) const;
    const Conv2d& conv1;
    const BatchNorm2d& norm1;
    const Conv2d& conv2;
    const BatchNorm2d& norm2;
  };

  DoubleConv first_;
  DoubleConv down1_, down2_, down3_, down4_;
  DoubleConv up1_, up2_, up3_, up4_;
  const Conv2d& last_;
};

}  // namespace bild

#endif  // BACKBONES_DDU_UNET_H_
