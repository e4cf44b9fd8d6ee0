// One step of training: what the methods share, what moves and what does not.

#include "bild/bilevel_step.h"

#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/full.h"
#include "bild/methods.h"
#include "bild/optimizer.h"
#include "c10/core/GradMode.h"
#include "c10/util/Exception.h"
#include "gtest/gtest.h"
#include "tests/bild/core/small_problem.h"
#include "tests/testing/random_tensor.h"

namespace bild {
namespace {

// BILD's loop with the weights of theta's step held uniform.
Method ForcedUniform() {
  return Method{"", "", StepWeights::kUniform, /*updates_phi=*/true,
                /*sees_validation=*/true};
}

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

TEST(Methods, Catalogue) {
  std::vector<std::string> names;
  for (const Method& method : MethodCatalog()) names.push_back(method.name);
  EXPECT_EQ(names,
            (std::vector<std::string>{"plain", "bild", "frozen_random"}));
  EXPECT_EQ(Named("plain").step_weights, StepWeights::kUniform);
  EXPECT_FALSE(Named("plain").sees_validation);
  EXPECT_TRUE(Named("bild").updates_phi);
  EXPECT_FALSE(Named("frozen_random").updates_phi);
  EXPECT_EQ(Named("frozen_random").step_weights, StepWeights::kNetwork);
  const auto unknown = FindMethod("Bild");
  EXPECT_EQ(unknown.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(unknown.status().message(),
            "--methods: unknown method 'Bild'. Known methods: plain, bild, "
            "frozen_random.");
}

TEST(BilevelStep, PlainAndBildWithUniformWeightsHaveTheSameBits) {
  for (const at::ScalarType dtype : {at::kFloat, at::kDouble}) {
    for (const RewardEngine engine :
         {RewardEngine::kInBackward, RewardEngine::kLayerwise,
          RewardEngine::kForward}) {
      SmallProblemOptions options;
      options.dtype = dtype;
      BilevelOptions step_options;
      step_options.engine = engine;
      Bench plain(Named("plain"), options, step_options);
      Bench uniform(ForcedUniform(), options, step_options);
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

}  // namespace
}  // namespace bild
