// Parameter and buffer values from a closed formula of (tensor number, index),
// so that golden vectors need no weight files.

#ifndef TESTS_TESTING_FORMULA_FILL_H_
#define TESTS_TESTING_FORMULA_FILL_H_

#include <cstdint>
#include <map>
#include <string>

#include "ATen/core/Tensor.h"
#include "backbones/layers.h"
#include "backbones/parameter_set.h"

namespace bild {

enum class FillRule { kSine, kHash };

struct FormulaFill {
  FillRule rule = FillRule::kHash;
  double gain = 1.0;  // On tensors of 2 or more dimensions.
  std::map<std::string, double> bias_add;  // Constants for named tensors.
  // On top of a tensor's initial value, where its definition has one, so that a
  // scale stays near its scale: batch norm weights 1 + v, running variances
  // 1 + |v|, PReLU slopes 0.25 + v, gains 1 + v.
  bool on_initial = true;
  // Sine: added to the phase; hash: added to the parameter number. The fill of
  // directions of differentiation.
  double phase_shift = 0.0;
  int64_t number_shift = 0;
};

// The fill of directions of differentiation that belongs to a fill.
FormulaFill DirectionFill(const FormulaFill& fill);

// The pseudo-random number in [0, 1) of the hash fill.
double HashUniform(uint64_t number, uint64_t index);

// [size()] float64: every value rounded once to float32. The tensors of a set
// that has no buffers are numbered from 0.
at::Tensor FilledVector(const ParameterSet& parameters,
                        const FormulaFill& fill);
// The parameters of a net, numbered among parameters and buffers in their
// common order.
at::Tensor FilledVector(const LayerSet& layers, const FormulaFill& fill);

// Writes it into the parameters (rounding to their dtype).
void FillParameters(ParameterSet& parameters, const FormulaFill& fill);
// Into parameters and buffers.
void FillState(LayerSet& layers, const FormulaFill& fill);

}  // namespace bild

#endif  // TESTS_TESTING_FORMULA_FILL_H_
