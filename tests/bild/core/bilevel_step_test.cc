// One step of training: what the methods share, what moves and what does not.

#include "bild/bilevel_step.h"

#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/full.h"
#include "ATen/ops/zeros_like.h"
#include "bild/methods.h"
#include "bild/optimizer.h"
#include "c10/core/GradMode.h"
#include "c10/util/Exception.h"
#include "gtest/gtest.h"
#include "tests/bild/core/small_problem.h"
#include "tests/testing/random_tensor.h"

namespace bild {
namespace {

std::unique_ptr<Optimizer> Make(const std::string& name) {
  OptimizerOptions options;
  options.name = name;
  return MakeOptimizer(options).value();
}

// A problem with what it takes to step on it.
struct Bench {
  explicit Bench(const Method& method, const SmallProblemOptions& options = {},
                 const BilevelOptions& step_options = {},
                 const std::string& theta_optimizer_name = "adam")
      : theta_optimizer(Make(theta_optimizer_name)),
        phi_optimizer(Make("adam")) {
    SeedEngine engine = TestEngine(1);
    problem = MakeSmallProblem(engine, options);
    step = std::make_unique<BilevelStep>(
        *problem.backbone, *theta_optimizer, problem.network.get(),
        phi_optimizer.get(), method, step_options);
  }
  at::Tensor theta() const { return problem.backbone->parameters().flat(); }
  at::Tensor phi() const { return problem.network->parameters().flat(); }
  absl::StatusOr<StepReport> Run(double learning_rate = 0.01) {
    return step->Run(problem.training, &problem.validation, learning_rate);
  }

