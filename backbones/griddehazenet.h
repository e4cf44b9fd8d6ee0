// GridDehazeNet: a grid of residual dense blocks, three scales by six columns,
// mixed by learned channel gains.
//
// Liu, Ma, Shi, Chen, "GridDehazeNet: Attention-Based Multi-Scale Network for
// Image Dehazing", ICCV 2019.

#ifndef BACKBONES_GRIDDEHAZENET_H_
#define BACKBONES_GRIDDEHAZENET_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ATen/core/Tensor.h"
#include "backbones/backbone.h"

namespace bild {

struct GridDehazeNetOptions {
  int64_t width = 16;   // Channels of the first row; the others have 2 and 4
                        // times as many.
  int64_t growth = 16;  // Channels that a dense layer adds, on every row.
  bool reads_unit = false;  // Input in [0, 1] instead of (x - 0.5) / 0.5.
};

// Of any size. The output is sRGB, at least 0 and without an upper bound.
class GridDehazeNet final : public Backbone {
 public:
  explicit GridDehazeNet(const GridDehazeNetOptions& options,
                         const LayerScope& scope = LayerScope());
  ~GridDehazeNet() override;
  const std::string& name() const override { return name_; }
  at::Tensor Forward(const at::Tensor& input) const override;
  Tiling tiling() const override { return Tiling::kExact; }
  // Two halvings.
  int64_t TileMultiple() const override { return 4; }
  at::Tensor NormaliseInput(const at::Tensor& hazy01) const override;

 private:
  struct DenseBlock;
  struct Down;
  struct Up;
  // The gains at a place where a row and a column meet.
  struct Junction {
    const ChannelGain *horizontal, *vertical;
  };
  // By [row][column] of the place that they lead to or stand at; empty where
  // the grid has none.
  template <typename T>
  using Grid = std::vector<std::vector<T>>;

  at::Tensor Mix(int64_t row, int64_t column, const at::Tensor& horizontal,
                 const at::Tensor& vertical) const;

  std::string name_;
  bool reads_unit_;
  Grid<Junction> junctions_;
  Grid<std::unique_ptr<DenseBlock>> along_;
  Grid<std::unique_ptr<Up>> up_;
  Grid<std::unique_ptr<Down>> down_;
  const Conv2d* enter_;
  const Conv2d* leave_;
  std::unique_ptr<DenseBlock> first_;
  std::unique_ptr<DenseBlock> last_;
};

}  // namespace bild

#endif  // BACKBONES_GRIDDEHAZENET_H_
