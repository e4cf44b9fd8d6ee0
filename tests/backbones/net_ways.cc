#include "tests/backbones/net_ways.h"

#include <cmath>

#include "ATen/TensorOperators.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/mv.h"
#include "ATen/ops/stack.h"
#include "ATen/ops/zeros_like.h"
#include "backbones/patch_tape.h"
#include "c10/core/GradMode.h"
#include "gtest/gtest.h"
#include "tests/testing/random_tensor.h"
#include "torch/csrc/autograd/autograd.h"

namespace bild {
namespace {

// Two orders of the same sums in float64, through a deep net.
constexpr double kTolerance = 1e-9;
// Of the initial value.
constexpr double kSpread = 0.1;

// [B]: curved, and different in every patch.
at::Tensor Losses(const at::Tensor& output) {
  return (output - 0.3).square().flatten(1).mean(1);
}

}  // namespace

void FillNear(LayerSet& layers, SeedEngine& engine) {
  layers.Materialise(at::kDouble);
  const at::NoGradGuard no_grad;
  for (const Parameter* tensor : layers.state()) {
    const at::Tensor normal = NormalTensor(engine, tensor->shape);
    if (tensor->initial.has_value()) {
      tensor->value.copy_(*tensor->initial +
                          (normal * kSpread).clamp(-0.2, 0.2));
    } else {
      tensor->value.copy_(normal /
                          std::sqrt(static_cast<double>(tensor->fan_in)));
    }
  }
}

at::Tensor PatchGradients(Backbone& net, const at::Tensor& input) {
  const at::Tensor losses = Losses(net.Forward(input));
  const std::vector<at::Tensor> leaves = net.parameters().leaves();
  std::vector<at::Tensor> rows;
  for (int64_t i = 0; i < losses.size(0); ++i) {
    std::vector<at::Tensor> pieces =
        torch::autograd::grad({losses[i]}, leaves, {}, /*retain_graph=*/true,
                              /*create_graph=*/false, /*allow_unused=*/true);
    for (size_t k = 0; k < pieces.size(); ++k) {
      if (!pieces[k].defined()) pieces[k] = at::zeros_like(leaves[k]);
      pieces[k] = pieces[k].flatten();
    }
    rows.push_back(at::cat(pieces));
  }
  return at::stack(rows);
}

at::Tensor ForwardModeProducts(Backbone& net, const at::Tensor& input,
                               const at::Tensor& v) {
  const at::NoGradGuard no_grad;
  const TangentScope tangent(net.parameters(), v);
  return tangent.TangentOf(Losses(net.Forward(input)));
}

void CheckNetWays(Backbone& net, const at::Tensor& input, SeedEngine& engine) {
  const at::Tensor truth = PatchGradients(net, input);
  const at::Tensor v = NormalTensor(engine, {net.parameters().size()});
  const at::Tensor weights = NormalTensor(engine, {input.size(0)});
  for (const PatchTape::Keep keep :
       {PatchTape::Keep::kGradients, PatchTape::Keep::kOperands}) {
    SCOPED_TRACE(keep == PatchTape::Keep::kGradients ? "gradients"
                                                     : "operands");
    PatchTape tape(keep, net.parameters(), input.size(0));
    {
      const TapeScope scope(net.layers(), &tape);
      torch::autograd::backward({Losses(net.Forward(input)).sum()}, {});
    }
    if (keep == PatchTape::Keep::kGradients) {
      EXPECT_LE(RelativeError(tape.gradients(), truth), kTolerance);
    }
    EXPECT_LE(RelativeError(tape.Products(v), at::mv(truth, v)), kTolerance);
    EXPECT_LE(
        RelativeError(tape.WeightedSum(weights), at::mv(truth.t(), weights)),
        kTolerance);
  }
  EXPECT_LE(RelativeError(ForwardModeProducts(net, input, v), at::mv(truth, v)),
            kTolerance)
      << "forward mode";
}

}  // namespace bild
