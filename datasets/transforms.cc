#include "datasets/transforms.h"

#include "c10/util/Exception.h"

namespace bild {
namespace {

// Where output (row, column) of a transformed window comes from. Turning
// anticlockwise by 90 degrees takes output (r, c) from input (c, S - 1 - r).
struct Place {
  int64_t row;
  int64_t column;
};

Place SourceOf(const PatchWindow& window, int64_t row, int64_t column) {
  const int64_t last = window.side_px - 1;
  Place place{row, column};
  switch (window.quarter_turns) {
    case 1:
      place = {column, last - row};
      break;
    case 2:
      place = {last - row, last - column};
      break;
    case 3:
      place = {last - column, row};
      break;
    default:
      break;
  }
  if (window.is_flipped) place.column = last - place.column;
  return place;
}

// `values` [height, width_px, 3] over `peak`, to planes of side x side.
template <typename Values>
void CutValues(const Values& values, float peak, int64_t width_px,
               const PatchWindow& window, float* to) {
  const int64_t side = window.side_px;
  float* const red = to;
  float* const green = red + side * side;
  float* const blue = green + side * side;
  for (int64_t row = 0; row < side; ++row) {
    for (int64_t column = 0; column < side; ++column) {
      const Place place = SourceOf(window, row, column);
      const auto* rgb = values.data() + ((window.y_px + place.row) * width_px +
                                         window.x_px + place.column) *
                                            3;
      const int64_t at = row * side + column;
      red[at] = static_cast<float>(rgb[0]) / peak;
      green[at] = static_cast<float>(rgb[1]) / peak;
      blue[at] = static_cast<float>(rgb[2]) / peak;
    }
  }
}

}  // namespace

PatchWindow DrawWindow(const ImageSize& size, int64_t side_px,
                       const Augmentation& augmentation, SeedEngine* engine) {
  TORCH_CHECK(
      side_px >= 1 && side_px <= size.width_px && side_px <= size.height_px,
      "a window of ", side_px, " px does not fit a picture of ", size.width_px,
      "x", size.height_px);
  PatchWindow window;
  window.side_px = side_px;
  window.x_px = static_cast<int64_t>(
      engine->UniformInt(static_cast<uint64_t>(size.width_px - side_px + 1)));
  window.y_px = static_cast<int64_t>(
      engine->UniformInt(static_cast<uint64_t>(size.height_px - side_px + 1)));
  const bool is_flipped = engine->UniformInt(2) == 1;
  const auto quarter_turns = static_cast<int64_t>(engine->UniformInt(4));
  window.is_flipped = augmentation.flip && is_flipped;
  window.quarter_turns = augmentation.quarter_turns ? quarter_turns : 0;
  return window;
}

void CutWindow(const Image& image, const PatchWindow& window,
               const at::Tensor& to) {
  const int64_t side = window.side_px;
  TORCH_CHECK(window.x_px >= 0 && window.y_px >= 0 && side >= 1 &&
                  window.x_px + side <= image.width_px &&
                  window.y_px + side <= image.height_px,
              "a window of ", side, " px at x = ", window.x_px,
              ", y = ", window.y_px, " leaves a picture of ", image.width_px,
              "x", image.height_px);
  TORCH_CHECK(to.dim() == 3 && to.size(0) == 3 && to.size(1) == side &&
                  to.size(2) == side && to.is_contiguous() && to.is_cpu() &&
                  to.scalar_type() == at::kFloat,
              "expected a contiguous float32 CPU tensor [3, ", side, ", ", side,
              "], found ", to.sizes());
  if (image.rgb16.empty()) {
    CutValues(image.rgb, 255.0f, image.width_px, window, to.data_ptr<float>());
  } else {
    CutValues(image.rgb16, 65535.0f, image.width_px, window,
              to.data_ptr<float>());
  }
}

}  // namespace bild
