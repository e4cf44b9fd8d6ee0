// DehazeNet on single patches, and pictures restored tile by tile with it.
//
// Cai, Xu, Jia, Qing, Tao, "DehazeNet: An End-to-End System for Single Image
// Haze Removal", IEEE TIP 25(11), 2016, figure 1.

#ifndef BACKBONES_DEHAZENET_PATCH_H_
#define BACKBONES_DEHAZENET_PATCH_H_

#include <string>

#include "ATen/core/Tensor.h"
#include "backbones/backbone.h"
#include "backbones/transmission_estimator.h"

namespace bild {

// The form that the authors trained, one transmission for a patch of 16x16 px,
// as its PyTorch port (thuBingo/DehazeNet_Pytorch) restores pictures with it.
// It can be scored, not trained: its output is no picture.
class DehazeNetPatch final : public Backbone {
 public:
  explicit DehazeNetPatch(const LayerScope& scope = LayerScope());
  const std::string& name() const override { return name_; }
  // [B, 3, 16, 16] -> [B, 1], the transmission in [0, 1].
  at::Tensor Forward(const at::Tensor& input) const override;
  // ImageNet's mean and standard deviation, as the port has it.
  at::Tensor NormaliseInput(const at::Tensor& hazy01) const override;
  // Tile by tile: J = (x - A (1 - t)) / t with the tile's own t, which has no
  // lower bound but 1e-6 in the denominator, so that no value is infinite. A is
  // the largest value of any channel in the hundredth part of the tiles
  // (rounded down) with the smallest t, 0 for pictures of less than 100 tiles.
  // Rows and columns beyond the last whole tile stay as they are.
  at::Tensor Restore(const at::Tensor& hazy01) const override;
  std::string WhyNotTrainable() const override;

 private:
  at::Tensor RestoreOne(const at::Tensor& picture) const;

  std::string name_ = "dehazenet[variant=patch]";
  TransmissionEstimator estimator_;
};

}  // namespace bild

#endif  // BACKBONES_DEHAZENET_PATCH_H_
