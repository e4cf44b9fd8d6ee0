#include "datasets/synthetic/integer_noise.h"

#include "datasets/synthetic/exact_math.h"

namespace bild {
namespace {

// An invertible 32-bit mixer of two multiplications and three shifts, with
// C. Wellons' constants of low bias (2018).
uint32_t Mix32(uint32_t x) {
  x ^= x >> 16;
  x *= 0x7FEB352Du;
  x ^= x >> 15;
  x *= 0x846CA68Bu;
  x ^= x >> 16;
  return x;
}

}  // namespace

uint32_t HashLattice(int64_t x, int64_t y, uint32_t seed) {
  const uint32_t row = Mix32(static_cast<uint32_t>(y) + 0x9E3779B9u * seed);
  return Mix32(static_cast<uint32_t>(x) ^ row);
}

double HashUniform(int64_t x, int64_t y, uint32_t seed) {
  return HashLattice(x, y, seed) * (1.0 / 4294967296.0);
}

double ValueNoise(double x, double y, uint32_t seed) {
  const int64_t column = FloorToInt(x);
  const int64_t row = FloorToInt(y);
  const double u = x - static_cast<double>(column);
  const double v = y - static_cast<double>(row);
  const double along_x = u * u * (3.0 - 2.0 * u);
  const double along_y = v * v * (3.0 - 2.0 * v);
  const double top = Mix(HashUniform(column, row, seed),
                         HashUniform(column + 1, row, seed), along_x);
  const double bottom = Mix(HashUniform(column, row + 1, seed),
                            HashUniform(column + 1, row + 1, seed), along_x);
  return Mix(top, bottom, along_y);
}

double VisibleShare(double wavelength, double sample_spacing) {
  if (sample_spacing <= 0) return 1.0;
  return Clamp01(wavelength / sample_spacing - 2.0);
}

double FractalNoise(double x, double y, uint32_t seed, int octaves, double gain,
                    double sample_spacing) {
  double sum = 0;
  double weights = 0;
  double weight = 1;
  double wavelength = 1;
  for (int octave = 0; octave < octaves; ++octave) {
    const double visible = VisibleShare(wavelength, sample_spacing);
    const double noise =
        visible > 0
            ? ValueNoise(x, y, seed + static_cast<uint32_t>(octave)) - 0.5
            : 0.0;
    sum += weight * visible * noise;
    weights += weight;
    weight *= gain;
    wavelength *= 0.5;
    // Doubling alone would put lattice points of all octaves on one another.
    x = 2.0 * x + 17.3;
    y = 2.0 * y + 9.7;
  }
  return 0.5 + sum / weights;
}

}  // namespace bild
