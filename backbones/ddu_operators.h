// The operators of multi-guided bilateral upsampling, written from operations
// that have forward-mode derivatives and derivatives of their derivatives,
// which the library's own grid sampling has not.
//
// Zheng, Ren, Cao, Hu, Wang, Song, Jia, "Ultra-High-Definition Image Dehazing
// via Multi-Guided Bilateral Learning", CVPR 2021.

#ifndef BACKBONES_DDU_OPERATORS_H_
#define BACKBONES_DDU_OPERATORS_H_

#include <cstdint>

#include "ATen/core/Tensor.h"

namespace bild {

// Coefficients per cell: three affine maps of three colours.
constexpr int64_t kBilateralCoefficients = 12;

// Bicubic with a = -0.75, corners on corners, edges repeated, not clamped.
// [B, C, h, w] -> [B, C, height_px, width_px].
at::Tensor ResizeBicubic(const at::Tensor& x, int64_t height_px,
                         int64_t width_px);

// The window of ResizeBicubic(x, height_px, width_px) with `rows` rows from
// `y_px` and `columns` columns from `x_px`, without the rest.
at::Tensor ResizeBicubicWindow(const at::Tensor& x, int64_t height_px,
                               int64_t width_px, int64_t y_px, int64_t rows,
                               int64_t x_px, int64_t columns);

// [B, 3, G, G] -> the bilateral grid [B, 12, G / 16, sqrt(G), sqrt(G)]
// (channel, depth, y, x): the mean of every four rows, read anew in C order. G
// is 16 times a square: its depth is part of the rows of the map.
at::Tensor BilateralGrid(const at::Tensor& map);

// Trilinear samples of a bilateral grid [B, 12, D, h, w], D, h and w >= 2, for
// pictures of one size whose corners lie on the grid's corners.
class BilateralSlice {
 public:
  BilateralSlice(const at::Tensor& grid, int64_t height_px, int64_t width_px);

  // Of the part of the picture with `rows` rows from `y_px` and `columns`
  // columns from `x_px`: At() takes guides of that size.
  BilateralSlice Window(int64_t y_px, int64_t rows, int64_t x_px,
                        int64_t columns) const;

  // At depth (guide + 1) / 2 of the way; guide [B, 1, H, W] in [-1, 1] ->
  // [B, 12, H, W]. Differentiable in grid and guide.
  at::Tensor At(const at::Tensor& guide) const;

 private:
  int64_t batch_, depth_, columns_, height_px_, width_px_;
  at::Tensor rows_;      // [B H D w, 12]: interpolated between the grid's rows.
  at::Tensor base_;      // [B, H, W] int64: a pixel's first cell in `rows_`.
  at::Tensor fraction_;  // [W]: of the way from the cell to the right one.
};

// Affine maps [B, 12, H, W] on colours [B, 3, H, W]:
// out_q = sum_j coefficients_{4 q + j} colours_j + coefficients_{4 q + 3}.
at::Tensor ApplyCoefficients(const at::Tensor& coefficients,
                             const at::Tensor& colours);

}  // namespace bild

#endif  // BACKBONES_DDU_OPERATORS_H_
