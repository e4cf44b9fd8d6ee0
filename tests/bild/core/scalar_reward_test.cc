// The runnable proof that a reward which is the same for all patches of a batch
// teaches the reweighting network nothing:
//
//   grad L = -R sum_i w_i grad log w_i = -R sum_i grad w_i = -R grad 1 = 0
//
// because the softmax makes the weights sum to 1 whatever phi is. It is tried
// on random networks, batches and rewards; what is left is rounding.

#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/full.h"
#include "ATen/ops/log_softmax.h"
#include "bild/rewards.h"
#include "gtest/gtest.h"
#include "tests/bild/core/small_problem.h"
#include "tests/testing/random_tensor.h"
#include "torch/csrc/autograd/autograd.h"

namespace bild {
namespace {

// Of float64, against the size of the terms that cancel.
constexpr double kTolerance = 1e-12;

struct Trial {
  SmallProblem problem;
  LogitNorm norm = LogitNorm::kZscore;
  int64_t batch = 0;
};

Trial MakeTrial(SeedEngine& engine, int64_t number, at::ScalarType dtype) {
  Trial trial;
  trial.batch = Choose(engine, {3, 4, 5, 8, 16});
  trial.norm = number % 2 == 0 ? LogitNorm::kZscore : LogitNorm::kNone;
  SmallProblemOptions options;
  options.batch = trial.batch;
  options.crop_px = Choose(engine, {4, 7, 10});
  options.dtype = dtype;
  trial.problem = MakeSmallProblem(engine, options);
  return trial;
}

NetworkWeights Evaluate(const Trial& trial) {
  auto own =
      EvaluateWeights(*trial.problem.network, trial.problem.training.hazy_input,
                      trial.problem.training.clear01, trial.norm);
  EXPECT_TRUE(own.ok()) << own.status();
  return std::move(own).value();
}

// sum_i |w_i R grad log w_i|, the terms one by one.
double SizeOfTerms(const Trial& trial, const at::Tensor& weights,
                   double reward) {
  const at::Tensor logits = trial.problem.network->Logits(
      trial.problem.training.hazy_input, trial.problem.training.clear01);
  const at::Tensor log_weights =
      at::log_softmax(NormaliseLogits(logits, trial.norm).value(), 0);
  double size = 0.0;
  for (int64_t i = 0; i < trial.batch; ++i) {
    const at::Tensor gradient = Flatten(torch::autograd::grad(
        {log_weights[i]}, trial.problem.network->parameters().leaves(), {},
        /*retain_graph=*/true));
    size += std::abs(reward) * weights[i].item<double>() *
            gradient.norm().item<double>();
  }
  return size;
}

TEST(ScalarReward, GivesAZeroGradient) {
  SeedEngine engine = TestEngine(1);
  for (int64_t number = 0; number < 40; ++number) {
    const Trial trial = MakeTrial(engine, number, at::kDouble);
    const double reward = engine.Normal();
    const NetworkWeights own = Evaluate(trial);
    const SurrogateGradient gradient = DifferentiateSurrogate(
        *trial.problem.network, own,
        at::full({trial.batch}, reward, at::kDouble), trial.norm);
    const double terms = SizeOfTerms(trial, own.weights, reward);
    ASSERT_GT(terms, 0.0);
    EXPECT_LE(gradient.phi_norm, kTolerance * terms) << "trial " << number;
    EXPECT_TRUE(gradient.is_zero) << "trial " << number;
  }
}

// The same by autograd of the surrogate itself, without a formula of ours.
TEST(ScalarReward, GivesAZeroGradientByAutogradAlone) {
  SeedEngine engine = TestEngine(2);
  for (int64_t number = 0; number < 20; ++number) {
    const Trial trial = MakeTrial(engine, number, at::kDouble);
    const double reward = engine.Normal();
    const at::Tensor logits = trial.problem.network->Logits(
        trial.problem.training.hazy_input, trial.problem.training.clear01);
    const at::Tensor log_weights =
        at::log_softmax(NormaliseLogits(logits, trial.norm).value(), 0);
    const at::Tensor weights = log_weights.exp().detach();
    const at::Tensor surrogate = -(weights * reward * log_weights).sum();
    const at::Tensor gradient = Flatten(torch::autograd::grad(
        {surrogate}, trial.problem.network->parameters().leaves()));
    EXPECT_LE(gradient.norm().item<double>(),
              kTolerance * SizeOfTerms(trial, weights, reward))
        << "trial " << number;
  }
}

// In float32 rounding remains, proportional to the reward; `is_zero` sees
// through it, whatever the size of the reward.
TEST(ScalarReward, IsSeenInFloat32) {
  SeedEngine engine = TestEngine(3);
  for (int64_t number = 0; number < 40; ++number) {
    const Trial trial = MakeTrial(engine, number, at::kFloat);
    for (const double reward : {1.0, -0.3, 1e-6, 1e4}) {
      const SurrogateGradient gradient = DifferentiateSurrogate(
          *trial.problem.network, Evaluate(trial),
          at::full({trial.batch}, reward, at::kFloat), trial.norm);
      EXPECT_TRUE(gradient.is_zero)
          << "trial " << number << " reward " << reward;
    }
  }
}

// Rewards that differ are never taken for it, even where they differ little.
TEST(PerPatchReward, IsNotTakenForZero) {
  SeedEngine engine = TestEngine(4);
  for (int64_t number = 0; number < 40; ++number) {
    for (const at::ScalarType dtype : {at::kDouble, at::kFloat}) {
      const Trial trial = MakeTrial(engine, number, dtype);
      for (const double spread : {1.0, 1e-3}) {
        const at::Tensor rewards =
            (NormalTensor(engine, {trial.batch}) * spread + 1.0).to(dtype);
        const SurrogateGradient gradient = DifferentiateSurrogate(
            *trial.problem.network, Evaluate(trial), rewards, trial.norm);
        EXPECT_FALSE(gradient.is_zero)
            << "trial " << number << " spread " << spread;
        EXPECT_GT(gradient.phi_norm, 0.0);
      }
    }
  }
}

// No reward at all, or one patch alone: exactly zero.
TEST(ScalarReward, ZeroRewards) {
  SeedEngine engine = TestEngine(5);
  const Trial trial = MakeTrial(engine, 0, at::kFloat);
  const SurrogateGradient gradient = DifferentiateSurrogate(
      *trial.problem.network, Evaluate(trial),
      at::full({trial.batch}, 0.0, at::kFloat), trial.norm);
  EXPECT_EQ(gradient.phi_norm, 0.0);
  EXPECT_TRUE(gradient.is_zero);
}

}  // namespace
}  // namespace bild
