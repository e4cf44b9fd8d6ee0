// Our optimisers beside LibTorch's own over twenty random steps.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bild/base/seed.h"
#include "bild/optimizer.h"
#include "gtest/gtest.h"
#include "torch/nn/utils/clip_grad.h"
#include "torch/optim/adam.h"
#include "torch/optim/sgd.h"

namespace bild {
namespace {

constexpr int64_t kCount = 257;  // Odd: vectorised loops have a rest.
constexpr int kSteps = 20;

at::Tensor Random(uint64_t index, at::ScalarType type) {
  SeedEngine engine(5, SeedStream::kInit, 0, index);
  at::Tensor values = torch::empty({kCount}, torch::kDouble);
  double* data = values.mutable_data_ptr<double>();
  for (int64_t i = 0; i < kCount; ++i) data[i] = engine.Normal();
  return values.to(type);
}

struct ParityCase {
  std::string name;
  OptimizerOptions options;
};

void PrintTo(const ParityCase& parity, std::ostream* os) { *os << parity.name; }

std::vector<ParityCase> ParityCases() {
  std::vector<ParityCase> cases(7);
  cases[0].name = "Adam";
  cases[1].name = "AdamWithDecay";
  cases[1].options.weight_decay = 0.1;
  cases[2].name = "AdamWithOtherOptions";
  cases[2].options.beta1 = 0.5;
  cases[2].options.beta2 = 0.9;
  cases[2].options.epsilon = 1e-3;
  cases[3].name = "AdamWithoutMemory";
  cases[3].options.beta1 = 0;
  for (size_t i = 4; i < cases.size(); ++i) cases[i].options.name = "sgd";
  cases[4].name = "Sgd";
  cases[5].name = "SgdWithMomentum";
  cases[5].options.momentum = 0.9;
  cases[6].name = "SgdWithMomentumAndDecay";
  cases[6].options.momentum = 0.7;
  cases[6].options.weight_decay = 0.2;
  return cases;
}

std::unique_ptr<torch::optim::Optimizer> Theirs(const OptimizerOptions& ours,
                                                const at::Tensor& parameters) {
  const std::vector<at::Tensor> list = {parameters};
  if (ours.name == "sgd") {
    return std::make_unique<torch::optim::SGD>(
        list, torch::optim::SGDOptions(0.1)
                  .momentum(ours.momentum)
                  .weight_decay(ours.weight_decay));
  }
  return std::make_unique<torch::optim::Adam>(
      list, torch::optim::AdamOptions(0.1)
                .betas(std::make_tuple(ours.beta1, ours.beta2))
                .eps(ours.epsilon)
                .weight_decay(ours.weight_decay));
}

// The largest difference between the updates (not the parameters, which hardly
// move) that the two make, relative to the largest update, over all steps.
double LargestDifference(const OptimizerOptions& options, at::ScalarType type) {
  const at::Tensor start = Random(0, type);
  at::Tensor ours = start.clone();
  at::Tensor theirs = start.clone().requires_grad_();
  auto optimizer = MakeOptimizer(options);
  EXPECT_TRUE(optimizer.ok()) << optimizer.status();
  const auto reference = Theirs(options, theirs);
  double largest = 0;
  for (int step = 1; step <= kSteps; ++step) {
    const at::Tensor gradient = Random(static_cast<uint64_t>(step), type);
    const double learning_rate = 0.1 / step;
    (*optimizer)->Step(ours, gradient, learning_rate);
    theirs.mutable_grad() = gradient.clone();
    reference->param_groups()[0].options().set_lr(learning_rate);
    reference->step();
    const at::Tensor want = (theirs.detach() - start).to(torch::kDouble);
    const at::Tensor have = (ours - start).to(torch::kDouble);
    EXPECT_GT(want.abs().min().item<double>(), 0);
    largest = std::max(
        largest, ((have - want).abs().max() / want.abs().max()).item<double>());
  }
  return largest;
}

class OptimizerParityTest : public testing::TestWithParam<ParityCase> {};

TEST_P(OptimizerParityTest, UpdatesAreThoseOfLibTorch) {
  EXPECT_LT(LargestDifference(GetParam().options, torch::kDouble), 1e-12);
  // Rounding of one float32 step, 6e-8, twenty times, on parameters that are
  // ten times their update.
  EXPECT_LT(LargestDifference(GetParam().options, torch::kFloat), 1e-5);
}

INSTANTIATE_TEST_SUITE_P(All, OptimizerParityTest,
                         testing::ValuesIn(ParityCases()),
                         [](const auto& test) { return test.param.name; });

TEST(ClipGradientNormParity, ScalesAsLibTorchDoes) {
  for (const double max_norm : {0.1, 1.0, 15.0, 17.0, 100.0}) {
    const at::Tensor gradient = Random(1, torch::kDouble);
    at::Tensor ours = gradient.clone();
    at::Tensor parameter = torch::zeros({kCount}, torch::kDouble);
    parameter.requires_grad_().mutable_grad() = gradient.clone();
    const double theirs_norm =
        torch::nn::utils::clip_grad_norm_(parameter, max_norm);
    EXPECT_NEAR(ClipGradientNorm(ours, max_norm), theirs_norm, 1e-12);
    EXPECT_LT((ours - parameter.grad()).abs().max().item<double>(), 1e-14)
        << max_norm;
  }
}

}  // namespace
}  // namespace bild
