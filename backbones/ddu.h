// Any net for pictures of any size: it dehazes a small picture, and a bilateral
// grid, guided by each colour of the large one, brings the result up.
//
// Zheng, Ren, Cao, Hu, Wang, Song, Jia, "Ultra-High-Definition Image Dehazing
// via Multi-Guided Bilateral Learning", CVPR 2021 (the authors' code). Their
// own net for the small picture gives way to another one: our reading of the
// "DDU module" of BILD's supplement.

#ifndef BACKBONES_DDU_H_
#define BACKBONES_DDU_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "ATen/core/Tensor.h"
#include "backbones/backbone.h"
#include "backbones/ddu_operators.h"
#include "backbones/ddu_unet.h"

namespace bild {

struct DduOptions {
  int64_t side_px = 320;       // Of the small picture.
  int64_t grid_side_px = 256;  // Of the grid's net's input: 256 or 64.
  int64_t width = 64;          // Of the grid's net.
};

// Input and output sRGB in [0, 1], the output not clamped. Couples the patches
// of a batch in training: it has batch norms.
class Ddu final : public Backbone {
 public:
  // Declares a net's layers under a scope.
  using Maker = std::function<std::unique_ptr<Backbone>(const LayerScope&)>;

  // The inner net must take pictures of `side_px` (SizeMultiple(),
  // SmallestSide()).
  Ddu(const DduOptions& options, const Maker& make_inner,
      const LayerScope& scope = LayerScope());
  ~Ddu() override;
  // "ffa[dim=16,ddu=320]"
  const std::string& name() const override { return name_; }
  at::Tensor Forward(const at::Tensor& input) const override;
  // In two passes: what comes from the small picture first, once.
  Tiling tiling() const override { return Tiling::kExact; }
  std::shared_ptr<const WholePicture> LookAtWhole(
      const at::Tensor& hazy01) const override;
  at::Tensor RestoreWindow(const at::Tensor& hazy01, const PictureWindow& place,
                           const WholePicture* whole) const override;
  int64_t SmallestSide() const override { return 2; }
  // Of the inner net on the small picture.
  std::optional<Liveness> CheckLiveness(const at::Tensor& input) const override;

 private:
  struct Guide;
  struct TwoConvs;
  struct SmallPicture;

  SmallPicture LookAt(const at::Tensor& input) const;
  // The large picture `input`, or a window of it, from slices and restored
  // small picture of its size.
  at::Tensor Guided(const at::Tensor& input, const BilateralSlice& slice,
                    const at::Tensor& restored) const;

  // The small picture in the inner net's input form.
  at::Tensor InnerInput(const at::Tensor& input) const;

  DduOptions options_;
  std::string name_;
  std::unique_ptr<Guide> guide_r_, guide_g_, guide_b_;
  std::unique_ptr<DduUnet> grid_net_;
  std::unique_ptr<Backbone> inner_;
  std::unique_ptr<TwoConvs> fusion_, multiplier_;
  const PRelu* activation_;  // One slope in four places.
  const Conv2d *point_r_, *point_g_, *point_b_;
};

}  // namespace bild

#endif  // BACKBONES_DDU_H_