  SmallProblem problem;
  std::unique_ptr<Optimizer> theta_optimizer;
  std::unique_ptr<Optimizer> phi_optimizer;
  std::unique_ptr<BilevelStep> step;
};

Method Named(const std::string& name) { return FindMethod(name).value(); }

TEST(BilevelStep, PlainAndBildWithUniformWeightsHaveTheSameBits) {
  for (const at::ScalarType dtype : {at::kFloat, at::kDouble}) {
    for (const RewardEngine engine :
         {RewardEngine::kInBackward, RewardEngine::kLayerwise,
          RewardEngine::kForward, RewardEngine::kFiniteDifference}) {
      SmallProblemOptions options;
      options.dtype = dtype;
      BilevelOptions step_options;
      step_options.engine = engine;
      Bench plain(Named("plain"), options, step_options);
      Bench uniform(Named("uniform_phi_trained"), options, step_options);
      Bench bild(Named("bild"), options, step_options);
      const at::Tensor start = plain.theta().clone();
      ASSERT_TRUE(uniform.theta().equal(start));
      for (int step = 0; step < 5; ++step) {
        ASSERT_TRUE(plain.Run().ok());
        const auto report = uniform.Run();
        ASSERT_TRUE(report.ok()) << report.status();
        ASSERT_TRUE(bild.Run().ok());
        EXPECT_TRUE(uniform.theta().equal(plain.theta()))
            << "step " << step << " " << RewardEngineName(engine);
        // Uniform weights buy nothing, whatever phi says of them.
        EXPECT_EQ(report->outer->gain, 0.0);
        EXPECT_GT(report->outer->phi_gradient_norm.value(), 0.0);
      }
      EXPECT_FALSE(plain.theta().equal(start));
      EXPECT_FALSE(bild.theta().equal(plain.theta()));
      // phi learns all the same.
      EXPECT_FALSE(uniform.phi().equal(plain.phi()));
    }
  }
}

TEST(BilevelStep, PlainNeedsNoNetwork) {
  Bench bench(Named("plain"));
  BilevelStep step(*bench.problem.backbone, *bench.theta_optimizer, nullptr,
                   nullptr, Named("plain"), {});
  const auto report =
      step.Run(bench.problem.training, &bench.problem.validation, 0.01);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_FALSE(report->outer.has_value());
  EXPECT_NEAR(report->training_objective, report->mean_loss, 1e-15);
  EXPECT_NEAR(report->summary.entropy, std::log(4.0), 1e-15);
  for (const std::string method : {"bild", "frozen_random"}) {
    EXPECT_THROW(BilevelStep(*bench.problem.backbone, *bench.theta_optimizer,
                             nullptr, nullptr, Named(method), {}),
                 c10::Error);
  }
  EXPECT_THROW(
      BilevelStep(*bench.problem.backbone, *bench.theta_optimizer,
                  bench.problem.network.get(), nullptr, Named("bild"), {}),
      c10::Error);
}

TEST(BilevelStep, FrozenRandomLeavesPhiAlone) {
  Bench frozen(Named("frozen_random"));
  Bench bild(Named("bild"));
  const at::Tensor phi = frozen.phi().clone();
  for (int step = 0; step < 4; ++step) {
    const auto report = frozen.Run();
    ASSERT_TRUE(report.ok()) << report.status();
    ASSERT_TRUE(report->outer.has_value());
    EXPECT_FALSE(report->outer->phi_gradient_norm.has_value());
    EXPECT_FALSE(report->outer->has_zero_phi_gradient);
    EXPECT_TRUE(report->outer->rewards.defined());
    const auto learned = bild.Run();
    ASSERT_TRUE(learned.ok()) << learned.status();
    // The first step has the same weights; only then does phi move.
    EXPECT_EQ(learned->weights.equal(report->weights), step == 0);
  }
  EXPECT_TRUE(frozen.phi().equal(phi));
  EXPECT_FALSE(bild.phi().equal(phi));
  EXPECT_EQ(frozen.phi_optimizer->steps(), 0);
}

TEST(BilevelStep, WithoutValidationPatchesThereIsNoOuterStep) {
  Bench bench(Named("bild"));
  const at::Tensor phi = bench.phi().clone();
  const at::Tensor theta = bench.theta().clone();
  const auto report = bench.step->Run(bench.problem.training, nullptr, 0.01);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_FALSE(report->outer.has_value());
  EXPECT_TRUE(bench.phi().equal(phi));
  EXPECT_FALSE(bench.theta().equal(theta));
}

// The numbers of a report from their definitions.
TEST(BilevelStep, ReportByItsDefinitions) {
  BilevelOptions options;
  options.reward.alpha = 0.2;
  Bench bench(Named("bild"), {}, options, "sgd");
  const at::Tensor theta0 = bench.theta().clone();
  const double beta = 0.05;
  const at::Tensor gradients = PerSampleGradients(
      *bench.problem.backbone, bench.problem.training, options.loss);
  const auto report = bench.Run(beta);
  ASSERT_TRUE(report.ok()) << report.status();
  const at::Tensor& w = report->weights;
  EXPECT_LE(RelativeError(bench.theta() - theta0, gradients.t().mv(w) * -beta),
            1e-11);
  EXPECT_NEAR(report->training_objective,
              (w * report->losses).sum().item<double>(), 1e-15);
  EXPECT_NEAR(report->mean_loss, report->losses.mean().item<double>(), 1e-15);

  // v at theta_1, a at theta_0.
  const at::Tensor v =
      PerSampleGradients(*bench.problem.backbone, bench.problem.validation,
                         options.loss)
          .mean(0);
  const at::Tensor a = gradients.mv(v);
  const OuterReport& outer = *report->outer;
  EXPECT_LE(RelativeError(outer.products, a), 1e-10);
  double gain = 0.0;
  double squares = 0.0;
  for (int64_t i = 0; i < 4; ++i) {
    const double a_i = a[i].item<double>();
    gain += (w[i].item<double>() - 0.25) * a_i;
    squares += a_i * a_i;
  }
  EXPECT_NEAR(outer.gain, gain, 1e-12 * std::sqrt(squares));
  EXPECT_NEAR(outer.normalised_gain.value(), gain / std::sqrt(squares / 4.0),
              1e-10);
  EXPECT_LE(RelativeError(outer.rewards,
                          a / std::sqrt(squares / 4.0) - w.log() * 0.2 - 0.2),
            1e-10);
}

// sum_i (w_i - 1/B) a_i another way round.
TEST(BilevelStep, GainIsWeightedSumMinusMean) {
  for (const std::string method : {"bild", "frozen_random"}) {
    Bench bench(Named(method));
    for (int step = 0; step < 3; ++step) {
      const auto report = bench.Run();
      ASSERT_TRUE(report.ok()) << report.status();
      const OuterReport& outer = *report->outer;
      const double rms = outer.products.square().mean().sqrt().item<double>();
      EXPECT_NEAR(outer.gain,
                  report->weights.dot(outer.products).item<double>() -
                      outer.products.mean().item<double>(),
                  1e-13 * rms);
      EXPECT_NEAR(outer.normalised_gain.value(), outer.gain / rms, 1e-13);
    }
  }
}

// Validation patches that are right already: v = 0, and with it every product.
TEST(BilevelStep, NoNormalisedGainWithoutProducts) {
  BilevelOptions options;
  options.loss = PatchLoss::kMse;
  options.reward.alpha = 0.0;
  Bench bench(Named("bild"), {}, options);
  {
    const at::NoGradGuard no_grad;
    bench.problem.validation.clear01 =
        bench.problem.backbone->Forward(bench.problem.validation.hazy_input);
  }
  const auto report = bench.Run(/*learning_rate=*/0.0);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->outer->gain, 0.0);
  EXPECT_FALSE(report->outer->normalised_gain.has_value());
  EXPECT_FALSE(report->outer->agreement.has_value());
  EXPECT_TRUE(report->outer->has_zero_phi_gradient);
}

TEST(BilevelStep, ClippingScalesTheStep) {
  const auto step_length = [](double clip) {
    BilevelOptions options;
    options.clip_gradient_norm = clip;
    Bench bench(Named("plain"), {}, options, "sgd");
    const at::Tensor before = bench.theta().clone();
    EXPECT_TRUE(bench.Run(/*learning_rate=*/1.0).ok());
    return (bench.theta() - before).norm().item<double>();
  };
  const double whole = step_length(0.0);
  ASSERT_GT(whole, 0.01);
  // The factor is clip / (norm + 1e-6), as PyTorch has it.
  EXPECT_NEAR(step_length(whole / 4.0), whole / 4.0 * (whole / (whole + 1e-6)),
              1e-12);
  EXPECT_NEAR(step_length(whole * 2.0), whole, 1e-14);
}

TEST(BilevelStep, ALossThatIsNotFiniteMovesNothing) {
  for (const std::string method : {"plain", "bild", "frozen_random"}) {
    for (const double bad : {std::numeric_limits<double>::quiet_NaN(),
                             std::numeric_limits<double>::infinity()}) {
      Bench bench(Named(method));
      ASSERT_TRUE(bench.Run().ok());
      const at::Tensor theta = bench.theta().clone();
      const at::Tensor phi = bench.phi().clone();
      const Patches sound = bench.problem.training;
      bench.problem.training.clear01 = sound.clear01.clone();
      bench.problem.training.clear01[2][0][3][3] = bad;
      const auto refused = bench.Run();
      EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
      const std::string message(refused.status().message());
      EXPECT_NE(message.find("not finite"), std::string::npos) << message;
      EXPECT_NE(message.find("Lower "), std::string::npos) << message;
      EXPECT_TRUE(bench.theta().equal(theta));
      EXPECT_TRUE(bench.phi().equal(phi));
      EXPECT_EQ(bench.theta_optimizer->steps(), 1);
      bench.problem.training = sound;
      EXPECT_TRUE(bench.Run().ok());
    }
  }
}

TEST(BilevelStep, AValidationLossThatIsNotFiniteLeavesPhi) {
  Bench bench(Named("bild"));
  const at::Tensor phi = bench.phi().clone();
  bench.problem.validation.clear01[0][0][0][0] =
      std::numeric_limits<double>::quiet_NaN();
  const auto refused = bench.Run();
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(std::string(refused.status().message())
                .find("the validation loss or its gradient is not finite"),
            std::string::npos);
  EXPECT_TRUE(bench.phi().equal(phi));
  EXPECT_EQ(bench.phi_optimizer->steps(), 0);
}

TEST(BilevelStep, EqualPatchesHaveNoWeights) {
  Bench bench(Named("bild"));
  const at::Tensor theta = bench.theta().clone();
  bench.problem.training = {
      at::full({4, 3, 7, 7}, 0.3, at::kDouble),
      at::full({4, 3, 7, 7}, 0.4, at::kDouble),
  };
  const auto refused = bench.Run();
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(std::string(refused.status().message())
                .find("all 4 logits of the batch are equal"),
            std::string::npos);
  EXPECT_TRUE(bench.theta().equal(theta));
}

// --- The controls ------------------------------------------------------------

TEST(BilevelStep, ShuffledGivesTheWeightsToOtherPatches) {
  std::vector<int64_t> steps;
  BilevelOptions options;
  options.permutation = [&steps](int64_t step, int64_t batch) {
    steps.push_back(step);
    std::vector<int64_t> order;
    for (int64_t i = 0; i < batch; ++i) order.push_back((i + 1) % batch);
    return order;
  };
  Bench shuffled(Named("shuffled"), {}, options);
  Bench bild(Named("bild"));
  for (int step = 0; step < 3; ++step) {
    const auto report = shuffled.Run();
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_TRUE(report->outer->own_normalised_gain.has_value());
    if (step == 0) {
      // w_{pi(i)}, and rewards paired with the unpermuted w_i.
      const auto own = bild.Run();
      ASSERT_TRUE(own.ok()) << own.status();
      EXPECT_TRUE(report->weights.equal(own->weights.roll({-1}, {0})));
      const at::Tensor& a = report->outer->products;
      EXPECT_LE(RelativeError(report->outer->rewards,
                              a / a.square().mean().sqrt() -
                                  own->weights.log() * 0.01 - 0.01),
                1e-12);
    }
  }
  EXPECT_EQ(steps, (std::vector<int64_t>{0, 1, 2}));
}

// Weights from the products before the step; where none is positive, theta
// stays.
TEST(BilevelStep, L2rwByItsDefinition) {
  Bench bench(Named("l2rw"), {}, {}, "sgd");
  const at::Tensor theta0 = bench.theta().clone();
  const PatchLoss loss = PatchLoss::kL1;
  const at::Tensor gradients =
      PerSampleGradients(*bench.problem.backbone, bench.problem.training, loss);
  const at::Tensor v0 = PerSampleGradients(*bench.problem.backbone,
                                           bench.problem.validation, loss)
                            .mean(0);
  const at::Tensor a0 = gradients.mv(v0);
  const auto report = bench.Run(0.05);
  ASSERT_TRUE(report.ok()) << report.status();
  const at::Tensor positive = a0.clamp_min(0);
  ASSERT_GT(positive.sum().item<double>(), 0.0);
  const at::Tensor w = positive / positive.sum();
  EXPECT_LE(RelativeError(report->weights, w), 1e-11);
  EXPECT_LE(RelativeError(report->outer->rewards, a0), 1e-11);
  EXPECT_LE(RelativeError(bench.theta() - theta0, gradients.t().mv(w) * -0.05),
            1e-11);
  // The gain is that of v after the step.
  const at::Tensor v1 = PerSampleGradients(*bench.problem.backbone,
                                           bench.problem.validation, loss)
                            .mean(0);
  EXPECT_LE(RelativeError(report->outer->products, gradients.mv(v1)), 1e-11);

  // Every training patch pulls away from the validation patches: same pictures,
  // and a target on the other side of what the net gives.
  {
    const at::NoGradGuard no_grad;
    const at::Tensor output =
        bench.problem.backbone->Forward(bench.problem.training.hazy_input);
    bench.problem.training.clear01 = output + 0.1;
    bench.problem.validation = {bench.problem.training.hazy_input,
                                output - 0.1};
  }
  const at::Tensor before = bench.theta().clone();
  const auto stopped = bench.Run(0.05);
  ASSERT_TRUE(stopped.ok()) << stopped.status();
  EXPECT_LT(stopped->outer->rewards.max().item<double>(), 0.0);
  EXPECT_TRUE(stopped->weights.equal(at::zeros_like(stopped->weights)));
  EXPECT_TRUE(bench.theta().equal(before));
  EXPECT_EQ(stopped->training_objective, 0.0);
}

// r - b with b = r at first, then b - 0.05 (b - r).
TEST(BilevelStep, ReleasedHasOneRewardAndARunningBaseline) {
  BilevelOptions options;
  options.phi_learning_rate = 0.05;
  Bench released(Named("released"), {}, options);
  Bench frozen(Named("frozen_random"));
  double baseline = 0.0;
  for (int step = 0; step < 4; ++step) {
    const auto report = released.Run();
    const auto watched = frozen.Run();
    ASSERT_TRUE(report.ok()) << report.status();
    ASSERT_TRUE(watched.ok()) << watched.status();
    const double reward = report->outer->products.mean().item<double>();
    if (step == 0) baseline = reward;
    baseline -= 0.05 * (baseline - reward);
    EXPECT_NEAR(released.step->outer_state().reward_baseline.value(), baseline,
                1e-15);
    EXPECT_LE(RelativeError(report->outer->rewards,
                            at::full({4}, reward - baseline, at::kDouble)),
              1e-12);
    EXPECT_TRUE(report->outer->has_zero_phi_gradient);
    EXPECT_LE(report->outer->reward_spread.value(), 1e-15);
    if (step == 0) {
      EXPECT_EQ(report->outer->phi_gradient_norm.value(), 0.0);
      EXPECT_TRUE(report->weights.equal(watched->weights));
    }
  }
}

// --- The validation gradient's running mean ----------------------------------

TEST(BilevelStep, ValidationMomentum) {
  constexpr double kRho = 0.75;
  BilevelOptions options;
  options.validation_momentum = kRho;
  Bench bench(Named("frozen_random"), {}, options, "sgd");
  at::Tensor mean;
  for (int step = 0; step < 4; ++step) {
    const at::Tensor gradients = PerSampleGradients(
        *bench.problem.backbone, bench.problem.training, PatchLoss::kL1);
    const auto report = bench.Run(0.05);
    ASSERT_TRUE(report.ok()) << report.status();
    const at::Tensor now =
        PerSampleGradients(*bench.problem.backbone, bench.problem.validation,
                           PatchLoss::kL1)
            .mean(0);
    mean = mean.defined() ? mean * kRho + now * (1 - kRho) : now;
    EXPECT_LE(
        RelativeError(bench.step->outer_state().mean_validation_gradient, mean),
        1e-11);
    EXPECT_LE(RelativeError(report->outer->products, gradients.mv(mean)),
              1e-10);
    // The cosine is that of this step's own gradients.
    const at::Tensor g = gradients.t().mv(report->weights);
    EXPECT_NEAR(
        report->outer->gradient_cosine.value(),
        g.dot(now).item<double>() / (g.norm() * now.norm()).item<double>(),
        1e-11);
  }
}

// --- Windows -----------------------------------------------------------------

TEST(BilevelStep, AnOuterStepOnlyWithValidationPatches) {
  Bench one(Named("bild"));
  for (int step = 0; step < 6; ++step) {
    const bool is_outer = step % 3 == 2;
    const auto a =
        one.step->Run(one.problem.training,
                      is_outer ? &one.problem.validation : nullptr, 0.01);
    ASSERT_TRUE(a.ok()) << a.status();
    EXPECT_EQ(a->outer.has_value(), is_outer);
  }
  EXPECT_EQ(one.phi_optimizer->steps(), 2);
  EXPECT_EQ(one.step->EngineName(), "in_backward");
}

// A method that teaches phi nothing has no window to unroll.
TEST(BilevelStep, AWatcherUnrollsNothing) {
  BilevelOptions options;
  options.unrolled_steps = 3;
  Bench frozen(Named("frozen_random"), {}, options);
  Bench bild(Named("bild"), {}, options);
  EXPECT_EQ(frozen.step->EngineName(), "in_backward");
  EXPECT_EQ(bild.step->EngineName(), "hessian_vector");
  Bench plain_frozen(Named("frozen_random"));
  for (int step = 0; step < 4; ++step) {
    const auto a = frozen.Run();
    const auto b = plain_frozen.Run();
    ASSERT_TRUE(a.ok()) << a.status();
    EXPECT_TRUE(a->outer->products.equal(b->outer->products));
  }
}

// Windows are cut at outer steps: what came before does not leak into the next.
TEST(BilevelStep, EveryWindowBeginsAnew) {
  BilevelOptions options;
  options.unrolled_steps = 2;
  Bench bench(Named("bild"), {}, options, "sgd");
  const auto run = [&bench](bool is_outer) {
    const auto report =
        bench.step->Run(bench.problem.training,
                        is_outer ? &bench.problem.validation : nullptr, 0.05);
    EXPECT_TRUE(report.ok()) << report.status();
    return report.value();
  };
  run(false);
  run(true);
  // A window of one step, though two are allowed.
  const at::Tensor gradients = PerSampleGradients(
      *bench.problem.backbone, bench.problem.training, PatchLoss::kL1);
  const StepReport report = run(true);
  const at::Tensor v =
      PerSampleGradients(*bench.problem.backbone, bench.problem.validation,
                         PatchLoss::kL1)
          .mean(0);
  EXPECT_LE(RelativeError(report.outer->products, gradients.mv(v)), 1e-10);
}

}  // namespace
}  // namespace bild
