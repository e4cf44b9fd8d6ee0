// FFA-Net: three groups of attention blocks in series, fused by attention.
//
// Qin, Wang, Bai, Xie, Jia, "FFA-Net: Feature Fusion Attention Network for
// Single Image Dehazing", AAAI 2020.

#ifndef BACKBONES_FFA_H_
#define BACKBONES_FFA_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ATen/core/Tensor.h"
#include "backbones/backbone.h"

namespace bild {

struct FfaOptions {
  int64_t dim = 64;     // Feature channels; a multiple of 16.
  int64_t blocks = 19;  // Blocks per group: 19 in the public checkpoints, 20 in
                        // BILD's released code.
};

class Ffa final : public Backbone {
 public:
  explicit Ffa(const FfaOptions& options,
               const LayerScope& scope = LayerScope());
  ~Ffa() override;
  const std::string& name() const override { return name_; }
  at::Tensor Forward(const at::Tensor& input) const override;
  // Its channel attention takes means over the whole picture.
  Tiling tiling() const override { return Tiling::kApproximate; }
  // (x - mean) / std with the paper's code's own constants; the target and the
  // output stay in [0, 1].
  at::Tensor NormaliseInput(const at::Tensor& hazy01) const override;

 private:
  struct ChannelAttention;
  struct PixelAttention;
  struct Block;
  struct Group;
  struct GroupFusion;

  std::string name_;
  std::vector<std::unique_ptr<Group>> groups_;
  std::unique_ptr<GroupFusion> fusion_;
  std::unique_ptr<PixelAttention> pixel_attention_;
  const Conv2d* pre_;
  const Conv2d* post0_;
  const Conv2d* post1_;
};

}  // namespace bild

#endif  // BACKBONES_FFA_H_
