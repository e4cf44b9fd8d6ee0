// Noise from hashed integers: the same everywhere, addressed by place.

#ifndef DATASETS_SYNTHETIC_INTEGER_NOISE_H_
#define DATASETS_SYNTHETIC_INTEGER_NOISE_H_

#include <cstdint>

namespace bild {

// 32 well-mixed bits of a lattice point.
uint32_t HashLattice(int64_t x, int64_t y, uint32_t seed);

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

// 1 for a detail that the sampling can show, 0 for one below Nyquist's limit.
double VisibleShare(double wavelength, double sample_spacing);

}  // namespace bild

#endif  // DATASETS_SYNTHETIC_INTEGER_NOISE_H_
