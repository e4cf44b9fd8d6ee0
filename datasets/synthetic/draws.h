// Random choices for building a scene, on top of a seed engine.
//
// The order of evaluation of function arguments and operands is the compiler's
// choice in C++, and a scene must not be: two draws stand in two statements or
// in one braced list, never in one call or expression.

#ifndef DATASETS_SYNTHETIC_DRAWS_H_
#define DATASETS_SYNTHETIC_DRAWS_H_

#include <cstddef>
#include <cstdint>

#include "bild/base/seed.h"

namespace bild {

class Draws {
 public:
  explicit Draws(SeedEngine engine) : engine_(engine) {}

  // Uniform in [low, high).
  double Range(double low, double high) {
    return low + (high - low) * engine_.Uniform();
  }
  // Uniform over low, ..., high.
  int Int(int low, int high) {
    return low + static_cast<int>(
                     engine_.UniformInt(static_cast<uint64_t>(high - low + 1)));
  }
  bool Chance(double probability) { return engine_.Uniform() < probability; }
  // -1 or 1.
  double Sign() { return engine_.UniformInt(2) == 0 ? -1.0 : 1.0; }
  uint32_t NoiseSeed() { return static_cast<uint32_t>(engine_.Next()); }

 private:
  SeedEngine engine_;
};

}  // namespace bild

#endif  // DATASETS_SYNTHETIC_DRAWS_H_
