#include "tests/backbones/patch_ways.h"

#include <cmath>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/mv.h"
#include "ATen/ops/stack.h"
#include "backbones/patch_tape.h"
#include "c10/core/GradMode.h"
#include "gtest/gtest.h"
#include "tests/testing/random_tensor.h"
#include "torch/csrc/autograd/autograd.h"

namespace bild {
namespace {

constexpr double kTolerance = 1e-10;

// N(0, 1 / fan_in) on top of the initial value that some have.
void Fill(ParameterSet& parameters, SeedEngine& engine) {
  const at::NoGradGuard no_grad;
  for (const auto& parameter : parameters.list()) {
    const double scale =
        parameter->initial.has_value()
            ? 0.1
            : 1.0 / std::sqrt(static_cast<double>(parameter->fan_in));
    parameter->value.copy_(NormalTensor(engine, parameter->shape) * scale +
                           parameter->initial.value_or(0.0));
  }
}

// [B]: curved, and different in every patch.
at::Tensor Losses(const at::Tensor& output, const at::Tensor& slope) {
  return (output * slope + output.square() * 0.5).flatten(1).mean(1);
}

at::Tensor PerSample(const at::Tensor& losses, const ParameterSet& parameters) {
  std::vector<at::Tensor> rows;
  for (int64_t i = 0; i < losses.size(0); ++i) {
    std::vector<at::Tensor> flat;
    for (const at::Tensor& piece :
         torch::autograd::grad({losses[i]}, parameters.leaves(), {},
                               /*retain_graph=*/true)) {
      flat.push_back(piece.flatten());
    }
    rows.push_back(at::cat(flat));
  }
  return at::stack(rows);
}

}  // namespace

void ExpectPatchWaysAgree(Backbone& net, int64_t patches, int64_t height_px,
                          int64_t width_px, SeedEngine& engine) {
  SCOPED_TRACE(testing::Message() << net.name() << " " << patches << " x "
                                  << height_px << " x " << width_px);
  Fill(net.parameters(), engine);
  const at::Tensor input = net.NormaliseInput(
      UniformTensor(engine, {patches, 3, height_px, width_px}));
  const at::Tensor output = net.Forward(input);
  const at::Tensor slope = NormalTensor(engine, output.sizes().vec());
  const at::Tensor truth = PerSample(Losses(output, slope), net.parameters());
  const at::Tensor weights = NormalTensor(engine, {patches});
  const at::Tensor v = NormalTensor(engine, {net.parameters().size()});
  EXPECT_GT(truth.abs().max().item<double>(), 0.0);
  for (const PatchTape::Keep keep :
       {PatchTape::Keep::kGradients, PatchTape::Keep::kOperands}) {
    SCOPED_TRACE(keep == PatchTape::Keep::kGradients ? "recording"
                                                     : "layer-wise");
    PatchTape tape(keep, net.parameters(), patches);
    {
      const TapeScope scope(net.layers(), &tape);
      const at::Tensor recorded = net.Forward(input);
      EXPECT_TRUE(recorded.equal(output));
      torch::autograd::backward({Losses(recorded, slope).sum()}, {});
    }
    if (keep == PatchTape::Keep::kGradients) {
      EXPECT_LE(RelativeError(tape.gradients(), truth), kTolerance);
    }
    EXPECT_LE(
        RelativeError(tape.WeightedSum(weights), at::mv(truth.t(), weights)),
        kTolerance);
    EXPECT_LE(RelativeError(tape.Products(v), at::mv(truth, v)), kTolerance);
  }
}

}  // namespace bild
