// Noise from hashed integers: the same everywhere, addressed by place.

#ifndef DATASETS_SYNTHETIC_INTEGER_NOISE_H_
#define DATASETS_SYNTHETIC_INTEGER_NOISE_H_

#include <cstdint>
#include <vector>

namespace bild {

// An invertible 32-bit mixer of two multiplications and three shifts, with
// C. Wellons' constants of low bias (2018).
inline uint32_t Mix32(uint32_t x) {
  x ^= x >> 16;
  x *= 0x7FEB352Du;
  x ^= x >> 15;
  x *= 0x846CA68Bu;
  x ^= x >> 16;
  return x;
}

// 32 well-mixed bits of a lattice point; in two steps for many in one row.
inline uint32_t HashRow(int64_t y, uint32_t seed) {
  return Mix32(static_cast<uint32_t>(y) + 0x9E3779B9u * seed);
}
inline uint32_t HashInRow(int64_t x, uint32_t row) {
  return Mix32(static_cast<uint32_t>(x) ^ row);
}
inline uint32_t HashLattice(int64_t x, int64_t y, uint32_t seed) {
  return HashInRow(x, HashRow(y, seed));
}

// The same as a number in [0, 1).
double HashUniform(int64_t x, int64_t y, uint32_t seed);

// Value noise in [0, 1): a random number at each integer point, smooth between
// (cubic weights), mean 0.5, features about one unit wide.
double ValueNoise(double x, double y, uint32_t seed);

// Octaves of value noise, each of half the wavelength and `gain` times the
// strength of the one before, weighted to stay in [0, 1) around 0.5.
// Octaves with a wavelength below about three `sample_spacing` (in the units
// of x and y) fade out instead of aliasing; 0 keeps them all.
double FractalNoise(double x, double y, uint32_t seed, int octaves, double gain,
                    double sample_spacing);

// The same with every octave kept, for who only asks whether it lies below
// `low` or above `high`, and not where: as soon as that is certain, any number
// that lies there too. Between the two, the noise to the last bit.
double FractalNoiseWithin(double x, double y, uint32_t seed, int octaves,
                          double gain, double low, double high);

// FractalNoise(x, y, seed, octaves, gain, 0) at many x of one y, to the bit.
// What neighbours have in common is worked out once.
class FractalNoiseRow {
 public:
  FractalNoiseRow(double y, uint32_t seed, int octaves, double gain);

  double At(double x);

 private:
  struct Octave {
    uint32_t above;  // Hashes of the rows on both sides of y.
    uint32_t below;
    double along_y;
    int64_t column;  // Left of the four corners.
    double corners[4];
  };
  std::vector<Octave> octaves_;
  double gain_;
  double weights_;
};

// 1 for a detail that the sampling can show, 0 for one below Nyquist's limit.
double VisibleShare(double wavelength, double sample_spacing);

}  // namespace bild

#endif  // DATASETS_SYNTHETIC_INTEGER_NOISE_H_
