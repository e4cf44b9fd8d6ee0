// Seeded random tensors for property tests.

#ifndef TESTS_TESTING_RANDOM_TENSOR_H_
#define TESTS_TESTING_RANDOM_TENSOR_H_

#include <cstdint>
#include <vector>

#include "ATen/core/Tensor.h"
#include "bild/base/seed.h"

namespace bild {

// A stream of its own for property number `n` of a test.
SeedEngine TestEngine(uint64_t n);

// float64 on the CPU, contiguous; N(0, 1) and uniform in [0, 1).
at::Tensor NormalTensor(SeedEngine& engine, const std::vector<int64_t>& shape);
at::Tensor UniformTensor(SeedEngine& engine, const std::vector<int64_t>& shape);

// One of `choices`.
int64_t Choose(SeedEngine& engine, const std::vector<int64_t>& choices);

// The largest element of |a - b| against the largest of |b|; 0 where both are
// zero.
double RelativeError(const at::Tensor& a, const at::Tensor& b);

}  // namespace bild

#endif  // TESTS_TESTING_RANDOM_TENSOR_H_
