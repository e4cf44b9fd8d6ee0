// Crops, left-right flips and quarter turns: from bytes to tensors, the same
// for the hazy and the clear picture, drawn from an engine that the caller
// names.

#ifndef DATASETS_TRANSFORMS_H_
#define DATASETS_TRANSFORMS_H_

#include <cstdint>

#include "ATen/core/Tensor.h"
#include "bild/base/seed.h"
#include "datasets/image.h"

namespace bild {

// A square window of a picture and what is then done to it. Lengths in pixels.
struct PatchWindow {
  int64_t x_px = 0;  // Top-left corner.
  int64_t y_px = 0;
  int64_t side_px = 0;
  bool is_flipped = false;    // Left-right, before the turns.
  int64_t quarter_turns = 0;  // Anticlockwise, 0..3.
};

struct Augmentation {
  bool flip = false;
  bool quarter_turns = false;
};

// Draws a window: x uniform over 0..width - side, y over 0..height - side, then
// the flip (1 in 2) and the turns (0..3), in that order. All four are drawn
// whatever `augmentation` says, so the same windows come with and without it.
//
// Throws c10::Error if the picture is smaller than the window.
PatchWindow DrawWindow(const ImageSize& size, int64_t side_px,
                       const Augmentation& augmentation, SeedEngine* engine);

// Writes the window of `image` to `to`, a float32 tensor [3, side, side] on the
// CPU, contiguous: value = byte / 255 in float32.
//
// Throws c10::Error if the window leaves the picture or `to` is another tensor.
void CutWindow(const ImageView& image, const PatchWindow& window,
               const at::Tensor& to);
inline void CutWindow(const Image& image, const PatchWindow& window,
                      const at::Tensor& to) {
  CutWindow(ViewOf(image), window, to);
}

}  // namespace bild

#endif  // DATASETS_TRANSFORMS_H_
