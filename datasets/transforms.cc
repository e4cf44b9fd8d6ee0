#include "datasets/transforms.h"

#include <array>
#include <cstddef>

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

// All 256 quotients byte / 255 in float32: a look-up costs less than a division
// and gives the same bits.
const std::array<float, 256>& BytesOverPeak() {
  static const auto* const quotients = [] {
    auto* table = new std::array<float, 256>;
    for (size_t i = 0; i < table->size(); ++i) {
      (*table)[i] = static_cast<float>(i) / 255.0f;
    }
    return table;
  }();
  return *quotients;
}

// `values` [height, width_px, 3], each through `to_float`, to planes of side x
// side. A step along an output row is the same step in the picture everywhere,
// so places are worked out once a row.
template <typename Value, typename ToFloat>
void CutValues(const Value* values, int64_t width_px, const PatchWindow& window,
               const ToFloat& to_float, float* to) {
  const int64_t side = window.side_px;
  const auto source = [&](int64_t row, int64_t column) {
    const Place place = SourceOf(window, row, column);
    return values +
           ((window.y_px + place.row) * width_px + window.x_px + place.column) *
               3;
  };
  const int64_t step = side > 1 ? source(0, 1) - source(0, 0) : 0;
  float* red = to;
  float* green = red + side * side;
  float* blue = green + side * side;
  for (int64_t row = 0; row < side; ++row) {
    const Value* rgb = source(row, 0);
    for (int64_t column = 0; column < side; ++column) {
      red[column] = to_float(rgb[0]);
      green[column] = to_float(rgb[1]);
      blue[column] = to_float(rgb[2]);
      // Not beyond the last: the pointer would leave the picture.
      if (column + 1 < side) rgb += step;
    }
    red += side;
    green += side;
    blue += side;
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

void CutWindow(const ImageView& image, const PatchWindow& window,
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
  float* const values = to.data_ptr<float>();
  if (image.rgb16 == nullptr) {
    const float* const quotients = BytesOverPeak().data();
    CutValues(
        image.rgb, image.width_px, window,
        [quotients](uint8_t value) { return quotients[value]; }, values);
  } else {
    CutValues(
        image.rgb16, image.width_px, window,
        [](uint16_t value) { return static_cast<float>(value) / 65535.0f; },
        values);
  }
}

}  // namespace bild
