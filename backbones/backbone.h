// The interface of a dehazing network: all that the method knows of it.

#ifndef BACKBONES_BACKBONE_H_
#define BACKBONES_BACKBONE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "ATen/core/Tensor.h"
#include "backbones/layers.h"

namespace bild {

// A share of units that can still learn; 0 is a dead net.
struct Liveness {
  std::string what;    // "K > 0"
  double share = 1.0;  // In [0, 1].
};

enum class Tiling {
  kNone,         // Every pixel depends on the whole picture.
  kExact,        // A pixel depends on its surroundings, however large.
  kApproximate,  // On means over the whole picture as well, which tiles take
                 // over themselves.
};

// A part of a picture, in pixels.
struct PictureWindow {
  int64_t x_px = 0, y_px = 0;
  int64_t width_px = 0, height_px = 0;
};

// What a net keeps of a whole picture for its tiles.
class WholePicture {
 public:
  virtual ~WholePicture() = default;
};

class Backbone {
 public:
  virtual ~Backbone() = default;

  // As it stands in every row: "aodnet", "ffa[dim=16,blocks=2]".
  virtual const std::string& name() const = 0;

  // The net itself: [B, 3, H, W] in its own input form -> [B, 3, H, W] in its
  // own output form, of the dtype and device of the parameters. Differentiable.
  // Uses the layers in whatever way is set on them.
  virtual at::Tensor Forward(const at::Tensor& input) const = 0;

  // From sRGB in [0, 1] to the input form, and from the output form to sRGB
  // (which may overshoot [0, 1]). Both default to "as it is".
  virtual at::Tensor NormaliseInput(const at::Tensor& hazy01) const {
    return hazy01;
  }
  virtual at::Tensor OutputToUnit(const at::Tensor& output) const {
    return output;
  }

  // The restored picture, [B, 3, H, W] in [0, 1] but for overshoot, of any
  // size: padded by reflection at the bottom and the right to what the net
  // takes, and cut back (pictures smaller than half of that by repeating their
  // edge). Nets whose output is no picture make one of it here.
  virtual at::Tensor Restore(const at::Tensor& hazy01) const;

  // Pads at the bottom and the right as Restore() does, to what Forward()
  // takes.
  at::Tensor PadToFit(const at::Tensor& hazy01) const;

  // How a picture that is too large for the memory can be restored in tiles.
  virtual Tiling tiling() const { return Tiling::kNone; }
  // Tiles must begin at multiples of this.
  virtual int64_t TileMultiple() const { return SizeMultiple(); }
  // What tiles need to know of the whole (padded) picture; null where a tile
  // needs to know nothing but itself.
  virtual std::shared_ptr<const WholePicture> LookAtWhole(
      const at::Tensor& /*hazy01*/) const {
    return nullptr;
  }
  // Restores the window of `hazy01` that `place` names, a picture that fits
  // (PadToFit): [B, 3, H, W] -> [B, 3, place.height_px, place.width_px], right
  // in all but a margin towards the cut edges. `whole` from LookAtWhole().
  virtual at::Tensor RestoreWindow(const at::Tensor& hazy01,
                                   const PictureWindow& place,
                                   const WholePicture* whole) const;

  // Empty for a net that can be trained; otherwise why its published weights
  // can only be run: "its airlight is chosen among the pixels".
  virtual std::string WhyNotTrainable() const { return ""; }

  // True where training mixes the patches of a batch (batch norm): per-patch
  // gradients do not exist then.
  bool CouplesPatches() const { return layers_->has_batch_norm(); }

  // Height and width must be multiples of this; Restore() pads to it.
  virtual int64_t SizeMultiple() const { return 1; }
  // Smallest height and width that Forward() takes.
  virtual int64_t SmallestSide() const { return 1; }

  // For nets that can be dead from the start. `input` as for Forward().
  virtual std::optional<Liveness> CheckLiveness(
      const at::Tensor& /*input*/) const {
    return std::nullopt;
  }

  LayerSet& layers() { return *layers_; }
  const LayerSet& layers() const { return *layers_; }
  ParameterSet& parameters() { return layers_->parameters(); }
  const ParameterSet& parameters() const { return layers_->parameters(); }

 protected:
  // A net by itself, or a part of a larger one, whose layers it shares.
  explicit Backbone(const LayerScope& scope) : layers_(scope.set()) {}

 private:
  std::shared_ptr<LayerSet> layers_;
};

}  // namespace bild

#endif  // BACKBONES_BACKBONE_H_
