// Rewards and the gradient of phi: numbers worked by hand, and the identities
// that any implementation can be checked against, over random shapes, widths
// and nets.

#include "bild/rewards.h"

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/log_softmax.h"
#include "ATen/ops/mv.h"
#include "ATen/ops/softmax.h"
#include "ATen/ops/tensor.h"
#include "ATen/ops/zeros.h"
#include "bild/patch_pass.h"
#include "gtest/gtest.h"
#include "tests/bild/core/small_problem.h"
#include "tests/testing/random_tensor.h"
#include "torch/csrc/autograd/autograd.h"

namespace bild {
namespace {

constexpr double kTolerance = 1e-10;

at::Tensor Vector(const std::vector<double>& values) {
  return at::tensor(values, at::kDouble);
}

void ExpectVector(const at::Tensor& got, const std::vector<double>& want,
                  double tolerance = 1e-14) {
  ASSERT_EQ(got.size(0), static_cast<int64_t>(want.size()));
  for (size_t i = 0; i < want.size(); ++i) {
    EXPECT_NEAR(got[static_cast<int64_t>(i)].item<double>(), want[i], tolerance)
        << "element " << i;
  }
}

TEST(RewardOptions, Names) {
  EXPECT_EQ(ParseEntropyTerm("maximize").value(), EntropyTerm::kMaximize);
  EXPECT_EQ(ParseEntropyTerm("literal_6j").value(), EntropyTerm::kLiteral6j);
  EXPECT_EQ(ParseEntropyTerm("max").status().message(),
            "--entropy='max': expected 'maximize' or 'literal_6j'.");
  EXPECT_EQ(ParseRewardScale("none").value(), RewardScale::kNone);
  EXPECT_EQ(ParseRewardScale("unit_rms").value(), RewardScale::kUnitRms);
  EXPECT_EQ(ParseRewardScale("").status().message(),
            "--reward_scale='': expected 'none' or 'unit_rms'.");
  EXPECT_EQ(RewardOptions().alpha, 0.01);
}

// B = 3, logits 0, 1, 3 with z-score, a = (2, -1, 0.5), alpha = 1/4. The
// weights are softmax(-4, -1, 5 over 3 sqrt(7/3)); rms a = sqrt(7/4).
const std::vector<double>& HandWeights() {
  static const auto* weights = new std::vector<double>{
      0.0994828953535237, 0.19145243452755692, 0.7090646701189194};
  return *weights;
}

TEST(Rewards, ByHand) {
  const at::Tensor log_weights = Vector(HandWeights()).log();
  const at::Tensor a = Vector({2, -1, 0.5});
  ExpectVector(Rewards(a, log_weights,
                       {0.25, EntropyTerm::kMaximize, RewardScale::kNone}),
               {2.326942388897464, -0.8367210287795304, 0.3359521358664811});
  ExpectVector(Rewards(a, log_weights,
                       {0.25, EntropyTerm::kLiteral6j, RewardScale::kNone}),
               {1.6730576111025361, -1.1632789712204696, 0.6640478641335189});
  ExpectVector(Rewards(a, log_weights,
                       {0.25, EntropyTerm::kMaximize, RewardScale::kUnitRms}),
               {1.8388002809343726, -0.5926499747979848, 0.2139166088757083});
}

TEST(Rewards, UnitRmsForgetsTheScaleOfTheProducts) {
  SeedEngine engine = TestEngine(1);
  const RewardOptions options{0.3, EntropyTerm::kMaximize,
                              RewardScale::kUnitRms};
  for (const int64_t batch : {1, 3, 8}) {
    const at::Tensor a = NormalTensor(engine, {batch});
    const at::Tensor log_weights =
        at::log_softmax(NormalTensor(engine, {batch}), 0);
    const at::Tensor rewards = Rewards(a, log_weights, options);
    const at::Tensor plain = Rewards(
        a, log_weights, {0.0, EntropyTerm::kMaximize, RewardScale::kUnitRms});
    EXPECT_NEAR(plain.square().mean().item<double>(), 1.0, 1e-14);
    for (const double scale : {1e-12, 1e-3, 1e9}) {
      EXPECT_LE(
          RelativeError(Rewards(a * scale, log_weights, options), rewards),
          1e-13);
      // Float32 squares of small or large products leave its range; their
      // rewards must not.
      for (const double far : {1e-20, 1e-10, 1e10, 1e20}) {
        const at::Tensor far32 = (a * far).to(at::kFloat);
        EXPECT_LE(
            RelativeError(Rewards(far32, log_weights.to(at::kFloat), options),
                          rewards),
            1e-5)
            << far;
      }
    }
  }
}

TEST(Rewards, ABatchOfZerosStaysZero) {
  const at::Tensor log_weights = Vector({0.2, 0.3, 0.5}).log();
  for (const RewardScale scale : {RewardScale::kNone, RewardScale::kUnitRms}) {
    const at::Tensor rewards = Rewards(at::zeros({3}, at::kDouble), log_weights,
                                       {0.0, EntropyTerm::kMaximize, scale});
    EXPECT_EQ(rewards.abs().max().item<double>(), 0.0);
    ExpectVector(
        Rewards(at::zeros({3}, at::kDouble), log_weights,
                {2.0, EntropyTerm::kLiteral6j, scale}),
        {2 + 2 * std::log(0.2), 2 + 2 * std::log(0.3), 2 + 2 * std::log(0.5)});
  }
}

// Scores in the order of the patches; z as the softmax sees it.
at::Tensor Zscore(const at::Tensor& s, LogitNorm norm) {
  if (norm == LogitNorm::kNone) return s;
  const at::Tensor centred = s - s.mean();
  return centred /
         (centred.square().sum() / static_cast<double>(s.size(0) - 1)).sqrt();
}

class SurrogateTest : public testing::TestWithParam<LogitNorm> {
 protected:
  static SmallProblem Make(SeedEngine& engine, int64_t batch,
                           at::ScalarType dtype = at::kDouble) {
    SmallProblemOptions options;
    options.batch = batch;
    // Noise of one pixel gives logits that hardly differ, and a z-score that
    // magnifies rounding by as much.
    options.crop_px = Choose(engine, {4, 6, 9});
    options.dtype = dtype;
    return MakeSmallProblem(engine, options);
  }
  static NetworkWeights Evaluate(const SmallProblem& problem) {
    auto evaluated =
        EvaluateWeights(*problem.network, problem.training.hazy_input,
                        problem.training.clear01, GetParam());
    EXPECT_TRUE(evaluated.ok()) << evaluated.status();
    return std::move(evaluated).value();
  }
};

TEST_P(SurrogateTest, WeightsSumToOneAndFollowThePatches) {
  SeedEngine engine = TestEngine(2);
  for (const int64_t batch : {3, 4, 8}) {
    SmallProblem problem = Make(engine, batch);
    const NetworkWeights own = Evaluate(problem);
    EXPECT_TRUE(own.logits.requires_grad());
    EXPECT_FALSE(own.weights.requires_grad());
    EXPECT_NEAR(own.weights.sum().item<double>(), 1.0, 1e-15);
    EXPECT_LE(RelativeError(own.weights,
                            at::softmax(Zscore(own.logits, GetParam()), 0)),
              1e-13);
    // Patches the other way round: weights the other way round.
    problem.training = {problem.training.hazy_input.flip({0}),
                        problem.training.clear01.flip({0})};
    EXPECT_LE(RelativeError(Evaluate(problem).weights.flip({0}), own.weights),
              1e-13);
  }
}

// dL/dz = -w_i (R_i - sum_j w_j R_j) and on to the logits and phi, against
// autograd of the surrogate as it is written.
TEST_P(SurrogateTest, GradientIsThatOfTheSurrogate) {
  SeedEngine engine = TestEngine(3);
  for (int64_t trial = 0; trial < 8; ++trial) {
    const SmallProblem problem = Make(engine, Choose(engine, {3, 4, 7}));
    const NetworkWeights own = Evaluate(problem);
    const at::Tensor rewards = NormalTensor(engine, {own.weights.size(0)});
    const SurrogateGradient gradient =
        DifferentiateSurrogate(*problem.network, own, rewards, GetParam());

    const at::Tensor logits = problem.network->Logits(
        problem.training.hazy_input, problem.training.clear01);
    const at::Tensor z = Zscore(logits, GetParam());
    const at::Tensor surrogate =
        -((own.weights * rewards).detach() * at::log_softmax(z, 0)).sum();
    std::vector<at::Tensor> inputs = {z, logits};
    for (const at::Tensor& leaf : problem.network->parameters().leaves()) {
      inputs.push_back(leaf);
    }
    if (GetParam() == LogitNorm::kNone) inputs.erase(inputs.begin());
    const std::vector<at::Tensor> wanted =
        torch::autograd::grad({surrogate}, inputs);
    const bool has_both = GetParam() == LogitNorm::kZscore;
    EXPECT_LE(RelativeError(gradient.softmax_input, wanted[0]), kTolerance);
    EXPECT_LE(RelativeError(gradient.logits, wanted[has_both ? 1 : 0]),
              kTolerance);
    const at::Tensor phi =
        Flatten({wanted.begin() + (has_both ? 2 : 1), wanted.end()});
    EXPECT_LE(RelativeError(gradient.phi, phi), kTolerance);
    EXPECT_NEAR(gradient.phi_norm, phi.norm().item<double>(),
                kTolerance * gradient.phi_norm);
    EXPECT_FALSE(gradient.is_zero);
    // Nothing was left on the leaves.
    for (const at::Tensor& leaf : problem.network->parameters().leaves()) {
      EXPECT_FALSE(leaf.grad().defined());
    }
  }
}

TEST_P(SurrogateTest, AConstantAddedToTheRewardsChangesNothing) {
  SeedEngine engine = TestEngine(4);
  for (int64_t trial = 0; trial < 6; ++trial) {
    const SmallProblem problem = Make(engine, Choose(engine, {3, 5, 8}));
    const at::Tensor rewards =
        NormalTensor(engine, {problem.training.clear01.size(0)});
    const SurrogateGradient before = DifferentiateSurrogate(
        *problem.network, Evaluate(problem), rewards, GetParam());
    for (const double constant : {1.0, -37.0}) {
      const SurrogateGradient after = DifferentiateSurrogate(
          *problem.network, Evaluate(problem), rewards + constant, GetParam());
      EXPECT_LE(RelativeError(after.phi, before.phi), kTolerance);
      EXPECT_LE(RelativeError(after.softmax_input, before.softmax_input),
                kTolerance);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Norms, SurrogateTest,
                         testing::Values(LogitNorm::kZscore, LogitNorm::kNone),
                         [](const auto& row) {
                           return row.param == LogitNorm::kZscore ? "zscore"
                                                                  : "none";
                         });

// B = 3 by hand, on a network whose only task is to have logits 0, 1, 3: a
// gradient that its logits' leaf receives.
TEST(Surrogate, ByHand) {
  const at::Tensor w = Vector(HandWeights());
  const at::Tensor rewards =
      Rewards(Vector({2, -1, 0.5}), w.log(),
              {0.25, EntropyTerm::kMaximize, RewardScale::kNone});
  SeedEngine engine = TestEngine(5);
  SmallProblemOptions options;
  options.batch = 3;
  const SmallProblem problem = MakeSmallProblem(engine, options);
  // Logits of the wanted values with the network's graph behind them.
  NetworkWeights own;
  own.logits = problem.network->Logits(problem.training.hazy_input,
                                       problem.training.clear01);
  own.logits = own.logits - own.logits.detach() + Vector({0, 1, 3});
  own.log_weights = w.log();
  own.weights = w;
  const SurrogateGradient gradient = DifferentiateSurrogate(
      *problem.network, own, rewards, LogitNorm::kZscore);
  ExpectVector(
      gradient.softmax_input,
      {-0.20069996761676928, 0.2194488126165629, -0.01874884499979364});
  ExpectVector(gradient.logits, {-0.10086297905129285, 0.15129446857693926,
                                 -0.050431489525646425});
}

TEST(EvaluateWeights, EqualPatchesHaveNoZscore) {
  SeedEngine engine = TestEngine(6);
  SmallProblemOptions options;
  SmallProblem problem = MakeSmallProblem(engine, options);
  SetParameters(problem.network->parameters(),
                problem.network->parameters().flat() * 0.0);
  const auto evaluated =
      EvaluateWeights(*problem.network, problem.training.hazy_input,
                      problem.training.clear01, LogitNorm::kZscore);
  EXPECT_EQ(evaluated.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(EvaluateWeights(*problem.network, problem.training.hazy_input,
                              problem.training.clear01, LogitNorm::kNone)
                  .ok());
}

}  // namespace
}  // namespace bild
