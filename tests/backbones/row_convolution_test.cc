// Convolutions by rows against the library's own.

#include "backbones/row_convolution.h"

#include <tuple>

#include "ATen/ops/conv2d.h"
#include "ATen/ops/convolution_backward.h"
#include "gtest/gtest.h"
#include "tests/testing/random_tensor.h"

namespace bild {
namespace {

constexpr double kTolerance = 1e-13;

TEST(RowConvolution, EqualsTheLibrarys) {
  SeedEngine engine = TestEngine(31);
  for (int64_t trial = 0; trial < 40; ++trial) {
    ConvolutionGeometry geometry;
    geometry.kernel_px = Choose(engine, {2, 3, 5, 7});
    geometry.padding_px = Choose(engine, {0, 1, 3});
    const int64_t out = Choose(engine, {1, 2, geometry.kernel_px < 7 ? 3 : 1});
    const int64_t in = Choose(engine, {1, 3, 8});
    const at::Tensor input = NormalTensor(engine, {2, in, 8, 9});
    const at::Tensor weight =
        NormalTensor(engine, {out, in, geometry.kernel_px, geometry.kernel_px});
    const at::Tensor bias =
        trial % 4 == 0 ? at::Tensor() : NormalTensor(engine, {out});
    SCOPED_TRACE(testing::Message()
                 << "kernel " << geometry.kernel_px << " padding "
                 << geometry.padding_px << " channels " << in << " to " << out);
    ASSERT_TRUE(RowsAreFaster(input, weight, geometry));
    const at::Tensor output =
        at::conv2d(input, weight, bias, {1, 1},
                   {geometry.padding_px, geometry.padding_px});
    EXPECT_LE(
        RelativeError(ConvolveByRows(input, weight, bias, geometry), output),
        kTolerance);
    // In the passes that autograd follows as well.
    const at::Tensor leaf = weight.clone().requires_grad_();
    EXPECT_LE(RelativeError(
                  ConvolveByRows(input, leaf, bias, geometry).detach(), output),
              kTolerance);
    const at::Tensor slope = NormalTensor(engine, output.sizes().vec());
    const at::Tensor gradient = std::get<1>(at::convolution_backward(
        slope, input, weight, /*bias_sizes=*/std::nullopt, {1, 1},
        {geometry.padding_px, geometry.padding_px}, {1, 1},
        /*transposed=*/false, {0, 0}, /*groups=*/1, {false, true, false}));
    EXPECT_LE(
        RelativeError(WeightGradientByRows(slope, input, weight, geometry),
                      gradient),
        kTolerance);
  }
}

TEST(RowConvolution, OnlyWhereRowsFitAndStepsAreSingle) {
  SeedEngine engine = TestEngine(32);
  const at::Tensor input = NormalTensor(engine, {1, 2, 8, 8});
  const auto rows = [&](int64_t out, int64_t kernel_px, int64_t stride_px) {
    ConvolutionGeometry geometry;
    geometry.kernel_px = kernel_px;
    geometry.stride_px = stride_px;
    return RowsAreFaster(
        input, NormalTensor(engine, {out, 2, kernel_px, kernel_px}), geometry);
  };
  EXPECT_TRUE(rows(1, 7, 1));
  EXPECT_TRUE(rows(5, 3, 1));
  EXPECT_FALSE(rows(6, 3, 1));
  EXPECT_FALSE(rows(1, 7, 2));
  EXPECT_FALSE(rows(1, 1, 1));
}

}  // namespace
}  // namespace bild
