// The reference steps do the work that they stand for: what they leave behind
// equals what the suite's own step leaves behind.

#include "benchmarks/micro/reference_steps.h"

#include <memory>

#include "ATen/TensorOperators.h"
#include "ATen/ops/full.h"
#include "ATen/ops/tensor.h"
#include "bild/bilevel_step.h"
#include "bild/methods.h"
#include "bild/patch_pass.h"
#include "bild/rewards.h"
#include "c10/core/GradMode.h"
#include "gtest/gtest.h"
#include "tests/testing/conv2_net.h"
#include "tests/testing/random_tensor.h"

namespace bild {
namespace {

// Two orders of the same sums in float64.
constexpr double kTolerance = 1e-10;
constexpr double kLearningRate = 0.05;
constexpr double kPhiLearningRate = 0.02;
constexpr int64_t kBatch = 4;

void Fill(ParameterSet& parameters, uint64_t stream) {
  SeedEngine engine = TestEngine(stream);
  const at::NoGradGuard no_grad;
  at::Tensor flat = parameters.flat();
  flat.copy_(NormalTensor(engine, {parameters.size()}) * 0.2);
}

Patches MakePatches(uint64_t stream, int64_t count) {
  SeedEngine engine = TestEngine(stream);
  return {UniformTensor(engine, {count, 3, 8, 8}),
          UniformTensor(engine, {count, 3, 8, 8})};
}

// A net, a reweighting network and plain gradient descent, so that what a step
// changes is its gradient.
struct Trainee {
  Trainee() : network({{4, 6}, 5}, at::kDouble), theta({}), phi({}) {
    backbone.parameters().Materialise(at::kDouble);
    Fill(backbone.parameters(), 1);
    Fill(network.parameters(), 2);
  }
  Conv2Net backbone;
  ReweightingNetwork network;
  Sgd theta;
  Sgd phi;
};

TEST(ReferenceStepsTest, PlainIsTheSuitesPlain) {
  const Patches training = MakePatches(3, kBatch);
  for (const PatchLoss loss : {PatchLoss::kL1, PatchLoss::kMse}) {
    Trainee reference;
    const at::Tensor before = reference.backbone.parameters().flat().clone();
    RunPlainStep(reference.backbone, reference.theta, training, loss,
                 kLearningRate);

    Trainee suite;
    BilevelOptions options;
    options.loss = loss;
    BilevelStep step(suite.backbone, suite.theta, nullptr, nullptr,
                     FindMethod("plain").value(), options);
    ASSERT_TRUE(step.Run(training, nullptr, kLearningRate).ok());

    const at::Tensor moved = suite.backbone.parameters().flat() - before;
    EXPECT_GT(moved.abs().max().item<double>(), 1e-4);
    EXPECT_LE(
        RelativeError(reference.backbone.parameters().flat() - before, moved),
        kTolerance);
  }
}

TEST(ReferenceStepsTest, TheFloorTakesEveryGradient) {
  const Patches training = MakePatches(4, kBatch);
  const Patches validation = MakePatches(5, 3);
  const at::Tensor rewards = at::tensor({0.3, -1.0, 2.0, 0.1}, at::kDouble);
  Trainee floor;
  const at::Tensor theta = floor.backbone.parameters().flat().clone();
  const at::Tensor phi = floor.network.parameters().flat().clone();
  const at::Tensor v = RunFloorStep(
      floor.backbone, floor.theta, floor.network, floor.phi, training,
      validation, rewards, PatchLoss::kL1, kLearningRate, kPhiLearningRate);

  Trainee suite;
  const auto weights = EvaluateWeights(suite.network, training.hazy_input,
                                       training.clear01, LogitNorm::kZscore);
  ASSERT_TRUE(weights.ok()) << weights.status();
  RunPlainStep(suite.backbone, suite.theta, training, PatchLoss::kL1,
               kLearningRate);
  EXPECT_TRUE(suite.backbone.parameters().flat().equal(
      floor.backbone.parameters().flat()));
  EXPECT_FALSE(theta.equal(floor.backbone.parameters().flat()));

  const at::Tensor expected_v =
      DifferentiateValidation(suite.backbone, validation, PatchLoss::kL1)
          .gradient;
  EXPECT_GT(expected_v.abs().max().item<double>(), 1e-4);
  EXPECT_LE(RelativeError(v, expected_v), kTolerance);

  const at::Tensor expected_phi =
      DifferentiateSurrogate(suite.network, *weights, rewards,
                             LogitNorm::kZscore)
          .phi;
  EXPECT_GT(expected_phi.abs().max().item<double>(), 1e-4);
  EXPECT_LE(RelativeError(
                (phi - floor.network.parameters().flat()) / kPhiLearningRate,
                expected_phi),
            kTolerance);
}

}  // namespace
}  // namespace bild
