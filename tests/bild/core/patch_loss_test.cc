#include "bild/patch_loss.h"

#include <cstdint>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/full.h"
#include "ATen/ops/tensor.h"
#include "ATen/ops/zeros.h"
#include "c10/util/Exception.h"
#include "gtest/gtest.h"
#include "torch/csrc/autograd/autograd.h"

namespace bild {
namespace {

TEST(PatchLoss, Names) {
  EXPECT_EQ(ParsePatchLoss("l1").value(), PatchLoss::kL1);
  EXPECT_EQ(ParsePatchLoss("mse").value(), PatchLoss::kMse);
  EXPECT_EQ(ParsePatchLoss("smooth_l1").value(), PatchLoss::kSmoothL1);
  EXPECT_EQ(ParsePatchLoss("L1").status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ParsePatchLoss("L1").status().message(),
            "--loss='L1': expected 'l1', 'mse' or 'smooth_l1'.");
}

// Two patches of 3x1x2: errors (1, -1, 0, 0, 0, 4) and all 0.5. The mean of a
// patch is over its own six numbers.
TEST(PatchLosses, ByHand) {
  const at::Tensor clear = at::zeros({2, 3, 1, 2}, at::kDouble);
  at::Tensor restored = at::zeros({2, 3, 1, 2}, at::kDouble);
  restored[0].view({6}).copy_(
      at::tensor({1.0, -1.0, 0.0, 0.0, 0.0, 4.0}, at::kDouble));
  restored[1].fill_(0.5);
  const at::Tensor l1 = PatchLosses(restored, clear, PatchLoss::kL1);
  ASSERT_EQ(l1.sizes(), (std::vector<int64_t>{2}));
  EXPECT_DOUBLE_EQ(l1[0].item<double>(), 1.0);
  EXPECT_DOUBLE_EQ(l1[1].item<double>(), 0.5);
  const at::Tensor mse = PatchLosses(restored, clear, PatchLoss::kMse);
  EXPECT_DOUBLE_EQ(mse[0].item<double>(), 3.0);
  EXPECT_DOUBLE_EQ(mse[1].item<double>(), 0.25);
  // (0.5 + 0.5 + 3.5) / 6, and half of 0.25.
  const at::Tensor smooth = PatchLosses(restored, clear, PatchLoss::kSmoothL1);
  EXPECT_DOUBLE_EQ(smooth[0].item<double>(), 0.75);
  EXPECT_DOUBLE_EQ(smooth[1].item<double>(), 0.125);
}

// d l1 / d x = sign / 6 and 0 at a right value; d mse / d x = 2 e / 6;
// d smooth_l1 / d x = e / 6, and sign / 6 from an error of 1 on.
TEST(PatchLosses, GradientByHand) {
  const at::Tensor clear = at::zeros({1, 3, 1, 2}, at::kDouble);
  const at::Tensor restored =
      at::tensor({1.5, -0.3, 0.0, 2.0, 0.1, -4.0}, at::kDouble)
          .view({1, 3, 1, 2})
          .requires_grad_();
  const auto gradient = [&](PatchLoss loss) {
    return torch::autograd::grad({PatchLosses(restored, clear, loss)[0]},
                                 {restored})[0]
        .view({6});
  };
  EXPECT_TRUE(
      gradient(PatchLoss::kL1)
          .allclose(
              at::tensor({1.0, -1.0, 0.0, 1.0, 1.0, -1.0}, at::kDouble) / 6.0,
              1e-15, 0.0));
  EXPECT_TRUE(gradient(PatchLoss::kMse)
                  .allclose(restored.detach().view({6}) / 3.0, 1e-15, 0.0));
  EXPECT_TRUE(
      gradient(PatchLoss::kSmoothL1)
          .allclose(
              at::tensor({1.0, -0.3, 0.0, 1.0, 0.1, -1.0}, at::kDouble) / 6.0,
              1e-15, 0.0));
}

TEST(PatchLosses, ShapesMustBeEqual) {
  EXPECT_THROW(PatchLosses(at::zeros({2, 3, 4, 4}), at::zeros({2, 3, 4, 5}),
                           PatchLoss::kL1),
               c10::Error);
  // One clear patch for a batch would broadcast without a word.
  EXPECT_THROW(PatchLosses(at::zeros({2, 3, 4, 4}), at::zeros({1, 3, 4, 4}),
                           PatchLoss::kMse),
               c10::Error);
}

}  // namespace
}  // namespace bild
