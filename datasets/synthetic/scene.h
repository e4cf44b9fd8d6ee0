// A synthetic scene as a picture: clear pixels and the depth of each.

#ifndef DATASETS_SYNTHETIC_SCENE_H_
#define DATASETS_SYNTHETIC_SCENE_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "datasets/image.h"

namespace bild {

// Which published set the scenes resemble.
enum class SceneLike {
  kIts,     // A furnished room.
  kOts,     // A street under a sky.
  kGarden,  // A garden with hardly any sky: O-HAZE, NH-HAZE.
};

struct Scene {
  Image clear;
  // [height, width], what multiplies beta in the haze's exponent. Rooms: median
  // near 0.6, 99th over 1st percentile 1.7 to 2.4. Streets: 2 to 8, median
  // (without sky) 2.5 to 3.3, the sky 8 (zenith) to 10 (horizon). Gardens: 0.1
  // to 1.9, median 1.
  std::vector<double> depth;
  // [height, width]: the solid, or face of the backdrop, that a pixel shows; -1
  // where its samples see several. Depth is continuous within one surface.
  std::vector<int32_t> surface;
  int attempt = 0;  // How many attempts before this one were refused.
};

// The smallest and largest edge of a picture.
inline constexpr int64_t kLeastEdge_px = 32;
inline constexpr int64_t kMostEdge_px = 8192;

// Draws scene `number`: a pure function of its arguments, the same bits on
// every machine. 2 x 2 samples a pixel, averaged in linear light. A scene whose
// mean is outside 0.25...0.6 or whose standard deviation over all components
// (of byte / 255) is 0.12 or less is refused and the next attempt drawn.
//
// InvalidArgument where an edge is outside [kLeastEdge_px, kMostEdge_px];
// Internal where 100 attempts were refused.
absl::StatusOr<Scene> RenderScene(SceneLike like, uint64_t seed,
                                  uint64_t number, int64_t width_px,
                                  int64_t height_px);

// Mean and standard deviation of all bytes / 255.
struct Brightness {
  double mean = 0;
  double deviation = 0;
};
Brightness MeasureBrightness(const Image& image);

}  // namespace bild

#endif  // DATASETS_SYNTHETIC_SCENE_H_
