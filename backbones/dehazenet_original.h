// DehazeNet as published: transmission of the whole picture, airlight from its
// haziest part, guided filter, scattering model.
//
// Cai, Xu, Jia, Qing, Tao, "DehazeNet: An End-to-End System for Single Image
// Haze Removal", IEEE TIP 25(11), 2016, and the authors' MATLAB code
// (caibolun/DehazeNet).

#ifndef BACKBONES_DEHAZENET_ORIGINAL_H_
#define BACKBONES_DEHAZENET_ORIGINAL_H_

#include <string>

#include "ATen/core/Tensor.h"
#include "backbones/backbone.h"
#include "backbones/transmission_estimator.h"

namespace bild {

// Reads the authors' weights. It can be scored, not trained: the airlight is
// chosen among pixels, and no gradient passes that.
class DehazeNetOriginal final : public Backbone {
 public:
  explicit DehazeNetOriginal(const LayerScope& scope = LayerScope());
  const std::string& name() const override { return name_; }
  // x - 0.5 -> J = (x - A) / t + A in sRGB. The refined t has no bounds, so J
  // may lie far outside [0, 1].
  at::Tensor Forward(const at::Tensor& input) const override;
  at::Tensor NormaliseInput(const at::Tensor& hazy01) const override;
  std::string WhyNotTrainable() const override;

 private:
  std::string name_ = "dehazenet[variant=original]";
  TransmissionEstimator estimator_;
};

}  // namespace bild

#endif  // BACKBONES_DEHAZENET_ORIGINAL_H_
