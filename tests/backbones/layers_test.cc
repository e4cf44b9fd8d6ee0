// The layers in their three ways against each other, over random shapes: every
// patch's own gradient by one autograd call per patch is the truth.

#include "backbones/layers.h"

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/full.h"
#include "ATen/ops/tanh.h"
#include "ATen/ops/zeros.h"
#include "backbones/matrix_convolution.h"
#include "backbones/patch_tape.h"
#include "c10/core/GradMode.h"
#include "c10/util/Exception.h"
#include "gtest/gtest.h"
#include "tests/backbones/all_ways.h"
#include "tests/testing/random_tensor.h"
#include "torch/csrc/autograd/autograd.h"

namespace bild {
namespace {

struct ConvShape {
  int64_t kernel_px, stride_px, in, out, batch, height_px, width_px;
};

ConvShape RandomShape(SeedEngine& engine) {
  ConvShape shape;
  shape.kernel_px = Choose(engine, {1, 3, 5, 7});
  shape.stride_px = Choose(engine, {1, 2});
  shape.in = Choose(engine, {1, 2, 3, 4});
  shape.out = Choose(engine, {1, 2, 3, 5});
  shape.batch = Choose(engine, {1, 2, 3, 5});
  shape.height_px = Choose(engine, {1, 2, 3, 5, 8});
  shape.width_px = Choose(engine, {1, 2, 4, 7, 9});
  return shape;
}

// The same values laid out in memory in another way.
at::Tensor Restrided(const at::Tensor& input, int64_t way) {
  switch (way) {
    case 1:
      return input.transpose(2, 3).contiguous().transpose(2, 3);
    case 2:
      return input.contiguous(at::MemoryFormat::ChannelsLast);
    case 3:  // A window of something wider.
      return at::cat({input, input}, 1).narrow(1, 0, input.size(1));
    default:
      return input;
  }
}

void CheckConv(const ConvShape& shape, int64_t way, SeedEngine& engine,
               at::ScalarType dtype, double tolerance) {
  SCOPED_TRACE(testing::Message()
               << "kernel " << shape.kernel_px << " stride " << shape.stride_px
               << " channels " << shape.in << " to " << shape.out << " batch "
               << shape.batch << " size " << shape.height_px << " x "
               << shape.width_px << " layout " << way);
  LayerSet set;
  const Conv2d& conv = set.AddConv2d("conv", shape.in, shape.out,
                                     shape.kernel_px, shape.stride_px);
  set.Materialise(dtype);
  FillRandomly(set, engine);
  const at::Tensor input = Restrided(
      NormalTensor(engine,
                   {shape.batch, shape.in, shape.height_px, shape.width_px})
          .to(dtype),
      way);
  // "Same" padding: ceil(extent / stride) for odd kernels.
  const int64_t out_height = (shape.height_px - 1) / shape.stride_px + 1;
  const int64_t out_width = (shape.width_px - 1) / shape.stride_px + 1;
  const at::Tensor slope =
      NormalTensor(engine, {shape.batch, shape.out, out_height, out_width})
          .to(dtype);
  CheckAllWays(
      set, [&conv](const at::Tensor& x) { return conv(x); }, input, slope,
      engine, tolerance);
}

TEST(Conv2d, AllWaysAgreeWithPerSampleBackward) {
  SeedEngine engine = TestEngine(1);
  for (int64_t trial = 0; trial < 60; ++trial) {
    CheckConv(RandomShape(engine), /*way=*/trial % 4, engine, at::kDouble,
              kDoubleTolerance);
  }
}

TEST(Conv2d, OnePixelOnePatch) {
  SeedEngine engine = TestEngine(2);
  for (const int64_t kernel_px : {1, 3, 5, 7}) {
    for (const int64_t stride_px : {1, 2}) {
      CheckConv({kernel_px, stride_px, 2, 3, 1, 1, 1}, /*way=*/0, engine,
                at::kDouble, kDoubleTolerance);
    }
  }
}

// What the layer does with its gradients depends on the channels: few and many,
// multiples of eight and others.
TEST(Conv2d, EveryKindOfChannels) {
  SeedEngine engine = TestEngine(6);
  for (const int64_t in : {3, 8, 12, 16}) {
    for (const int64_t out : {3, 4, 8, 16}) {
      for (const int64_t kernel_px : {1, 3, 5}) {
        for (const int64_t stride_px : {1, 2}) {
          const ConvShape shape = {kernel_px, stride_px, in, out, 3, 6, 5};
          CheckConv(shape, /*way=*/1, engine, at::kDouble, kDoubleTolerance);
          CheckConv(shape, /*way=*/0, engine, at::kFloat, kFloatTolerance);
        }
      }
    }
  }
}

// Many channels on few pixels take a way of their own (MatrixIsFaster), for one
// patch as well, and nets work in place on what they give.
TEST(Conv2d, ManyChannelsOnFewPixels) {
  SeedEngine engine = TestEngine(8);
  for (const int64_t kernel_px : {1, 3}) {
    for (const int64_t stride_px : {1, 2}) {
      for (const int64_t batch : {1, 2, 3}) {
        for (const int64_t side_px : {1, 2}) {
          LayerSet set;
          const Conv2d& conv =
              set.AddConv2d("conv", 3, 192, kernel_px, stride_px);
          set.Materialise(at::kDouble);
          FillNearInitial(set, engine);
          const int64_t out_px = (side_px - 1) / stride_px + 1;
          const at::Tensor input =
              NormalTensor(engine, {batch, 3, side_px, side_px});
          ASSERT_TRUE(MatrixIsFaster(input, conv.weight().value));
          CheckAllWays(
              set, [&conv](const at::Tensor& x) { return conv(x).sigmoid_(); },
              input, NormalTensor(engine, {batch, 192, out_px, out_px}), engine,
              kDoubleTolerance);
        }
      }
    }
  }
}

TEST(Conv2d, Float32) {
  SeedEngine engine = TestEngine(3);
  for (int64_t trial = 0; trial < 16; ++trial) {
    CheckConv(RandomShape(engine), /*way=*/trial % 4, engine, at::kFloat,
              kFloatTolerance);
  }
}

// Worked by hand: one 2x2 patch, a 1x1 kernel of weight 3 and bias 1, loss =
// sum of the output: the weight's gradient is the sum of the input.
TEST(Conv2d, GradientByHand) {
  LayerSet set;
  const Conv2d& conv = set.AddConv2d("conv", 1, 1, 1, 1);
  set.Materialise(at::kDouble);
  {
    const at::NoGradGuard no_grad;
    at::Tensor flat = set.parameters().flat();
    flat[0].fill_(3.0);
    flat[1].fill_(1.0);
  }
  at::Tensor input = at::zeros({2, 1, 2, 2}, at::kDouble);
  input[0][0][0][0] = 1.0;
  input[0][0][1][1] = 2.0;
  input[1][0][0][1] = -5.0;
  PatchTape tape(PatchTape::Keep::kGradients, set.parameters(), 2);
  const TapeScope scope(set, &tape);
  const at::Tensor output = conv(input);
  EXPECT_EQ(output[0][0][1][1].item<double>(), 7.0);
  torch::autograd::backward({output.sum()}, {});
  EXPECT_EQ(tape.Gradients()[0][0].item<double>(), 3.0);
  EXPECT_EQ(tape.Gradients()[1][0].item<double>(), -5.0);
  EXPECT_EQ(tape.Gradients()[0][1].item<double>(), 4.0);
}

void CheckLinear(SeedEngine& engine, at::ScalarType dtype, double tolerance) {
  const int64_t in = Choose(engine, {1, 2, 5, 9});
  const int64_t out = Choose(engine, {1, 3, 4});
  const int64_t batch = Choose(engine, {1, 2, 3, 6});
  const bool is_transposed = Choose(engine, {0, 1}) == 1;
  SCOPED_TRACE(testing::Message() << in << " to " << out << " batch " << batch
                                  << " transposed " << is_transposed);
  LayerSet set;
  const Linear& linear = set.AddLinear("linear", in, out);
  set.Materialise(dtype);
  FillRandomly(set, engine);
  const at::Tensor input = is_transposed
                               ? NormalTensor(engine, {in, batch}).to(dtype).t()
                               : NormalTensor(engine, {batch, in}).to(dtype);
  const at::Tensor slope = NormalTensor(engine, {batch, out}).to(dtype);
  CheckAllWays(
      set, [&linear](const at::Tensor& x) { return linear(x); }, input, slope,
      engine, tolerance);
}

TEST(Linear, AllWaysAgreeWithPerSampleBackward) {
  SeedEngine engine = TestEngine(4);
  for (int64_t trial = 0; trial < 30; ++trial) {
    CheckLinear(engine, at::kDouble, kDoubleTolerance);
  }
  for (int64_t trial = 0; trial < 10; ++trial) {
    CheckLinear(engine, at::kFloat, kFloatTolerance);
  }
}

// A net that uses a layer twice, a layer once and a layer not at all, and whose
// output gradient comes expanded and transposed.
class SharedLayerNet {
 public:
  explicit SharedLayerNet(at::ScalarType dtype)
      : shared_(LayerScope(set_, "a").Conv("shared", 2, 2, 3)),
        once_(LayerScope(set_, "a").Conv("once", 2, 2, 1)),
        unused_(LayerScope(set_, "a").Conv("unused", 2, 2, 5)),
        head_((LayerScope(set_, "b") / "c").Dense("head", 2, 2)) {
    set_.Materialise(dtype);
  }
  at::Tensor operator()(const at::Tensor& x) const {
    const at::Tensor deep = shared_(at::tanh(once_(at::tanh(shared_(x)))));
    return head_(deep.transpose(2, 3).mean({2, 3}));
  }
  LayerSet& set() { return set_; }

