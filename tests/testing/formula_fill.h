// Parameter values from a closed formula of (parameter number, index), so that
// golden vectors need no weight files.

#ifndef TESTS_TESTING_FORMULA_FILL_H_
#define TESTS_TESTING_FORMULA_FILL_H_

#include <cstdint>
#include <map>
#include <string>

#include "ATen/core/Tensor.h"
#include "backbones/parameter_set.h"

namespace bild {

enum class FillRule { kSine, kHash };

struct FormulaFill {
  FillRule rule = FillRule::kHash;
  double gain = 1.0;  // On tensors of 2 or more dimensions.
  std::map<std::string, double> bias_add;  // Constants for named tensors.
  // Sine: added to the phase; hash: added to the parameter number. The fill of
  // directions of differentiation.
  double phase_shift = 0.0;
  int64_t number_shift = 0;
};

// The pseudo-random number in [0, 1) of the hash fill.
double HashUniform(uint64_t number, uint64_t index);

// [size()] float64: every value rounded once to float32.
at::Tensor FilledVector(const ParameterSet& parameters,
                        const FormulaFill& fill);

// Writes it into the parameters (rounding to their dtype).
void FillParameters(ParameterSet& parameters, const FormulaFill& fill);

}  // namespace bild

#endif  // TESTS_TESTING_FORMULA_FILL_H_
