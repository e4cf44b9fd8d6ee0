#include "tests/testing/formula_fill.h"

#include <cmath>

#include "ATen/ops/empty.h"
#include "c10/core/GradMode.h"

namespace bild {

double HashUniform(uint64_t number, uint64_t index) {
  uint64_t z = (number << 32) + index + 1;
  z *= 0x9E3779B97F4A7C15u;
  z ^= z >> 30;
  z *= 0xBF58476D1CE4E5B9u;
  z ^= z >> 27;
  z *= 0x94D049BB133111EBu;
  z ^= z >> 31;
  return static_cast<double>(z >> 11) * 0x1.0p-53;
}

at::Tensor FilledVector(const ParameterSet& parameters,
                        const FormulaFill& fill) {
  at::Tensor vector = at::empty({parameters.size()}, at::kDouble);
  double* out = vector.data_ptr<double>();
  int64_t k = 0;
  for (const auto& parameter : parameters.list()) {
    double scale = 0.02;
    if (parameter->shape.size() >= 2) {
      const int64_t per_row = parameter->numel / parameter->shape[0];
      scale = fill.gain / std::sqrt(static_cast<double>(per_row));
    }
    const auto added = fill.bias_add.find(parameter->name);
    const double constant = added == fill.bias_add.end() ? 0.0 : added->second;
    for (int64_t i = 0; i < parameter->numel; ++i) {
      double value = 0.0;
      if (fill.rule == FillRule::kSine) {
        const double phase =
            (0.7 * static_cast<double>(k) + 0.37 * static_cast<double>(i)) +
            (0.11 + fill.phase_shift);
        value = scale * std::sin(phase);
      } else {
        value =
            scale *
            (std::sqrt(3.0) *
             (2.0 * HashUniform(static_cast<uint64_t>(k + fill.number_shift),
                                static_cast<uint64_t>(i)) -
              1.0));
      }
      *out++ = static_cast<double>(static_cast<float>(value + constant));
    }
    ++k;
  }
  return vector;
}

void FillParameters(ParameterSet& parameters, const FormulaFill& fill) {
  const at::NoGradGuard no_grad;
  at::Tensor flat = parameters.flat();
  flat.copy_(FilledVector(parameters, fill));
}

}  // namespace bild
