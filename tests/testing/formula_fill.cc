#include "tests/testing/formula_fill.h"

#include <cmath>
#include <vector>

#include "ATen/ops/cat.h"
#include "ATen/ops/empty.h"
#include "c10/core/GradMode.h"

namespace bild {
namespace {

bool EndsWith(const std::string& text, const std::string& ending) {
  return text.size() >= ending.size() &&
         text.compare(text.size() - ending.size(), ending.size(), ending) == 0;
}

// [numel] of the tensor with number k.
at::Tensor FilledTensor(const Parameter& tensor, int64_t k,
                        const FormulaFill& fill) {
  at::Tensor vector = at::empty({tensor.numel}, at::kDouble);
  double* out = vector.data_ptr<double>();
  double scale = 0.02;
  if (tensor.shape.size() >= 2) {
    const int64_t per_row = tensor.numel / tensor.shape[0];
    scale = fill.gain / std::sqrt(static_cast<double>(per_row));
  }
  const auto added = fill.bias_add.find(tensor.name);
  double constant = added == fill.bias_add.end() ? 0.0 : added->second;
  if (fill.on_initial) constant += tensor.initial.value_or(0.0);
  const bool is_variance =
      fill.on_initial && EndsWith(tensor.name, ".running_var");
  for (int64_t i = 0; i < tensor.numel; ++i) {
    double value = 0.0;
    if (fill.rule == FillRule::kSine) {
      const double phase =
          (0.7 * static_cast<double>(k) + 0.37 * static_cast<double>(i)) +
          (0.11 + fill.phase_shift);
      value = scale * std::sin(phase);
    } else {
      value = scale *
              (std::sqrt(3.0) *
               (2.0 * HashUniform(static_cast<uint64_t>(k + fill.number_shift),
                                  static_cast<uint64_t>(i)) -
                1.0));
    }
    if (is_variance) value = std::abs(value);
    out[i] = static_cast<double>(static_cast<float>(value + constant));
  }
  return vector;
}

}  // namespace

FormulaFill DirectionFill(const FormulaFill& fill) {
  FormulaFill direction = fill;
  direction.bias_add.clear();
  direction.on_initial = false;
  direction.phase_shift = 1.0;
  direction.number_shift = 100000;
  return direction;
}

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
  std::vector<at::Tensor> pieces;
  for (const auto& parameter : parameters.list()) {
    pieces.push_back(
        FilledTensor(*parameter, static_cast<int64_t>(pieces.size()), fill));
  }
  return at::cat(pieces);
}

at::Tensor FilledVector(const LayerSet& layers, const FormulaFill& fill) {
  const ParameterSet& parameters = layers.parameters();
  at::Tensor vector = at::empty({parameters.size()}, at::kDouble);
  const std::vector<const Parameter*>& state = layers.state();
  size_t next = 0;
  for (size_t k = 0; k < state.size(); ++k) {
    if (next == parameters.list().size() ||
        parameters.list()[next].get() != state[k]) {
      continue;  // A buffer.
    }
    vector.narrow(0, state[k]->offset, state[k]->numel)
        .copy_(FilledTensor(*state[k], static_cast<int64_t>(k), fill));
    ++next;
  }
  return vector;
}

void FillParameters(ParameterSet& parameters, const FormulaFill& fill) {
  const at::NoGradGuard no_grad;
  at::Tensor flat = parameters.flat();
  flat.copy_(FilledVector(parameters, fill));
}

void FillState(LayerSet& layers, const FormulaFill& fill) {
  const at::NoGradGuard no_grad;
  const std::vector<const Parameter*>& state = layers.state();
  for (size_t k = 0; k < state.size(); ++k) {
    state[k]->value.copy_(FilledTensor(*state[k], static_cast<int64_t>(k), fill)
                              .view(state[k]->shape));
  }
}

}  // namespace bild