 private:
  LayerSet set_;
  const Conv2d &shared_, &once_, &unused_;
  const Linear& head_;
};

TEST(PatchTape, PartsOfRepeatedCallsAddUp) {
  SeedEngine engine = TestEngine(5);
  SharedLayerNet net(at::kDouble);
  EXPECT_EQ(net.set().parameters().list().back()->name, "b.c.head.bias");
  for (const int64_t batch : {1, 4}) {
    FillRandomly(net.set(), engine);
    const at::Tensor input = NormalTensor(engine, {batch, 2, 5, 4});
    const at::Tensor slope = NormalTensor(engine, {batch, 2});
    const Forward forward = [&net](const at::Tensor& x) {
      // The unused layer's share must be zero, not missing: keep it in the
      // graph of the truth with a factor of 0.
      at::Tensor zero = at::zeros({}, at::kDouble);
      if (net.set().tape() == nullptr) {
        for (const auto& parameter : net.set().parameters().list()) {
          zero = zero + parameter->value.sum() * 0.0;
        }
      }
      return net(x) + zero;
    };
    CheckAllWays(net.set(), forward, input, slope, engine, kDoubleTolerance);
  }
}

TEST(PatchTape, RefusesAnotherNumberOfPatches) {
  LayerSet set;
  const Linear& linear = set.AddLinear("linear", 2, 1);
  set.Materialise(at::kDouble);
  for (const PatchTape::Keep keep :
       {PatchTape::Keep::kGradients, PatchTape::Keep::kOperands}) {
    PatchTape tape(keep, set.parameters(), /*patches=*/3);
    try {
      const TapeScope scope(set, &tape);
      torch::autograd::backward({linear(at::zeros({2, 2}, at::kDouble)).sum()},
                                {});
      FAIL() << "a batch of 2 on a tape for 3";
    } catch (const c10::Error& error) {
      EXPECT_NE(std::string(error.what())
                    .find("layer 'linear.weight' was given 2 patches, the tape "
                          "expects 3"),
                std::string::npos)
          << error.what();
    }
    EXPECT_EQ(set.tape(), nullptr);
  }
}

TEST(TapeScope, PutsBackWhatWasThere) {
  LayerSet set;
  set.AddLinear("linear", 2, 1);
  set.Materialise(at::kDouble);
  PatchTape outer(PatchTape::Keep::kGradients, set.parameters(), 1);
  PatchTape inner(PatchTape::Keep::kOperands, set.parameters(), 1);
  EXPECT_EQ(set.tape(), nullptr);
  {
    const TapeScope first(set, &outer);
    EXPECT_EQ(set.tape(), &outer);
    try {
      const TapeScope second(set, &inner);
      EXPECT_EQ(set.tape(), &inner);
      const TapeScope plain(set, nullptr);
      EXPECT_EQ(set.tape(), nullptr);
      throw std::runtime_error("on the way");
    } catch (const std::runtime_error&) {
    }
    EXPECT_EQ(set.tape(), &outer);
  }
  EXPECT_EQ(set.tape(), nullptr);
}

}  // namespace
}  // namespace bild
