// Haze by the atmospheric scattering model, as RESIDE applies it, and uneven,
// tinted and noisy as photographs of real haze show it.

#ifndef DATASETS_SYNTHETIC_HAZE_H_
#define DATASETS_SYNTHETIC_HAZE_H_

#include <cstdint>
#include <vector>

#include "datasets/image.h"
#include "datasets/synthetic/exact_math.h"

namespace bild {

struct HazeCondition {
  double airlight = 1;  // A: grey, on sRGB values in [0, 1].
  double beta = 1;      // Scattering per unit of depth.
  Rgb tint{};           // Added to the airlight: its channels differ.
  // Whether beta changes over the picture: beta (0.2 + 1.6 N), N value noise in
  // [0, 1] of three octaves, the first a third of the longer side wide.
  bool is_uneven = false;
  // Standard deviation of the sensor's noise, in grey levels of 255; added to I
  // before it is rounded, its own for each channel.
  double noise_levels = 0;
  uint32_t seed = 0;  // Of both.
};

// I = J t + A (1 - t) with t = exp(-beta depth) (Koschmieder; RESIDE, Li et al.
// 2019, eq. 1 and 2), on sRGB values byte / 255 as RESIDE does; I * 255 is
// rounded half to even. `depth` is [height, width] of `clear`.
Image ApplyHaze(const Image& clear, const std::vector<double>& depth,
                const HazeCondition& condition);

// The nearest integer, ties to the even one; 0 <= value <= 255.
uint8_t RoundHalfToEven(double value);

// Ten per scene: A uniform over the multiples of 1e-5 in [0.7, 1] (what fits
// the five digits of the file names), beta uniform in [0.6, 1.8).
std::vector<HazeCondition> ItsHaze(uint64_t seed, uint64_t scene_number);

// All 35 of {0.8, 0.85, 0.9, 0.95, 1} x {0.04, 0.06, 0.08, 0.1, 0.12, 0.16,
// 0.2}, A the slower.
std::vector<HazeCondition> OtsTrainHaze();

// Five different ones per scene among the 25 with beta >= 0.08.
std::vector<HazeCondition> OtsTestHaze(uint64_t seed, uint64_t scene_number);

// One per scene, bluish: channels of A in [0.75, 0.95] and at most 0.04 apart,
// beta uniform in [0.5, 1.2), noise of one grey level.
HazeCondition OHazeHaze(uint64_t seed, uint64_t scene_number);

// The same, uneven.
HazeCondition NhHazeHaze(uint64_t seed, uint64_t scene_number);

}  // namespace bild

#endif  // DATASETS_SYNTHETIC_HAZE_H_
