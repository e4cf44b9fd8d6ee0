// MSBDN-DFF: a U-Net whose decoder strengthens, operates and subtracts, and
// whose features are corrected by all earlier scales.
//
// Dong, Pan, Xiang, Hu, Zhang, Wang, Yang, "Multi-Scale Boosted Dehazing
// Network with Dense Feature Fusion", CVPR 2020: the network of its results
// (version 1-1 of the authors' code), not their later RDFF variant.

#ifndef BACKBONES_MSBDN_H_
#define BACKBONES_MSBDN_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ATen/core/Tensor.h"
#include "backbones/backbone.h"

namespace bild {

struct MsbdnOptions {
  int64_t width = 16;  // Channels at full resolution; twice as many per scale.
};

// Input and output sRGB in [0, 1], the output not clamped. Height and width
// must be multiples of 16, and at least 32: at 16 px the coarsest map is one
// pixel, which cannot be reflected.
class Msbdn final : public Backbone {
 public:
  explicit Msbdn(const MsbdnOptions& options,
                 const LayerScope& scope = LayerScope());
  ~Msbdn() override;
  const std::string& name() const override { return name_; }
  at::Tensor Forward(const at::Tensor& input) const override;
  // Its resizes take (2 h + 1) rows to 2 h, at places that depend on h: a tile
  // resizes as the whole picture does.
  Tiling tiling() const override { return Tiling::kExact; }
  at::Tensor RestoreWindow(const at::Tensor& hazy01, const PictureWindow& place,
                           const WholePicture* whole) const override;
  int64_t SizeMultiple() const override { return 16; }
  int64_t SmallestSide() const override { return 32; }

 private:
  struct ReflectConv;
  struct ResidualBlocks;
  struct BackProjection;
  struct EncoderStage;
  struct DecoderStage;
  struct PlaceInWhole;

  // `place` is null for a whole picture.
  at::Tensor Run(const at::Tensor& input, const PlaceInWhole* place) const;

  std::string name_;
  std::unique_ptr<ReflectConv> first_;
  std::unique_ptr<ResidualBlocks> refine_first_;
  std::vector<std::unique_ptr<EncoderStage>> encoder_;  // Finest first.
  std::unique_ptr<ResidualBlocks> dehaze_;
  std::vector<std::unique_ptr<DecoderStage>> decoder_;  // Coarsest first.
  std::unique_ptr<ReflectConv> last_;
};

}  // namespace bild

#endif  // BACKBONES_MSBDN_H_
