#include "tests/backbones/all_ways.h"

#include <cstdint>
#include <string>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/mv.h"
#include "ATen/ops/stack.h"
#include "backbones/patch_tape.h"
#include "c10/core/GradMode.h"
#include "c10/util/Exception.h"
#include "gtest/gtest.h"
#include "tests/testing/random_tensor.h"
#include "torch/csrc/autograd/autograd.h"

namespace bild {
namespace {

// [B]: curved, and different in every patch.
at::Tensor Losses(const at::Tensor& output, const at::Tensor& slope) {
  return (output * slope + output.square() * 0.5).flatten(1).sum(1);
}

struct Truth {
  at::Tensor losses;          // [B]
  at::Tensor gradients;       // [B, P]
  at::Tensor input_gradient;  // Of the sum of the losses.
};

Truth PerSample(LayerSet& set, const Forward& forward, const at::Tensor& input,
                const at::Tensor& slope) {
  const at::Tensor leaf = input.detach().requires_grad_();
  const at::Tensor losses = Losses(forward(leaf), slope);
  Truth truth;
  std::vector<at::Tensor> rows;
  for (int64_t i = 0; i < losses.size(0); ++i) {
    std::vector<at::Tensor> flat;
    for (const at::Tensor& piece :
         torch::autograd::grad({losses[i]}, set.parameters().leaves(), {},
                               /*retain_graph=*/true)) {
      flat.push_back(piece.flatten());
    }
    rows.push_back(at::cat(flat));
  }
  truth.gradients = at::stack(rows);
  truth.input_gradient = torch::autograd::grad({losses.sum()}, {leaf})[0];
  truth.losses = losses.detach();
  return truth;
}

void ExpectClose(const at::Tensor& got, const at::Tensor& want,
                 double tolerance, const std::string& what) {
  EXPECT_EQ(got.sizes(), want.sizes()) << what;
  EXPECT_LE(RelativeError(got, want), tolerance) << what;
}

}  // namespace

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
  const Truth truth = PerSample(set, forward, input, slope);
  const at::Tensor weights = NormalTensor(engine, {patches}).to(options);
  const at::Tensor v =
      NormalTensor(engine, {set.parameters().size()}).to(options);
  const at::Tensor weighted_sum = at::mv(truth.gradients.t(), weights);
  const at::Tensor products = at::mv(truth.gradients, v);

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
        const at::Tensor losses = Losses(forward(leaf), slope);
        ExpectClose(losses, truth.losses, tolerance, "losses");
        torch::autograd::backward({losses.sum()}, {});
      }
      if (!input_is_data) {
        ExpectClose(leaf.grad(), truth.input_gradient, tolerance,
                    "input gradient");
      }
      if (keep == PatchTape::Keep::kGradients) {
        ExpectClose(tape.gradients(), truth.gradients, tolerance, "gradients");
      } else {
        EXPECT_THROW(tape.gradients(), c10::Error);
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
    ExpectClose(tangent.TangentOf(Losses(forward(input), slope)), products,
                tolerance, "forward mode");
  }
  EXPECT_TRUE(set.parameters().flat().equal(before));
}

}  // namespace bild
