// AOD-Net: transmission and airlight folded into one map K(x).
//
// Li, Peng, Wang, Xu, Feng, "AOD-Net: All-in-One Dehazing Network", ICCV 2017.

#ifndef BACKBONES_AODNET_H_
#define BACKBONES_AODNET_H_

#include <optional>
#include <string>

#include "ATen/core/Tensor.h"
#include "backbones/backbone.h"

namespace bild {

// The authors' network (their Caffe definition, and its PyTorch port): ReLU on
// every map, on K and on the result; input sRGB in [0, 1].
class AodNet final : public Backbone {
 public:
  explicit AodNet(const LayerScope& scope = LayerScope());
  const std::string& name() const override { return name_; }
  at::Tensor Forward(const at::Tensor& input) const override;
  Tiling tiling() const override { return Tiling::kExact; }
  // K = 0 everywhere means a white picture and no gradient at all.
  std::optional<Liveness> CheckLiveness(const at::Tensor& input) const override;

 private:
  at::Tensor EstimateK(const at::Tensor& hazy) const;

  std::string name_ = "aodnet";
  const Conv2d &e_conv1_, &e_conv2_, &e_conv3_, &e_conv4_, &e_conv5_;
};

// The variant of the gUNet code base: input and output in [-1, 1], LeakyReLU on
// the four maps, none on K, none on the result.
class AodNetGunet final : public Backbone {
 public:
  explicit AodNetGunet(const LayerScope& scope = LayerScope());
  const std::string& name() const override { return name_; }
  at::Tensor Forward(const at::Tensor& input) const override;
  Tiling tiling() const override { return Tiling::kExact; }
  at::Tensor NormaliseInput(const at::Tensor& hazy01) const override;
  at::Tensor OutputToUnit(const at::Tensor& output) const override;

 private:
  std::string name_ = "aodnet[variant=gunet]";
  const Conv2d &conv1_, &conv2_, &conv3_, &conv4_, &conv5_;
};

}  // namespace bild

#endif  // BACKBONES_AODNET_H_
