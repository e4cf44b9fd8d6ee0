// Convolutions as products of matrices against the library's own.

#include "backbones/matrix_convolution.h"

#include <cmath>
#include <cstdint>
#include <tuple>
#include <vector>

#include "ATen/ops/conv2d.h"
#include "ATen/ops/convolution_backward.h"
#include "ATen/ops/full.h"
#include "gtest/gtest.h"
#include "tests/testing/random_tensor.h"

namespace bild {
namespace {

constexpr double kTolerance = 1e-13;

// Of output, input gradient and weight gradient.
std::tuple<at::Tensor, at::Tensor, at::Tensor> TheLibrarys(
    const at::Tensor& slope, const at::Tensor& input, const at::Tensor& weight,
    const ConvolutionGeometry& geometry) {
  return at::convolution_backward(
      slope, input, weight, at::IntArrayRef(weight.size(0)),
      {geometry.stride_px, geometry.stride_px},
      {geometry.padding_px, geometry.padding_px}, {1, 1},
      /*transposed=*/false, {0, 0}, /*groups=*/1, {true, true, true});
}

TEST(MatrixConvolution, EqualsTheLibrarys) {
  SeedEngine engine = TestEngine(33);
  for (int64_t trial = 0; trial < 60; ++trial) {
    ConvolutionGeometry geometry;
    geometry.kernel_px = Choose(engine, {1, 2, 3, 5});
    geometry.stride_px = Choose(engine, {1, 2, 3});
    geometry.padding_px = Choose(engine, {0, 1, 2});
    const int64_t patches = Choose(engine, {1, 2, 3});
    const int64_t in = Choose(engine, {1, 3, 8});
    const int64_t out = Choose(engine, {1, 2, 7});
    at::Tensor input = NormalTensor(engine, {patches, in, 6, 7});
    if (trial % 3 == 0)
      input = input.contiguous(at::MemoryFormat::ChannelsLast);
    const at::Tensor weight =
        NormalTensor(engine, {out, in, geometry.kernel_px, geometry.kernel_px});
    const at::Tensor bias =
        trial % 4 == 0 ? at::Tensor() : NormalTensor(engine, {out});
    SCOPED_TRACE(testing::Message()
                 << patches << " patches, kernel " << geometry.kernel_px
                 << " stride " << geometry.stride_px << " padding "
                 << geometry.padding_px << " channels " << in << " to " << out);
    const at::Tensor output = at::conv2d(
        input, weight, bias, {geometry.stride_px, geometry.stride_px},
        {geometry.padding_px, geometry.padding_px});
    const at::Tensor found = ConvolveByMatrix(input, weight, bias, geometry);
    ASSERT_EQ(found.sizes(), output.sizes());
    EXPECT_LE(RelativeError(found, output), kTolerance);

    at::Tensor slope = NormalTensor(engine, output.sizes().vec());
    if (trial % 5 == 0)
      slope = slope.contiguous(at::MemoryFormat::ChannelsLast);
    const auto [of_input, of_weight, of_bias] =
        TheLibrarys(slope, input, weight, geometry);
    const at::Tensor input_gradient =
        InputGradientByMatrix(slope, input, weight, geometry);
    ASSERT_EQ(input_gradient.sizes(), input.sizes());
    EXPECT_LE(RelativeError(input_gradient, of_input), kTolerance);
    const at::Tensor weight_gradient =
        at::full(weight.sizes(), std::nan(""), at::kDouble);
    WriteWeightGradientByMatrix(slope, input, weight_gradient, geometry);
    EXPECT_LE(RelativeError(weight_gradient, of_weight), kTolerance);

    const at::Tensor by_patch =
        PatchWeightGradientsByMatrix(slope, input, geometry);
    ASSERT_EQ(by_patch.sizes(),
              (std::vector<int64_t>{patches, weight.numel()}));
    for (int64_t i = 0; i < patches; ++i) {
      const at::Tensor alone = std::get<1>(TheLibrarys(
          slope.narrow(0, i, 1), input.narrow(0, i, 1), weight, geometry));
      EXPECT_LE(RelativeError(by_patch[i], alone.flatten()), kTolerance);
    }
  }
}

TEST(MatrixConvolution, WhereEveryWeightMeetsFewPixels) {
  SeedEngine engine = TestEngine(34);
  const at::Tensor weight = NormalTensor(engine, {96, 2, 3, 3});
  EXPECT_TRUE(MatrixIsFaster(NormalTensor(engine, {2, 2, 1, 3}), weight));
  EXPECT_FALSE(MatrixIsFaster(NormalTensor(engine, {1, 2, 7, 1}), weight));
}

}  // namespace
}  // namespace bild
