// The outer gradient through several steps is exact: a window as the method
// runs it against autograd through differentiable updates, in float64, over
// random nets, shapes and step sizes, for every inner optimiser.

#include "bild/unroll.h"

#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/full.h"
#include "ATen/ops/log_softmax.h"
#include "ATen/ops/zeros_like.h"
#include "bild/bilevel_step.h"
#include "bild/methods.h"
#include "gtest/gtest.h"
#include "tests/bild/core/small_problem.h"
#include "tests/testing/random_tensor.h"
#include "torch/csrc/autograd/autograd.h"

namespace bild {
namespace {

constexpr double kTolerance = 1e-9;
constexpr double kEpsilon = 1e-3;  // Adam's: its root has a kink at 0.

struct Setting {
  std::string net;
  std::string optimizer;  // "sgd", "momentum", "adam".
  std::vector<double> betas;
  std::vector<Patches> batches;
  BilevelOptions options;

  OptimizerOptions inner() const {
    OptimizerOptions inner;
    inner.name = optimizer == "adam" ? "adam" : "sgd";
    inner.momentum = optimizer == "momentum" ? 0.7 : 0.0;
    inner.epsilon = kEpsilon;
    return inner;
  }
};

at::Tensor LogWeights(const SmallProblem& problem, const Patches& patches) {
  const at::Tensor s =
      problem.network->Logits(patches.hazy_input, patches.clear01);
  const at::Tensor centred = s - s.mean();
  return at::log_softmax(
      centred /
          (centred.square().sum() / static_cast<double>(s.size(0) - 1)).sqrt(),
      0);
}

// grad_phi [J_v(theta_K(phi)) - alpha beta_K sum_s H(w^(s))] / beta_K by
// autograd through the updates; `problem` is as before the window.
at::Tensor Truth(SmallProblem& problem, const Setting& setting) {
  ParameterSet& set = problem.backbone->parameters();
  const NormScope norm(problem.backbone->layers(), NormStatistics::kBatch);
  at::Tensor theta = set.flat().detach().clone().requires_grad_();
  at::Tensor m = at::zeros_like(theta);
  at::Tensor u = at::zeros_like(theta);
  at::Tensor negative_entropy;
  for (size_t s = 0; s < setting.betas.size(); ++s) {
    const Patches& patches = setting.batches[s];
    const at::Tensor log_w = LogWeights(problem, patches);
    const at::Tensor term = (log_w.exp() * log_w).sum();
    negative_entropy =
        negative_entropy.defined() ? negative_entropy + term : term;
    at::Tensor inner;
    {
      const ValueScope now(set, set.Unflatten(theta));
      inner = (log_w.exp() *
               LossesOf(*problem.backbone, patches, setting.options.loss))
                  .sum();
    }
    const at::Tensor g = torch::autograd::grad(
        {inner}, {theta}, {}, /*retain_graph=*/true, /*create_graph=*/true)[0];
    if (setting.optimizer == "adam") {
      const double t = static_cast<double>(s + 1);
      m = m * 0.9 + g * 0.1;
      u = u * 0.999 + g * g * 0.001;
      // An element that has had no gradient has no root to differentiate.
      const at::Tensor is_zero = u.eq(0).to(at::kDouble);
      const at::Tensor root =
          (u / (1.0 - std::pow(0.999, t)) + is_zero).sqrt() - is_zero;
      theta = theta - m / (1.0 - std::pow(0.9, t)) / (root + kEpsilon) *
                          setting.betas[s];
    } else {
      m = setting.optimizer == "momentum" ? m * 0.7 + g : g;
      theta = theta - m * setting.betas[s];
    }
  }
  at::Tensor outer;
  {
    const ValueScope now(set, set.Unflatten(theta));
    outer =
        LossesOf(*problem.backbone, problem.validation, setting.options.loss)
            .mean();
  }
  const double beta = setting.betas.back();
  return Flatten(torch::autograd::grad(
             {outer + negative_entropy * (setting.options.reward.alpha * beta)},
             problem.network->parameters().leaves())) /
         beta;
}

// The gradient that moved phi, by a large step of plain gradient descent.
at::Tensor Own(SmallProblem& problem, Setting setting) {
  constexpr double kStep = 1024.0;
  setting.options.phi_learning_rate = kStep;
  const auto theta = MakeOptimizer(setting.inner()).value();
  OptimizerOptions sgd;
  sgd.name = "sgd";
  const auto phi = MakeOptimizer(sgd).value();
  BilevelStep step(*problem.backbone, *theta, problem.network.get(), phi.get(),
                   FindMethod("bild").value(), setting.options);
  const at::Tensor before = problem.network->parameters().flat().clone();
  for (size_t s = 0; s < setting.betas.size(); ++s) {
    const bool is_last = s + 1 == setting.betas.size();
    const auto report =
        step.Run(setting.batches[s], is_last ? &problem.validation : nullptr,
                 setting.betas[s]);
    EXPECT_TRUE(report.ok()) << report.status();
  }
  return (before - problem.network->parameters().flat()) / kStep;
}

class UnrollTest : public testing::TestWithParam<std::string> {
 protected:
  // A problem and a window on it.
  static SmallProblem Make(SeedEngine& engine, const std::string& net,
                           const std::string& optimizer, Setting* setting) {
    SmallProblemOptions options;
    options.net = net;
    options.batch = Choose(engine, {3, 4});
    options.validation_batch = Choose(engine, {1, 3});
    options.crop_px = Choose(engine, {5, 8});
    SmallProblem problem = MakeSmallProblem(engine, options);
    setting->net = net;
    setting->optimizer = optimizer;
    const int64_t length = Choose(engine, {1, 2, 3, 4});
    for (int64_t s = 0; s < length; ++s) {
      setting->betas.push_back((0.2 + engine.Uniform()) *
                               (optimizer == "adam" ? 0.01 : 0.1));
      // Every step's own batch.
      Patches batch = problem.training;
      batch.hazy_input = batch.hazy_input + 0.05 * static_cast<double>(s);
      batch.clear01 = batch.clear01.roll({s}, {3});
      setting->batches.push_back(batch);
    }
    setting->options.loss =
        engine.UniformInt(2) == 0 ? PatchLoss::kL1 : PatchLoss::kMse;
    setting->options.reward = {engine.UniformInt(2) == 0 ? 0.0 : 0.05,
                               EntropyTerm::kMaximize, RewardScale::kNone};
    setting->options.unrolled_steps = length;
    setting->options.preconditioner = Preconditioner::kExact;
    if (net == "norm") setting->options.engine = RewardEngine::kForward;
    return problem;
  }
};

TEST_P(UnrollTest, EqualsAutogradThroughTheWindow) {
  SeedEngine engine = TestEngine(1);
  for (const std::string& net :
       {std::string("conv2"), std::string("aodnet"), std::string("norm"),
        std::string("ffa[dim=16,blocks=1]")}) {
    for (int trial = 0; trial < 3; ++trial) {
      Setting setting;
      SmallProblem problem = Make(engine, net, GetParam(), &setting);
      SCOPED_TRACE(testing::Message()
                   << net << " K " << setting.betas.size() << " alpha "
                   << setting.options.reward.alpha);
      const at::Tensor wanted = Truth(problem, setting);
      EXPECT_GT(wanted.abs().max().item<double>(), 0.0);
      EXPECT_LE(RelativeError(Own(problem, setting), wanted), kTolerance);
    }
  }
}

// Dropping the older steps is another gradient, or the test above could not
// tell them apart.
TEST_P(UnrollTest, TruncationIsNotExact) {
  SeedEngine engine = TestEngine(2);
  Setting setting;
  do {
    setting = Setting();
    Make(engine, "conv2", GetParam(), &setting);
  } while (setting.betas.size() < 3);
  SmallProblemOptions options;
  options.batch = setting.batches[0].clear01.size(0);
  options.crop_px = setting.batches[0].clear01.size(3);
  SmallProblem problem = MakeSmallProblem(engine, options);
  const at::Tensor wanted = Truth(problem, setting);
  setting.options.unrolled_steps = 1;
  EXPECT_GT(RelativeError(Own(problem, setting), wanted), 1e-3);
}

INSTANTIATE_TEST_SUITE_P(Optimizers, UnrollTest,
                         testing::Values("sgd", "momentum", "adam"));

// A window that ends with a step of size 0, as a cosine schedule does: the
// units are those of its largest step.
TEST(Unroll, ALastStepOfSizeZero) {
  std::vector<InnerStep> steps(3);
  steps[0].update.learning_rate = 0.1;
  steps[1].update.learning_rate = 0.3;
  EXPECT_EQ(ReferenceStepSize(steps), 0.3);
  steps[2].update.learning_rate = 0.05;
  EXPECT_EQ(ReferenceStepSize(steps), 0.05);
}

TEST(ParsePreconditioner, Names) {
  EXPECT_EQ(ParsePreconditioner("identity").value(), Preconditioner::kIdentity);
  EXPECT_EQ(ParsePreconditioner("frozen").value(), Preconditioner::kFrozen);
  EXPECT_EQ(ParsePreconditioner("exact").value(), Preconditioner::kExact);
  EXPECT_EQ(ParsePreconditioner("none").status().message(),
            "--preconditioner='none': expected 'identity', 'frozen' or "
            "'exact'.");
}

// Momentum by hand, two steps: b_2 = 0.5 b_1 + g_2, so g_1 is worth half of
// what g_2 is at the second step, and all of it at the first.
TEST(UpdateAdjoint, MomentumByHand) {
  OptimizerOptions options;
  options.name = "sgd";
  options.momentum = 0.5;
  UpdateAdjoint adjoint(Preconditioner::kExact, options, /*beta=*/0.1);
  InnerUpdate newest;
  newest.learning_rate = 0.1;
  InnerUpdate older;
  older.learning_rate = 0.2;
  const at::Tensor v = at::full({1}, 3.0, at::kDouble);
  EXPECT_DOUBLE_EQ(adjoint.Step(newest, v).item<double>(), 3.0);
  EXPECT_DOUBLE_EQ(adjoint.Step(older, v).item<double>(), 2.0 * 3.0 + 1.5);
}

}  // namespace
}  // namespace bild
