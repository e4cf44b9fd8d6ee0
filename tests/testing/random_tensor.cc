#include "tests/testing/random_tensor.h"

#include <cmath>
#include <limits>

#include "ATen/TensorOperators.h"
#include "ATen/ops/empty.h"

namespace bild {

SeedEngine TestEngine(uint64_t n) {
  return SeedEngine(/*seed=*/20220828, SeedStream::kShuffle, /*epoch=*/0, n);
}

at::Tensor NormalTensor(SeedEngine& engine, const std::vector<int64_t>& shape) {
  at::Tensor tensor = at::empty(shape, at::kDouble);
  double* out = tensor.data_ptr<double>();
  for (int64_t i = 0; i < tensor.numel(); ++i) out[i] = engine.Normal();
  return tensor;
}

at::Tensor UniformTensor(SeedEngine& engine,
                         const std::vector<int64_t>& shape) {
  at::Tensor tensor = at::empty(shape, at::kDouble);
  double* out = tensor.data_ptr<double>();
  for (int64_t i = 0; i < tensor.numel(); ++i) out[i] = engine.Uniform();
  return tensor;
}

int64_t Choose(SeedEngine& engine, const std::vector<int64_t>& choices) {
  return choices[engine.UniformInt(choices.size())];
}

double RelativeError(const at::Tensor& a, const at::Tensor& b) {
  if (a.sizes() != b.sizes()) return std::numeric_limits<double>::infinity();
  if (a.numel() == 0) return 0.0;
  const at::Tensor wanted = b.detach().to(at::kDouble);
  const double difference =
      (a.detach().to(at::kDouble) - wanted).abs().max().item<double>();
  const double size = wanted.abs().max().item<double>();
  return difference == 0.0 ? 0.0 : difference / size;
}

}  // namespace bild
