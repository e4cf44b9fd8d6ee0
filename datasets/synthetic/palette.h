// The four palettes of the synthetic scenes.

#ifndef DATASETS_SYNTHETIC_PALETTE_H_
#define DATASETS_SYNTHETIC_PALETTE_H_

#include "datasets/synthetic/draws.h"
#include "datasets/synthetic/exact_math.h"

namespace bild {

enum class Palette {
  kIndoorWalls,    // Indoor: paints,
  kIndoorWood,     // woods
  kIndoorFabrics,  // and cloths.
  kStreet,         // Brick, plaster and concrete.
  kPaint,          // Car bodies, signs, clothes.
  kFoliage,        // Summer and autumn leaves.
  kStone,          // Paving, rock, tiles.
};

// A colour of the palette in linear light, brightness and hue jittered.
Rgb PickColour(Palette palette, Draws& draws);

// sRGB in [0, 1] to linear light by the square: the package's transfer curve,
// exact to compute and close to the standard's 2.2.
inline Rgb ToLinear(const Rgb& srgb) { return srgb * srgb; }

}  // namespace bild

#endif  // DATASETS_SYNTHETIC_PALETTE_H_
