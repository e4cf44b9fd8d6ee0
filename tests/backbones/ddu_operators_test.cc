// The operators of guided upsampling by hand, against plain loops, and their
// derivatives in every mode.

#include "backbones/ddu_operators.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/arange.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/tanh.h"
#include "ATen/ops/tensor.h"
#include "ATen/ops/zeros.h"
#include "backbones/parameter_set.h"
#include "c10/core/GradMode.h"
#include "c10/util/Exception.h"
#include "gtest/gtest.h"
#include "tests/testing/random_tensor.h"
#include "torch/csrc/autograd/autograd.h"

namespace bild {
namespace {

// Corners on corners: 4 to 7 points is every half step. Between two points the
// cubic with a = -0.75 weighs -3/32, 19/32, 19/32, -3/32; edges repeat.
TEST(ResizeBicubic, HalfStepsByHand) {
  const at::Tensor row =
      at::tensor({1.0, 2.0, 4.0, 3.0}, at::kDouble).view({1, 1, 1, 4});
  const at::Tensor got = ResizeBicubic(row, 1, 7).flatten();
  const std::vector<double> want = {
      1.0, (-3 * 1 + 19 * 1 + 19 * 2 - 3 * 4) / 32.0,
      2.0, (-3 * 1 + 19 * 2 + 19 * 4 - 3 * 3) / 32.0,
      4.0, (-3 * 2 + 19 * 4 + 19 * 3 - 3 * 3) / 32.0,
      3.0};
  for (size_t i = 0; i < want.size(); ++i) {
    EXPECT_NEAR(got[static_cast<int64_t>(i)].item<double>(), want[i], 1e-14)
        << i;
  }
  // It overshoots, and nothing cuts that off.
  const at::Tensor step =
      at::tensor({0.0, 0.0, 1.0, 1.0}, at::kDouble).view({1, 1, 4, 1});
  EXPECT_LT(ResizeBicubic(step, 7, 1).min().item<double>(), -0.05);
}

// Coefficient m: colour m / 4 and rows 4 (m mod 4) ... + 3 of the pooled map of
// G = 64 (its 16 rows), one depth to a row; the 64 columns are 8 rows of 8.
TEST(BilateralGrid, EveryElementByItsIndices) {
  const at::Tensor map =
      at::arange(2 * 3 * 64 * 64, at::kDouble).view({2, 3, 64, 64});
  const at::Tensor grid = BilateralGrid(map);
  ASSERT_EQ(grid.sizes(), (std::vector<int64_t>{2, 12, 4, 8, 8}));
  for (int64_t b = 0; b < 2; ++b) {
    for (int64_t m = 0; m < 12; ++m) {
      for (int64_t z = 0; z < 4; ++z) {
        const int64_t row = 4 * (4 * (m % 4) + z);
        const at::Tensor pooled =
            map[b][m / 4].narrow(0, row, 4).mean(0).view({8, 8});
        EXPECT_TRUE(grid[b][m][z].equal(pooled)) << m << ' ' << z;
      }
    }
  }
  EXPECT_EQ(BilateralGrid(at::zeros({1, 3, 256, 256})).sizes(),
            (std::vector<int64_t>{1, 12, 16, 16, 16}));
  EXPECT_THROW(BilateralGrid(at::zeros({1, 3, 32, 32})), c10::Error);
  EXPECT_THROW(BilateralGrid(at::zeros({1, 3, 64, 256})), c10::Error);
}

TEST(ApplyCoefficients, ByHand) {
  const at::Tensor coefficients =
      at::tensor({1.0, 0.0, 0.0, 0.5, 0.0, 2.0, -1.0, 0.0, 1.0, 1.0, 1.0, -3.0},
                 at::kDouble)
          .view({1, 12, 1, 1});
  const at::Tensor colours =
      at::tensor({0.25, 0.5, 1.0}, at::kDouble).view({1, 3, 1, 1});
  const at::Tensor got = ApplyCoefficients(coefficients, colours).flatten();
  EXPECT_EQ(got[0].item<double>(), 0.75);
  EXPECT_EQ(got[1].item<double>(), 0.0);
  EXPECT_EQ(got[2].item<double>(), -1.25);
}

// Eight corners, pixel by pixel.
at::Tensor SliceByLoops(const at::Tensor& grid, const at::Tensor& guide) {
  const int64_t height = guide.size(2);
  const int64_t width = guide.size(3);
  const std::vector<int64_t> cells = {grid.size(2), grid.size(3), grid.size(4)};
  at::Tensor out = at::zeros({grid.size(0), 12, height, width}, at::kDouble);
  const auto in = grid.accessor<double, 5>();
  const auto depth = guide.accessor<double, 4>();
  auto result = out.accessor<double, 4>();
  const auto lattice = [](int64_t i, int64_t pixels, int64_t count) {
    return pixels == 1 ? 0.0
                       : static_cast<double>(i * (count - 1)) /
                             static_cast<double>(pixels - 1);
  };
  for (int64_t b = 0; b < grid.size(0); ++b) {
    for (int64_t y = 0; y < height; ++y) {
      for (int64_t x = 0; x < width; ++x) {
        const double at[3] = {
            (depth[b][0][y][x] + 1.0) / 2.0 * static_cast<double>(cells[0] - 1),
            lattice(y, height, cells[1]), lattice(x, width, cells[2])};
        for (int64_t z = 0; z < cells[0]; ++z) {
          for (int64_t i = 0; i < cells[1]; ++i) {
            for (int64_t j = 0; j < cells[2]; ++j) {
              const auto tent = [](double position, int64_t cell) {
                return std::max(
                    0.0, 1.0 - std::abs(position - static_cast<double>(cell)));
              };
              const double weight =
                  tent(at[0], z) * tent(at[1], i) * tent(at[2], j);
              if (weight == 0.0) continue;
              for (int64_t c = 0; c < 12; ++c) {
                result[b][c][y][x] += weight * in[b][c][z][i][j];
              }
            }
          }
        }
      }
    }
  }
  return out;
}

TEST(BilateralSlice, AgreesWithEightCornersPixelByPixel) {
  SeedEngine engine = TestEngine(2);
  for (int trial = 0; trial < 40; ++trial) {
    const int64_t batch = Choose(engine, {1, 2, 3});
    const int64_t height = Choose(engine, {1, 2, 5, 17, 30});
    const int64_t width = Choose(engine, {1, 2, 7, 16, 33});
    const at::Tensor grid = NormalTensor(
        engine, {batch, 12, Choose(engine, {2, 4, 16}),
                 Choose(engine, {2, 8, 9}), Choose(engine, {2, 8, 11})});
    at::Tensor guide =
        UniformTensor(engine, {batch, 1, height, width}) * 2.0 - 1.0;
    guide[0][0][0][0].fill_(Choose(engine, {-1, 0, 1}));
    guide[batch - 1][0][height - 1][width - 1].fill_(1.0);
    const at::Tensor want = SliceByLoops(grid, guide);
    const BilateralSlice slice(grid, height, width);
    EXPECT_LE(RelativeError(slice.At(guide), want), 1e-13);
    EXPECT_LE(RelativeError(BilateralSlice(grid.to(at::kFloat), height, width)
                                .At(guide.to(at::kFloat)),
                            want),
              2e-5);
  }
}

TEST(BilateralSlice, RefusesAGridOfOneCell) {
  EXPECT_THROW(BilateralSlice(at::zeros({1, 12, 1, 4, 4}), 8, 8), c10::Error);
  EXPECT_THROW(BilateralSlice(at::zeros({1, 12, 4, 4, 1}), 8, 8), c10::Error);
}

// The whole chain from a coefficient map, a guide and a small picture.
at::Tensor Chain(const std::vector<at::Tensor>& inputs) {
  const at::Tensor guide = at::tanh(inputs[1]);
  const BilateralSlice slice(BilateralGrid(inputs[0]), guide.size(2),
                             guide.size(3));
  return ApplyCoefficients(
      slice.At(guide), ResizeBicubic(inputs[2], guide.size(2), guide.size(3)));
}

class OperatorDerivatives : public testing::Test {
 protected:
  OperatorDerivatives() {
    SeedEngine engine = TestEngine(3);
    inputs_.Add("map", {2, 3, 64, 64}, 1);
    inputs_.Add("guide", {2, 1, 9, 14}, 1);
    inputs_.Add("small", {2, 3, 5, 6}, 1);
    inputs_.Materialise(at::kDouble);
    at_ = NormalTensor(engine, {inputs_.size()});
    along_ = NormalTensor(engine, {inputs_.size()});
    slope_ = NormalTensor(engine, {2, 3, 9, 14});
    MoveTo(at_);
  }
  void MoveTo(const at::Tensor& values) {
    const at::NoGradGuard no_grad;
    at::Tensor flat = inputs_.flat();
    flat.copy_(values);
  }
  at::Tensor Loss() const {
    std::vector<at::Tensor> values;
    for (const auto& input : inputs_.list()) values.push_back(input->value);
    return (Chain(values) * slope_).sum();
  }
  // [size()]; differentiable itself where asked for.
  at::Tensor Gradient(bool create_graph = false) const {
    std::vector<at::Tensor> pieces;
    for (const at::Tensor& piece :
         torch::autograd::grad({Loss()}, inputs_.leaves(), {},
                               /*retain_graph=*/create_graph, create_graph)) {
      pieces.push_back(piece.flatten());
    }
    return at::cat(pieces);
  }
  // Of `value` along along_, by central differences.
  at::Tensor Difference(const std::function<at::Tensor()>& value) {
    constexpr double kStep = 1e-6;
    MoveTo(at_ + along_ * kStep);
    const at::Tensor ahead = value().detach();
    MoveTo(at_ - along_ * kStep);
    const at::Tensor behind = value().detach();
    MoveTo(at_);
    return (ahead - behind) / (2.0 * kStep);
  }
  ParameterSet inputs_;
  at::Tensor at_, along_, slope_;
};

TEST_F(OperatorDerivatives, ForwardModeAndReverseModeAgreeWithDifferences) {
  const at::Tensor reverse = (Gradient() * along_).sum();
  EXPECT_LE(RelativeError(Difference([&] { return Loss(); }), reverse), 1e-6);
  const at::NoGradGuard no_grad;
  const TangentScope tangent(inputs_, along_);
  EXPECT_LE(RelativeError(tangent.TangentOf(Loss()), reverse), 1e-12);
}

// The derivative of <gradient, along> is the gradient's own movement.
TEST_F(OperatorDerivatives, SecondDerivativesAgreeWithDifferences) {
  const at::Tensor product = (Gradient(/*create_graph=*/true) * along_).sum();
  std::vector<at::Tensor> pieces;
  for (const at::Tensor& piece :
       torch::autograd::grad({product}, inputs_.leaves())) {
    pieces.push_back(piece.flatten());
  }
  EXPECT_LE(
      RelativeError(Difference([&] { return Gradient(); }), at::cat(pieces)),
      1e-5);
}

}  // namespace
}  // namespace bild
