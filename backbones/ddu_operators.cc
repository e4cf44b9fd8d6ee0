#include "backbones/ddu_operators.h"

#include <algorithm>
#include <cmath>

#include "ATen/TensorOperators.h"
#include "ATen/ops/arange.h"
#include "ATen/ops/embedding.h"
#include "ATen/ops/eye.h"
#include "ATen/ops/matmul.h"
#include "ATen/ops/upsample_bicubic2d.h"
#include "c10/util/Exception.h"

namespace bild {
namespace {

constexpr int64_t kPooledRows = 4;

// Where `pixels` points lie on `cells` cells, ends on ends: [pixels] float64.
at::Tensor Lattice(int64_t pixels, int64_t cells,
                   const at::TensorOptions& options) {
  const double step = pixels > 1 ? static_cast<double>(cells - 1) /
                                       static_cast<double>(pixels - 1)
                                 : 0.0;
  return at::arange(pixels, options.dtype(at::kDouble)) * step;
}

// The cell that a position belongs to: the last one but one at the end.
at::Tensor CellOf(const at::Tensor& position, int64_t cells) {
  return position.floor().clamp(0, static_cast<double>(cells - 2));
}

}  // namespace

at::Tensor ResizeBicubic(const at::Tensor& x, int64_t height_px,
                         int64_t width_px) {
  return at::upsample_bicubic2d(x, {height_px, width_px},
                                /*align_corners=*/true);
}

at::Tensor ResizeBicubicWindow(const at::Tensor& x, int64_t height_px,
                               int64_t width_px, int64_t y_px, int64_t rows,
                               int64_t x_px, int64_t columns) {
  // Resizing is linear in every column and every row: what it does to unit
  // vectors is its matrix.
  const auto matrix = [&x](int64_t side_px, int64_t size, int64_t start,
                           int64_t count) {
    const at::Tensor unit = at::eye(size, x.options()).view({1, 1, size, size});
    return ResizeBicubic(unit, side_px, size)[0][0].narrow(0, start, count);
  };
  return at::matmul(at::matmul(matrix(height_px, x.size(2), y_px, rows), x),
                    matrix(width_px, x.size(3), x_px, columns).t());
}

at::Tensor BilateralGrid(const at::Tensor& map) {
  const int64_t batch = map.size(0);
  const int64_t side = map.size(2);
  const auto cells =
      static_cast<int64_t>(std::lround(std::sqrt(static_cast<double>(side))));
  TORCH_CHECK(
      map.size(1) == 3 && map.size(3) == side && cells * cells == side &&
          side % 16 == 0,
      "a bilateral grid out of a map of ", map.sizes(),
      ": expected 3 channels of G x G, G a square and a multiple of 16");
  return map.reshape({batch, 3, side / kPooledRows, kPooledRows, side})
      .mean(3)
      .reshape({batch, kBilateralCoefficients, side / 16, cells, cells});
}

BilateralSlice::BilateralSlice(const at::Tensor& grid, int64_t height_px,
                               int64_t width_px)
    : batch_(grid.size(0)),
      depth_(grid.size(2)),
      columns_(grid.size(4)),
      height_px_(height_px),
      width_px_(width_px) {
  const at::TensorOptions options = grid.options();
  const int64_t grid_rows = grid.size(3);
  TORCH_CHECK(depth_ >= 2 && grid_rows >= 2 && columns_ >= 2,
              "a bilateral grid of ", grid.sizes(),
              ": expected at least 2 cells along each axis");
  // The lattice is regular: between the grid's rows every picture row is
  // interpolated once, for all columns and depths, not once for every pixel.
  const at::Tensor row = Lattice(height_px, grid_rows, options).unsqueeze(1);
  const at::Tensor tents =
      (1.0 - (row - at::arange(grid_rows, row.options())).abs()).clamp_min(0.0);
  rows_ = at::matmul(tents.to(options),
                     grid.permute({0, 3, 2, 4, 1})
                         .reshape({batch_, grid_rows,
                                   depth_ * columns_ * kBilateralCoefficients}))
              .reshape({batch_ * height_px * depth_ * columns_,
                        kBilateralCoefficients});
  const at::Tensor column = Lattice(width_px, columns_, options);
  const at::Tensor cell = CellOf(column, columns_);
  fraction_ = (column - cell).to(options);
  base_ = (at::arange(batch_ * height_px, options.dtype(at::kLong)) *
           (depth_ * columns_))
              .view({batch_, height_px, 1}) +
          cell.to(at::kLong);
}

BilateralSlice BilateralSlice::Window(int64_t y_px, int64_t rows, int64_t x_px,
                                      int64_t columns) const {
  BilateralSlice window = *this;
  window.height_px_ = rows;
  window.width_px_ = columns;
  window.base_ = base_.narrow(1, y_px, rows).narrow(2, x_px, columns);
  window.fraction_ = fraction_.narrow(0, x_px, columns);
  return window;
}

at::Tensor BilateralSlice::At(const at::Tensor& guide) const {
  const at::Tensor position =
      (guide.squeeze(1) + 1.0) * (0.5 * static_cast<double>(depth_ - 1));
  // What is no number must not become an address; it stays in the fraction.
  const at::Tensor cell =
      CellOf(position.detach(), depth_).nan_to_num(/*nan=*/0.0);
  const at::Tensor right = fraction_.unsqueeze(1);         // [W, 1]
  const at::Tensor deep = (position - cell).unsqueeze(3);  // [B, H, W, 1]
  const at::Tensor index = base_ + cell.to(at::kLong) * columns_;
  // [B, H, W, 12] each.
  const auto corner = [&](int64_t offset) {
    return at::embedding(rows_, index + offset);
  };
  const auto between = [](const at::Tensor& a, const at::Tensor& b,
                          const at::Tensor& fraction) {
    return a + (b - a) * fraction;
  };
  const at::Tensor near = between(corner(0), corner(1), right);
  const at::Tensor far = between(corner(columns_), corner(columns_ + 1), right);
  return between(near, far, deep).permute({0, 3, 1, 2});
}

at::Tensor ApplyCoefficients(const at::Tensor& coefficients,
                             const at::Tensor& colours) {
  const at::Tensor maps = coefficients.reshape(
      {colours.size(0), 3, 4, colours.size(2), colours.size(3)});
  return (maps.narrow(2, 0, 3) * colours.unsqueeze(1)).sum(2) +
         maps.select(2, 3);
}

}  // namespace bild
