#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/full_like.h"
#include "bild/bilevel_step.h"
#include "bild/methods.h"
#include "gtest/gtest.h"
#include "tests/bild/golden_checks.h"

namespace bild {
namespace {

using nlohmann::json;

// A scalar reward's gradient against the size of its terms.
constexpr double kZeroTolerance = 1e-12;

constexpr RewardEngine kExactEngines[] = {
    RewardEngine::kInBackward, RewardEngine::kLayerwise, RewardEngine::kForward,
    RewardEngine::kPerSample};

// One step of a method from theta_0 and phi_0, phi by a step of kReadOffStep.
struct MethodStep {
  MethodStep(GoldenCase& golden, const std::string& method, RewardEngine engine)
      : theta(GoldenOptimizer("sgd")), phi(GoldenOptimizer("sgd")) {
    golden.Reset();
    BilevelOptions options = golden.Options();
    options.engine = engine;
    options.reward = golden.PhiStepReward();
    options.phi_learning_rate = kReadOffStep;
    const auto order =
        golden.config().at("permutation").get<std::vector<int64_t>>();
    options.permutation = [order](int64_t number, int64_t batch) {
      EXPECT_EQ(number, 0);
      EXPECT_EQ(batch, static_cast<int64_t>(order.size()));
      return order;
    };
    step.emplace(*golden.net(), *theta, &golden.network(), phi.get(),
                 FindMethod(method).value(), options);
  }
  StepReport Run(const GoldenCase& golden) {
    const Patches validation = golden.Validation();
    auto report = step->Run(golden.Training(), &validation,
                            golden.config().at("beta").get<double>());
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? std::move(report).value() : StepReport();
  }

  std::unique_ptr<Optimizer> theta, phi;
  std::optional<BilevelStep> step;
};

void CheckPlain(GoldenCase& golden, RewardEngine engine) {
  MethodStep plain(golden, "plain", engine);
  plain.Run(golden);
  golden.Expect("plain/theta1", golden.theta().flat());
}

void CheckShuffled(GoldenCase& golden, RewardEngine engine) {
  MethodStep shuffled(golden, "shuffled", engine);
  const StepReport report = shuffled.Run(golden);
  golden.Expect("shuffled/weights_used", report.weights);
  golden.Expect("shuffled/theta1", golden.theta().flat());
  golden.Expect("shuffled/a", report.outer->products);
  golden.Expect("shuffled/grad_phi", PhiGradient(golden));
}

void CheckUniform(GoldenCase& golden, RewardEngine engine) {
  MethodStep uniform(golden, "uniform_phi_trained", engine);
  const StepReport report = uniform.Run(golden);
  golden.Expect("plain/theta1", golden.theta().flat());
  golden.Expect("uniform_phi_trained/a", report.outer->products);
  golden.Expect("uniform_phi_trained/grad_phi", PhiGradient(golden));
  // The network's own weights and what they would have bought.
  const at::Tensor a = golden.Want("uniform_phi_trained/a");
  const at::Tensor w = golden.Want("weights");
  const double rms = a.square().mean().sqrt().item<double>();
  EXPECT_NEAR(report.outer->own_normalised_gain.value(),
              (w.dot(a) - a.mean()).item<double>() / rms, 1e-9);
}

void CheckL2rw(GoldenCase& golden, RewardEngine engine) {
  MethodStep l2rw(golden, "l2rw", engine);
  const StepReport report = l2rw.Run(golden);
  golden.Expect("l2rw/a", report.outer->rewards);
  golden.Expect("l2rw/weights", report.weights);
  golden.Expect("l2rw/theta1", golden.theta().flat());
  EXPECT_FALSE(report.outer->phi_gradient_norm.has_value());
}

// The published script's one reward per batch, whose gradient vanishes.
void CheckReleased(GoldenCase& golden, RewardEngine engine) {
  const json& want = golden.values().at("released");
  MethodStep released(golden, "released", engine);
  released.step->outer_state().reward_baseline =
      want.at("baseline_before").get<double>();
  const StepReport report = released.Run(golden);
  golden.Expect("theta1", golden.theta().flat());
  const double reward = report.outer->products.mean().item<double>();
  EXPECT_NEAR(reward, want.at("reward").get<double>(),
              GoldenCase::kTolerance * std::abs(reward));
  const double baseline = released.step->outer_state().reward_baseline.value();
  EXPECT_NEAR(baseline, want.at("baseline_used").get<double>(), 1e-12);
  EXPECT_TRUE(report.outer->rewards.equal(
      at::full_like(report.weights, reward - baseline)));
  EXPECT_TRUE(report.outer->has_zero_phi_gradient);
  EXPECT_LE(report.outer->phi_gradient_norm.value(),
            kZeroTolerance * want.at("sum_of_term_norms").get<double>());
}

}  // namespace

void CheckControls(GoldenCase& golden) {
  for (const RewardEngine engine : kExactEngines) {
    SCOPED_TRACE(RewardEngineName(engine));
    CheckPlain(golden, engine);
    CheckShuffled(golden, engine);
    CheckUniform(golden, engine);
    CheckL2rw(golden, engine);
    CheckReleased(golden, engine);
  }
}

}  // namespace bild
