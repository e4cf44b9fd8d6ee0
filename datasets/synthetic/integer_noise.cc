#include "datasets/synthetic/integer_noise.h"

#include <limits>

#include "datasets/synthetic/exact_math.h"

namespace bild {
namespace {

constexpr double kPerHash = 1.0 / 4294967296.0;

// The cubic weight between lattice points, of a number in [0, 1).
double Ease(double u) { return u * u * (3.0 - 2.0 * u); }

}  // namespace

double HashUniform(int64_t x, int64_t y, uint32_t seed) {
  return HashLattice(x, y, seed) * kPerHash;
}

double ValueNoise(double x, double y, uint32_t seed) {
  const int64_t column = FloorToInt(x);
  const int64_t row = FloorToInt(y);
  const double u = x - static_cast<double>(column);
  const double v = y - static_cast<double>(row);
  const double along_x = Ease(u);
  const double along_y = Ease(v);
  // HashUniform's factor comes last: it is a power of two, so the bits are the
  // same.
  const double top = Mix(HashLattice(column, row, seed),
                         HashLattice(column + 1, row, seed), along_x);
  const double bottom = Mix(HashLattice(column, row + 1, seed),
                            HashLattice(column + 1, row + 1, seed), along_x);
  return Mix(top, bottom, along_y) * kPerHash;
}

double VisibleShare(double wavelength, double sample_spacing) {
  if (sample_spacing <= 0) return 1.0;
  return Clamp01(wavelength / sample_spacing - 2.0);
}

namespace {

// What an octave's doubled coordinates are moved by. Doubling alone would put
// lattice points of all octaves on one another.
constexpr double kNextOctaveX = 17.3;
constexpr double kNextOctaveY = 9.7;

// Of all octaves, whether they can be seen or not.
double SumOfWeights(int octaves, double gain) {
  double weights = 0;
  double weight = 1;
  for (int octave = 0; octave < octaves; ++octave, weight *= gain) {
    weights += weight;
  }
  return weights;
}

}  // namespace

double FractalNoise(double x, double y, uint32_t seed, int octaves, double gain,
                    double sample_spacing) {
  double sum = 0;
  double weight = 1;
  double wavelengths_per_spacing =
      sample_spacing > 0 ? 1.0 / sample_spacing : 0;
  for (int octave = 0; octave < octaves; ++octave) {
    // VisibleShare of the octave's wavelength, which halves exactly.
    const double visible =
        sample_spacing > 0 ? Clamp01(wavelengths_per_spacing - 2.0) : 1.0;
    if (visible == 0) break;  // And so for all finer ones.
    sum += weight * visible *
           (ValueNoise(x, y, seed + static_cast<uint32_t>(octave)) - 0.5);
    weight *= gain;
    wavelengths_per_spacing *= 0.5;
    x = 2.0 * x + kNextOctaveX;
    y = 2.0 * y + kNextOctaveY;
  }
  return 0.5 + sum / SumOfWeights(octaves, gain);
}

FractalNoiseRow::FractalNoiseRow(double y, uint32_t seed, int octaves,
                                 double gain)
    : gain_(gain), weights_(SumOfWeights(octaves, gain)) {
  for (int i = 0; i < octaves; ++i) {
    const int64_t row = FloorToInt(y);
    const uint32_t own_seed = seed + static_cast<uint32_t>(i);
    Octave octave{};
    octave.above = HashRow(row, own_seed);
    octave.below = HashRow(row + 1, own_seed);
    octave.along_y = Ease(y - static_cast<double>(row));
    octave.column = std::numeric_limits<int64_t>::min();
    octaves_.push_back(octave);
    y = 2.0 * y + kNextOctaveY;
  }
}

double FractalNoiseRow::At(double x) {
  double sum = 0;
  double weight = 1;
  for (Octave& octave : octaves_) {
    const int64_t column = FloorToInt(x);
    if (column != octave.column) {
      octave.column = column;
      octave.corners[0] = HashInRow(column, octave.above);
      octave.corners[1] = HashInRow(column + 1, octave.above);
      octave.corners[2] = HashInRow(column, octave.below);
      octave.corners[3] = HashInRow(column + 1, octave.below);
    }
    const double along_x = Ease(x - static_cast<double>(column));
    const double top = Mix(octave.corners[0], octave.corners[1], along_x);
    const double bottom = Mix(octave.corners[2], octave.corners[3], along_x);
    sum += weight * (Mix(top, bottom, octave.along_y) * kPerHash - 0.5);
    weight *= gain_;
    x = 2.0 * x + kNextOctaveX;
  }
  return 0.5 + sum / weights_;
}

double FractalNoiseWithin(double x, double y, uint32_t seed, int octaves,
                          double gain, double low, double high) {
  const double weights = SumOfWeights(octaves, gain);
  const double least_sum = (low - 0.5) * weights;
  const double most_sum = (high - 0.5) * weights;
  double swing = 0.5 * weights;  // What is to come adds or takes this at most.
  double sum = 0;
  double weight = 1;
  for (int octave = 0; octave < octaves; ++octave) {
    if (sum - swing > most_sum || sum + swing < least_sum) break;
    sum +=
        weight * (ValueNoise(x, y, seed + static_cast<uint32_t>(octave)) - 0.5);
    swing -= 0.5 * weight;
    weight *= gain;
    x = 2.0 * x + kNextOctaveX;
    y = 2.0 * y + kNextOctaveY;
  }
  return 0.5 + sum / weights;
}

}  // namespace bild
