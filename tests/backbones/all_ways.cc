#include "tests/backbones/all_ways.h"

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/mv.h"
#include "ATen/ops/stack.h"
#include "ATen/ops/zeros_like.h"
#include "backbones/patch_tape.h"
#include "c10/core/GradMode.h"
#include "c10/util/Exception.h"
#include "gtest/gtest.h"
#include "tests/testing/random_tensor.h"
#include "torch/csrc/autograd/autograd.h"

namespace bild {
namespace {

void ExpectClose(const at::Tensor& got, const at::Tensor& want,
                 double tolerance, const std::string& what) {
  EXPECT_EQ(got.sizes(), want.sizes()) << what;
  EXPECT_LE(RelativeError(got, want), tolerance) << what;
}

}  // namespace

at::Tensor SlopedLosses(const at::Tensor& output, const at::Tensor& slope) {
  return (output * slope + output.square() * 0.5).flatten(1).sum(1);
}

at::Tensor GradientsPatchByPatch(LayerSet& set, const Forward& forward,
                                 const at::Tensor& input,
                                 const at::Tensor& slope) {
  const at::Tensor losses = SlopedLosses(forward(input), slope);
  const std::vector<at::Tensor> leaves = set.parameters().leaves();
  std::vector<at::Tensor> rows;
  for (int64_t i = 0; i < losses.size(0); ++i) {
    std::vector<at::Tensor> pieces = torch::autograd::grad(
        {losses[i]}, leaves, {}, /*retain_graph=*/true, /*create_graph=*/false,
        /*allow_unused=*/true);
    for (size_t k = 0; k < pieces.size(); ++k) {
      if (!pieces[k].defined()) pieces[k] = at::zeros_like(leaves[k]);
      pieces[k] = pieces[k].flatten();
    }
    rows.push_back(at::cat(pieces));
  }
  return at::stack(rows);
}

void FillNearInitial(LayerSet& set, SeedEngine& engine) {
  const at::NoGradGuard no_grad;
  for (const Parameter* tensor : set.state()) {
    const at::Tensor normal = NormalTensor(engine, tensor->shape);
    if (tensor->initial.has_value()) {
      tensor->value.copy_((normal * 0.1).clamp(-0.2, 0.2) + *tensor->initial);
    } else {
      tensor->value.copy_(normal /
                          std::sqrt(static_cast<double>(tensor->fan_in)));
    }
  }
}

void FillRandomly(LayerSet& set, SeedEngine& engine) {
  const at::NoGradGuard no_grad;
  at::Tensor flat = set.parameters().flat();
  flat.copy_(NormalTensor(engine, {set.parameters().size()}));
}

void CheckAllWays(LayerSet& set, const Forward& forward,
                  const at::Tensor& input, const at::Tensor& slope,
                  SeedEngine& engine, double tolerance) {
  const int64_t patches = input.size(0);
  const auto options = set.parameters().flat().options();
  const at::Tensor before = set.parameters().flat().clone();
  const at::Tensor truth = GradientsPatchByPatch(set, forward, input, slope);
  const at::Tensor true_leaf = input.detach().requires_grad_();
  const at::Tensor true_losses = SlopedLosses(forward(true_leaf), slope);
  const at::Tensor true_input_gradient =
      torch::autograd::grad({true_losses.sum()}, {true_leaf})[0];
  const at::Tensor weights = NormalTensor(engine, {patches}).to(options);
  const at::Tensor v =
      NormalTensor(engine, {set.parameters().size()}).to(options);
  const at::Tensor weighted_sum = at::mv(truth.t(), weights);
  const at::Tensor products = at::mv(truth, v);

  for (const PatchTape::Keep keep :
       {PatchTape::Keep::kGradients, PatchTape::Keep::kOperands}) {
    SCOPED_TRACE(keep == PatchTape::Keep::kGradients ? "gradients"
                                                     : "operands");
    for (const bool input_is_data : {false, true}) {
      SCOPED_TRACE(input_is_data ? "input without gradient" : "");
      const at::Tensor leaf = input.detach();
      leaf.requires_grad_(!input_is_data);
      PatchTape tape(keep, set.parameters(), patches);
      {
        const TapeScope scope(set, &tape);
        const at::Tensor losses = SlopedLosses(forward(leaf), slope);
        ExpectClose(losses, true_losses, tolerance, "losses");
        torch::autograd::backward({losses.sum()}, {});
      }
      if (!input_is_data) {
        ExpectClose(leaf.grad(), true_input_gradient, tolerance,
                    "input gradient");
      }
      if (keep == PatchTape::Keep::kGradients) {
        ExpectClose(tape.Gradients(), truth, tolerance, "gradients");
      } else {
        EXPECT_THROW(tape.Gradients(), c10::Error);
      }
      ExpectClose(tape.WeightedSum(weights), weighted_sum, tolerance,
                  "weighted sum");
      ExpectClose(tape.Products(v), products, tolerance, "products");
      for (const at::Tensor& parameter : set.parameters().leaves()) {
        EXPECT_FALSE(parameter.grad().defined());
      }
    }
  }
  {
    const at::NoGradGuard no_grad;
    const TangentScope tangent(set.parameters(), v);
    ExpectClose(tangent.TangentOf(SlopedLosses(forward(input), slope)),
                products, tolerance, "forward mode");
  }
  EXPECT_TRUE(set.parameters().flat().equal(before));
}

}  // namespace bild
