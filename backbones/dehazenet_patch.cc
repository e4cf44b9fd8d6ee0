#include "backbones/dehazenet_patch.h"

#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/hardtanh.h"
#include "ATen/ops/stack.h"
#include "ATen/ops/tensor.h"
#include "ATen/ops/zeros.h"
#include "c10/core/GradMode.h"
#include "c10/util/Exception.h"

namespace bild {
namespace {

constexpr int64_t kTile_px = 16;
constexpr double kLeastDivisor = 1e-6;

}  // namespace

DehazeNetPatch::DehazeNetPatch(const LayerScope& scope)
    : Backbone(scope), estimator_(scope, TransmissionForm::kPatch) {}

at::Tensor DehazeNetPatch::Forward(const at::Tensor& input) const {
  TORCH_CHECK(input.dim() == 4 && input.size(2) == kTile_px &&
                  input.size(3) == kTile_px,
              "dehazenet[variant=patch]: expected patches of 16x16 px, found ",
              input.sizes());
  return at::hardtanh(estimator_(input), 0, 1).flatten(1);
}

at::Tensor DehazeNetPatch::NormaliseInput(const at::Tensor& hazy01) const {
  const at::Tensor mean =
      at::tensor({0.485, 0.456, 0.406}, hazy01.options()).view({1, 3, 1, 1});
  const at::Tensor deviation =
      at::tensor({0.229, 0.224, 0.225}, hazy01.options()).view({1, 3, 1, 1});
  return (hazy01 - mean) / deviation;
}

// [3, H, W], at least a tile.
at::Tensor DehazeNetPatch::RestoreOne(const at::Tensor& picture) const {
  const int64_t rows = picture.size(1) / kTile_px;
  const int64_t columns = picture.size(2) / kTile_px;
  at::Tensor restored = picture.clone();
  // [columns, rows, 3, 16, 16]: the port's order of tiles, which decides
  // between equal transmissions.
  at::Tensor tiles = restored.slice(1, 0, rows * kTile_px)
                         .slice(2, 0, columns * kTile_px)
                         .unflatten(2, {columns, kTile_px})
                         .unflatten(1, {rows, kTile_px})
                         .permute({3, 1, 0, 2, 4});
  std::vector<at::Tensor> estimates;
  for (int64_t column = 0; column < columns; ++column) {
    estimates.push_back(Forward(NormaliseInput(tiles[column])));
  }
  const at::Tensor transmission = at::cat(estimates).flatten();
  const int64_t haziest = rows * columns / 100;
  at::Tensor airlight = at::zeros({}, picture.options());
  if (haziest > 0) {
    const at::Tensor order = transmission.argsort(/*stable=*/true);
    airlight = tiles.flatten(0, 1)
                   .index_select(0, order.slice(0, 0, haziest))
                   .max()
                   .clamp_min(0);
  }
  const at::Tensor t = transmission.view({columns, rows, 1, 1, 1});
  tiles.copy_((tiles - airlight * (1.0 - t)) / t.clamp_min(kLeastDivisor));
  return restored;
}

at::Tensor DehazeNetPatch::Restore(const at::Tensor& hazy01) const {
  const at::NoGradGuard no_grad;
  if (hazy01.size(2) < kTile_px || hazy01.size(3) < kTile_px) return hazy01;
  std::vector<at::Tensor> restored;
  for (int64_t b = 0; b < hazy01.size(0); ++b) {
    restored.push_back(RestoreOne(hazy01[b]));
  }
  return at::stack(restored);
}

std::string DehazeNetPatch::WhyNotTrainable() const {
  return "its output is the transmission of a patch, not a picture";
}

}  // namespace bild
