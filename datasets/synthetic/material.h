// What surfaces of the synthetic scenes look like, before light falls on them.

#ifndef DATASETS_SYNTHETIC_MATERIAL_H_
#define DATASETS_SYNTHETIC_MATERIAL_H_

#include <cstdint>

#include "datasets/synthetic/exact_math.h"

namespace bild {

enum class Pattern {
  kPlain,
  kStripes,    // Bands across s.
  kChecks,     // Squares of the two colours.
  kTiles,      // Squares with joints, each a shade of its own.
  kBricks,     // Rows with mortar, each brick a shade of its own.
  kPlanks,     // Boards along t with grain.
  kFacade,     // Rows of windows in a wall, `period` their distances.
  kShopFront,  // Large panes and an awning colour.
  kBooks,      // Spines of many colours, `period.t` the height of a board.
  kPanels,     // Doors and drawers: sunk rectangles with a knob.
  kPicture,    // A painted landscape over the unit of `period`.
  kWindow,     // A bright sky behind mullions.
  kCurtain,    // Vertical folds.
  kLeaves,     // Light and dark clumps.
  kRoad,       // s across: carriageway of half width `period.s` with marks.
};

struct Material {
  Pattern pattern = Pattern::kPlain;
  Rgb base;    // Linear light, like every colour here.
  Rgb second;  // The pattern's other colour.
  double period_s_m = 0.5;
  double period_t_m = 0.5;
  // Value noise of `octaves` octaves over everything: strength 0.3 varies the
  // brightness by up to +-30 %; the first wavelength is noise_m.
  double noise = 0.2;
  double noise_m = 0.5;
  int octaves = 5;
  // Grain of about a centimetre, for stone, carpet, asphalt.
  double speckle = 0.0;
  // Share of the colour that shines by itself, whatever light falls on it.
  double glow = 0.0;
  uint32_t seed = 0;
};

// The colour at (s, t), in metres on the surface; `spacing_m` is the distance
// of neighbouring samples there: finer detail fades out. Components in
// [0, 1.5].
Rgb SurfaceColour(const Material& material, double s, double t,
                  double spacing_m);

// The sky's colour in a direction (y up), with clouds. `clear_blue` is the
// zenith, `cloudiness` in [0, 1].
struct Sky {
  Rgb zenith;
  Rgb horizon;
  double cloudiness = 0.5;
  uint32_t seed = 0;
};
Rgb SkyColour(const Sky& sky, const Vec3& direction);

}  // namespace bild

#endif  // DATASETS_SYNTHETIC_MATERIAL_H_
