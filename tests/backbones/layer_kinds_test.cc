// Transposed convolutions, pointwise layers and batch norm, in all their ways
// and by hand.

#include <cmath>
#include <cstdint>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/full.h"
#include "ATen/ops/tensor.h"
#include "ATen/ops/zeros.h"
#include "backbones/layers.h"
#include "backbones/patch_tape.h"
#include "c10/core/GradMode.h"
#include "c10/util/Exception.h"
#include "gtest/gtest.h"
#include "tests/backbones/all_ways.h"
#include "tests/testing/random_tensor.h"
#include "torch/csrc/autograd/autograd.h"

namespace bild {
namespace {

// Transposed convolutions of every geometry that a published net uses, and
// more; channels that do and do not go as groups.
TEST(ConvTranspose2d, AllWaysAgreeWithPerSampleBackward) {
  SeedEngine engine = TestEngine(6);
  for (int64_t trial = 0; trial < 40; ++trial) {
    ConvolutionGeometry geometry;
    geometry.kernel_px = Choose(engine, {2, 3, 4});
    geometry.stride_px = Choose(engine, {1, 2});
    geometry.padding_px = Choose(engine, {0, 1});
    geometry.output_padding_px =
        geometry.stride_px > 1 ? Choose(engine, {0, 1}) : 0;
    const int64_t in = Choose(engine, {1, 3, 8, 64});
    const int64_t out = Choose(engine, {2, 8});
    const int64_t batch = Choose(engine, {1, 3});
    const int64_t height_px = Choose(engine, {2, 5});
    const int64_t width_px = Choose(engine, {3, 4});
    SCOPED_TRACE(testing::Message()
                 << "kernel " << geometry.kernel_px << " stride "
                 << geometry.stride_px << " padding " << geometry.padding_px
                 << '+' << geometry.output_padding_px << " channels " << in
                 << " to " << out << " batch " << batch << " size " << height_px
                 << " x " << width_px);
    const bool is_double = trial % 4 != 0;
    const auto dtype = is_double ? at::kDouble : at::kFloat;
    LayerSet set;
    const ConvTranspose2d& layer =
        set.AddConvTranspose2d("up", in, out, geometry);
    set.Materialise(dtype);
    FillRandomly(set, engine);
    const auto extent = [&geometry](int64_t side_px) {
      return (side_px - 1) * geometry.stride_px - 2 * geometry.padding_px +
             geometry.kernel_px + geometry.output_padding_px;
    };
    CheckAllWays(
        set, [&layer](const at::Tensor& x) { return layer(x); },
        NormalTensor(engine, {batch, in, height_px, width_px}).to(dtype),
        NormalTensor(engine, {batch, out, extent(height_px), extent(width_px)})
            .to(dtype),
        engine, is_double ? kDoubleTolerance : kFloatTolerance);
  }
}

// A convolution after a padding of its own has none.
TEST(Conv2d, WithoutPaddingAllWaysAgree) {
  SeedEngine engine = TestEngine(7);
  for (const int64_t kernel_px : {2, 3, 6}) {
    for (const int64_t channels : {3, 8}) {
      LayerSet set;
      ConvolutionGeometry geometry;
      geometry.kernel_px = kernel_px;
      const Conv2d& layer = set.AddConv2d("conv", channels, channels, geometry);
      set.Materialise(at::kDouble);
      FillRandomly(set, engine);
      CheckAllWays(
          set, [&layer](const at::Tensor& x) { return layer(x); },
          NormalTensor(engine, {2, channels, 7, 8}),
          NormalTensor(engine, {2, channels, 8 - kernel_px, 9 - kernel_px}),
          engine, kDoubleTolerance);
    }
  }
}

// PReLU is affine in its slope, not linear; gains are windows, some of which
// overlap and one of which no call reads.
TEST(Pointwise, AllWaysAgreeWithPerSampleBackward) {
  SeedEngine engine = TestEngine(8);
  LayerSet set;
  const LayerScope scope(set, "node");
  const PRelu& prelu = scope.Prelu("act");
  Parameter* gains = scope.Gains("coefficient", {2, 2, 3});
  const ChannelGain& first = scope.Gain(gains, 0, 3);
  const ChannelGain& second = scope.Gain(gains, 2, 3);
  set.Materialise(at::kDouble);
  EXPECT_EQ(set.parameters().list()[1]->name, "node.coefficient");
  EXPECT_EQ(*set.parameters().list()[0]->initial, 0.25);
  for (const int64_t batch : {1, 4}) {
    FillRandomly(set, engine);
    CheckAllWays(
        set,
        [&](const at::Tensor& x) {
          return first(prelu(x)) + second(prelu(first(x)));
        },
        NormalTensor(engine, {batch, 3, 4, 5}),
        NormalTensor(engine, {batch, 3, 4, 5}), engine, kDoubleTolerance);
  }
  EXPECT_THROW(scope.Gain(gains, 10, 3), c10::Error);
}

TEST(PRelu, ByHand) {
  LayerSet set;
  const PRelu& prelu = set.AddPRelu("act");
  set.Materialise(at::kDouble);
  const at::NoGradGuard no_grad;
  set.parameters().flat().fill_(0.25);
  const at::Tensor x = at::full({1, 1, 1, 1}, -8.0, at::kDouble);
  EXPECT_EQ(prelu(x).item<double>(), -2.0);
  EXPECT_EQ(prelu(-x).item<double>(), 8.0);
}

// With running statistics a batch norm treats every patch by itself.
TEST(BatchNorm2d, RunningStatisticsAllWaysAgree) {
  SeedEngine engine = TestEngine(9);
  LayerSet set;
  const BatchNorm2d& norm = set.AddBatchNorm2d("bn", 3);
  set.Materialise(at::kDouble);
  EXPECT_TRUE(set.has_batch_norm());
  EXPECT_EQ(set.state().size(), 4u);
  FillRandomly(set, engine);
  set.buffers().flat().copy_(NormalTensor(engine, {6}).abs() + 0.1);
  CheckAllWays(
      set, [&norm](const at::Tensor& x) { return norm(x); },
      NormalTensor(engine, {3, 3, 4, 5}), NormalTensor(engine, {3, 3, 4, 5}),
      engine, kDoubleTolerance);
}

// Values 1, 3 | 5, 7 in two patches: mean 4, variance 5, unbiased 20/3.
TEST(BatchNorm2d, StatisticsByHand) {
  LayerSet set;
  const BatchNorm2d& norm = set.AddBatchNorm2d("bn", 1);
  set.Materialise(at::kDouble);
  {
    const at::NoGradGuard no_grad;
    set.parameters().flat().copy_(at::tensor({2.0, 10.0}, at::kDouble));
  }
  const at::Tensor x =
      at::tensor({1.0, 3.0, 5.0, 7.0}, at::kDouble).view({2, 1, 1, 2});
  const auto first = [&] { return norm(x)[0][0][0][0].item<double>(); };
  EXPECT_NEAR(first(), 10 + 2 * 1 / std::sqrt(1 + 1e-5), 1e-14);
  const double in_batch = 10 - 2 * 3 / std::sqrt(5 + 1e-5);
  {
    const NormScope scope(set, NormStatistics::kBatch);
    EXPECT_NEAR(first(), in_batch, 1e-14);
    EXPECT_EQ(set.buffers().flat()[0].item<double>(), 0.0);
    EXPECT_EQ(set.buffers().flat()[1].item<double>(), 1.0);
  }
  {
    const NormScope scope(set, NormStatistics::kBatchAndUpdate);
    EXPECT_NEAR(first(), in_batch, 1e-14);
  }
  EXPECT_NEAR(set.buffers().flat()[0].item<double>(), 0.4, 1e-15);
  EXPECT_NEAR(set.buffers().flat()[1].item<double>(), 0.9 + 0.1 * 20 / 3,
              1e-15);
  EXPECT_NEAR(first(), 10 + 2 * 0.6 / std::sqrt(0.9 + 2.0 / 3 + 1e-5), 1e-14);
  set.ResetBuffers();
  EXPECT_EQ(set.buffers().flat()[0].item<double>(), 0.0);

  // Patches that are mixed have no gradients of their own.
  const NormScope scope(set, NormStatistics::kBatch);
  PatchTape tape(PatchTape::Keep::kGradients, set.parameters(), 2);
  const TapeScope recording(set, &tape);
  EXPECT_THROW(torch::autograd::backward({norm(x).sum()}, {}), c10::Error);
}

// Every call, in order, with what papers count of it.
TEST(LayerObserver, CountsMultiplyAdds) {
  struct Counter final : LayerObserver {
    void Ran(const Layer& layer, const at::Tensor& input,
             const at::Tensor& output) override {
      counts.push_back(layer.MultiplyAdds(input, output));
    }
    std::vector<int64_t> counts;
  } counter;
  LayerSet set;
  const Conv2d& conv = set.AddConv2d("conv", 2, 5, 3, 2);
  ConvolutionGeometry geometry;
  geometry.kernel_px = 4;
  geometry.stride_px = 2;
  geometry.padding_px = 1;
  const ConvTranspose2d& up = set.AddConvTranspose2d("up", 5, 3, geometry);
  const PRelu& prelu = set.AddPRelu("act");
  const Linear& linear = set.AddLinear("head", 3, 7);
  set.Materialise(at::kFloat);
  set.set_observer(&counter);
  const at::NoGradGuard no_grad;
  linear(prelu(up(conv(at::zeros({2, 2, 6, 8})))).mean({2, 3}));
  // 2 patches of 3x4 outputs, 5 x 2 x 9 each; 2 x 3 x 4 inputs, 5 x 3 x 16
  // each; nothing; 2 rows of 3 x 7.
  EXPECT_EQ(counter.counts,
            (std::vector<int64_t>{2 * 12 * 90, 2 * 12 * 240, 0, 2 * 21}));
}

}  // namespace
}  // namespace bild
