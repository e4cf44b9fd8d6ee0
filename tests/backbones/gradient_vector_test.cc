// Shares of gradients put together.

#include "backbones/gradient_vector.h"

#include <cstdint>
#include <vector>

#include "ATen/Context.h"
#include "ATen/ops/tensor.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

// While it lives, fresh memory holds NaN, so that reading it cannot go unseen.
class NanInFreshMemory {
 public:
  NanInFreshMemory() {
    at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/false);
  }
  ~NanInFreshMemory() {
    at::globalContext().setDeterministicAlgorithms(false, /*warn_only=*/false);
  }
};

at::Tensor Numbers(const std::vector<double>& numbers) {
  return at::tensor(numbers, at::kDouble);
}

TEST(GradientVector, AddsSharesAndLeavesTheRestZero) {
  const NanInFreshMemory fresh;
  const at::TensorOptions options(at::kDouble);
  ParameterSet parameters;
  parameters.Add("none", {2}, 1);
  const Parameter& matrix = *parameters.Add("matrix", {2, 2}, 1);
  const Parameter& gains = *parameters.Add("gains", {4}, 1);
  parameters.Materialise(options);
  Parameter window = gains;
  window.offset += 1;
  window.numel = 2;
  window.shape = {2};

  GradientVector sum(parameters, options);
  // Laid out the other way round, as kernels may give it: [[1, 3], [2, 4]].
  sum.Add(matrix, Numbers({1, 2, 3, 4}).view({2, 2}).t());
  sum.Add(matrix, Numbers({10, 20, 30, 40}));
  // A window leaves zeros around it.
  sum.Add(window, Numbers({5, 6}));
  sum.Add(window, Numbers({0.5, 0.5}));
  EXPECT_TRUE(
      sum.Take().equal(Numbers({0, 0, 11, 23, 32, 44, 0, 5.5, 6.5, 0})));
}

TEST(GradientVector, GivesThePlaceOfAFirstShareOnce) {
  const NanInFreshMemory fresh;
  ParameterSet parameters;
  const Parameter& matrix = *parameters.Add("matrix", {2, 2}, 1);
  const Parameter& gains = *parameters.Add("gains", {2}, 1);
  parameters.Materialise(at::TensorOptions(at::kDouble));
  Parameter window = gains;
  window.numel = 1;
  window.shape = {1};

  GradientVector sum(parameters, at::TensorOptions(at::kDouble));
  const at::Tensor place = sum.PlaceOfFirstShare(matrix);
  ASSERT_EQ(place.sizes(), (std::vector<int64_t>{2, 2}));
  place.copy_(Numbers({1, 2, 3, 4}).view({2, 2}));
  EXPECT_FALSE(sum.PlaceOfFirstShare(matrix).defined());
  EXPECT_FALSE(sum.PlaceOfFirstShare(window).defined());
  sum.Add(matrix, Numbers({10, 20, 30, 40}));
  EXPECT_TRUE(sum.Take().equal(Numbers({11, 22, 33, 44, 0, 0})));
}

// 2 (1, 2, 3, 4) + 3 (10, 20, 30, 40), of a parameter and of a window into one.
TEST(GradientVector, WeighsRows) {
  const NanInFreshMemory fresh;
  const at::TensorOptions options(at::kDouble);
  ParameterSet parameters;
  const Parameter& whole = *parameters.Add("whole", {2, 2}, 1);
  const Parameter& gains = *parameters.Add("gains", {5}, 1);
  parameters.Materialise(options);
  Parameter window = gains;
  window.numel = 4;

  const at::Tensor rows = Numbers({1, 2, 3, 4, 10, 20, 30, 40}).view({2, 4});
  const at::Tensor weights = Numbers({2, 3});
  GradientVector sum(parameters, options);
  sum.AddWeighted(whole, rows, weights);
  sum.AddWeighted(whole, rows, weights);
  sum.AddWeighted(window, rows, weights);
  EXPECT_TRUE(
      sum.Take().equal(Numbers({64, 128, 192, 256, 32, 64, 96, 128, 0})));
}

TEST(GradientVector, OfNothingIsZero) {
  const NanInFreshMemory fresh;
  ParameterSet parameters;
  parameters.Add("a", {3}, 1);
  parameters.Materialise(at::TensorOptions(at::kFloat));
  GradientVector sum(parameters, at::TensorOptions(at::kFloat));
  EXPECT_TRUE(sum.Take().equal(at::tensor({0.0F, 0.0F, 0.0F})));
}

}  // namespace
}  // namespace bild
