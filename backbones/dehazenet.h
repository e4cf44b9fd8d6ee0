// DehazeNet: a transmission map, and the picture by the scattering model.
//
// Cai, Xu, Jia, Qing, Tao, "DehazeNet: An End-to-End System for Single Image
// Haze Removal", IEEE TIP 25(11), 2016. The published pipeline is in
// dehazenet_original.h, the form that was trained in dehazenet_patch.h.

#ifndef BACKBONES_DEHAZENET_H_
#define BACKBONES_DEHAZENET_H_

#include <cstdint>
#include <string>

#include "ATen/core/Tensor.h"
#include "backbones/backbone.h"
#include "backbones/transmission_estimator.h"

namespace bild {

// End to end, as the gUNet code base has it: airlight 1, transmission by a
// sigmoid, no refinement; input and output in [-1, 1]. The restored picture is
// at most 1 and has no lower bound.
class DehazeNet final : public Backbone {
 public:
  explicit DehazeNet(const LayerScope& scope = LayerScope());
  const std::string& name() const override { return name_; }
  at::Tensor Forward(const at::Tensor& input) const override;
  Tiling tiling() const override { return Tiling::kExact; }
  at::Tensor NormaliseInput(const at::Tensor& hazy01) const override;
  at::Tensor OutputToUnit(const at::Tensor& output) const override;
  // Of the widest reflection, 3 px.
  int64_t SmallestSide() const override { return 4; }

 private:
  std::string name_ = "dehazenet";
  TransmissionEstimator estimator_;
};

}  // namespace bild

#endif  // BACKBONES_DEHAZENET_H_
