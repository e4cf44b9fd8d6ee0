#include <cstdint>
#include <string>
#include <vector>

#include "ATen/TensorOperators.h"
#include "bild/bilevel_step.h"
#include "bild/methods.h"
#include "c10/core/GradMode.h"
#include "gtest/gtest.h"
#include "tests/bild/golden_checks.h"
#include "tests/testing/formula_fill.h"

namespace bild {
namespace {

using nlohmann::json;

constexpr RewardEngine kExactEngines[] = {
    RewardEngine::kInBackward, RewardEngine::kLayerwise, RewardEngine::kForward,
    RewardEngine::kPerSample};

double MaxAbs(const at::Tensor& t) { return t.abs().max().item<double>(); }

void CheckNames(const ParameterSet& parameters, const json& rows) {
  ASSERT_EQ(parameters.list().size(), rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(parameters.list()[i]->name, rows[i].at("name"));
    EXPECT_EQ(parameters.list()[i]->offset, rows[i].at("offset"));
  }
}

void CheckFill(GoldenCase& golden) {
  const std::string name = golden.config().at("backbone").get<std::string>();
  const json& backbone = golden.file().json.at("backbones").at(name);
  FormulaFill fill;
  fill.gain = backbone.at("fill_gain").get<double>();
  for (const auto& [parameter, value] : backbone.at("fill_bias_add").items()) {
    fill.bias_add[parameter] = value.get<double>();
  }
  EXPECT_TRUE(FilledVector(golden.theta(), fill)
                  .equal(golden.file().tensors.at(name + "/theta0")));
  CheckNames(golden.theta(), backbone.at("params"));
  fill = FormulaFill();
  fill.gain = golden.file().json.at("phi").at("fill_gain").get<double>();
  const ParameterSet& phi = golden.network().parameters();
  EXPECT_TRUE(FilledVector(phi, fill).equal(golden.phi0()));
  CheckNames(phi, golden.file().json.at("phi").at("params"));
}

void CheckWeightsAndLosses(GoldenCase& golden) {
  golden.Reset();
  const NetworkWeights own = golden.Weights();
  golden.Expect("logits", own.logits.detach());
  golden.Expect("weights", own.weights);
  const at::NoGradGuard no_grad;
  const Patches training = golden.Training();
  const at::Tensor restored = golden.net()->Forward(training.hazy_input);
  const at::Tensor l1 = PatchLosses(restored, training.clear01, PatchLoss::kL1);
  const at::Tensor mse =
      PatchLosses(restored, training.clear01, PatchLoss::kMse);
  golden.Expect("loss_l1", l1);
  golden.Expect("loss_mse", mse);
  const WeightSummary summary = SummariseWeights(
      own.weights, golden.Options().loss == PatchLoss::kL1 ? l1 : mse);
  golden.ExpectValue("entropy", summary.entropy);
  golden.ExpectValue("effective_batch", summary.effective_batch);
  golden.ExpectValue("weight_loss_correlation",
                     summary.weight_loss_correlation.value());
}

// The whole iteration as the trainer runs it.
absl::StatusOr<StepReport> RunBild(GoldenCase& golden, RewardEngine engine,
                                   Optimizer& phi, double phi_rate) {
  golden.Reset();
  BilevelOptions options = golden.Options();
  options.engine = engine;
  options.reward = golden.PhiStepReward();
  options.phi_learning_rate = phi_rate;
  const auto theta = GoldenOptimizer("sgd");
  BilevelStep step(*golden.net(), *theta, &golden.network(), &phi,
                   FindMethod("bild").value(), options);
  const Patches validation = golden.Validation();
  return step.Run(golden.Training(), &validation,
                  golden.config().at("beta").get<double>());
}

void CheckStep(GoldenCase& golden, RewardEngine engine) {
  const json& config = golden.config();
  for (const std::string optimizer : {"sgd", "adam"}) {
    SCOPED_TRACE(optimizer);
    const auto phi =
        GoldenOptimizer(optimizer, config.at("phi_adam_eps").get<double>());
    const std::string rate = optimizer == "sgd" ? "phi_sgd_lr" : "phi_adam_lr";
    const auto report =
        RunBild(golden, engine, *phi, config.at(rate).get<double>());
    ASSERT_TRUE(report.ok()) << report.status();
    ASSERT_TRUE(report->outer.has_value());
    golden.Expect("theta1", golden.theta().flat());
    golden.Expect("weights", report->weights);
    golden.Expect("a", report->outer->products);
    golden.Expect(optimizer == "sgd" ? "phi1_sgd" : "phi1_adam",
                  golden.network().parameters().flat());
    golden.ExpectValue("J_w", report->training_objective);
    golden.ExpectValue("J_v", report->outer->validation_objective);
    EXPECT_FALSE(report->outer->has_zero_phi_gradient);
  }
  // v itself, at theta_1.
  const PatchLoss loss = golden.Options().loss;
  const Patches validation = golden.Validation();
  const ValidationGradient v =
      DifferentiateValidation(*golden.net(), validation, loss);
  golden.Expect("v", v.gradient);
  // sum_i w_i a_i = <v, grad J_w(theta_0)>.
  const at::Tensor w = golden.Want("weights");
  golden.Reset();
  const Patches training = golden.Training();
  const auto pass = RunPatchPass(*golden.net(), training, loss, engine);
  const at::Tensor weighted = w * golden.Want("a");
  EXPECT_NEAR(weighted.sum().item<double>(),
              v.gradient.dot(pass->WeightedGradient(w)).item<double>(),
              GoldenCase::kTolerance * MaxAbs(weighted));
}

void CheckFiniteDifference(GoldenCase& golden) {
  const auto phi = GoldenOptimizer("sgd");
  const auto report =
      RunBild(golden, RewardEngine::kFiniteDifference, *phi, 0.0);
  ASSERT_TRUE(report.ok()) << report.status();
  golden.Expect("a_finite_difference", report->outer->products);
  golden.ExpectValue("finite_difference_eps",
                     0.01 / golden.Want("v").norm().item<double>());
}

void CheckRewardTable(GoldenCase& golden) {
  golden.Reset();
  const json& file = golden.file().json;
  const auto entropies = file.at("entropy").get<std::vector<std::string>>();
  const auto scales = file.at("reward_scale").get<std::vector<std::string>>();
  const auto alphas = golden.config().at("alphas").get<std::vector<double>>();
  const at::Tensor a = golden.Want("a");
  const at::Tensor want_rewards = golden.Want("R");
  const at::Tensor want_phi = golden.Want("grad_phi");
  for (size_t e = 0; e < entropies.size(); ++e) {
    for (size_t s = 0; s < scales.size(); ++s) {
      for (size_t k = 0; k < alphas.size(); ++k) {
        const std::string where =
            entropies[e] + " " + scales[s] + " " + std::to_string(alphas[k]);
        const auto ei = static_cast<int64_t>(e);
        const auto si = static_cast<int64_t>(s);
        const auto ki = static_cast<int64_t>(k);
        const NetworkWeights own = golden.Weights();
        const at::Tensor rewards =
            Rewards(a, own.log_weights,
                    {alphas[k], ParseEntropyTerm(entropies[e]).value(),
                     ParseRewardScale(scales[s]).value()});
        golden.Expect("R " + where, rewards, want_rewards[ei][si][ki]);
        const SurrogateGradient gradient = DifferentiateSurrogate(
            golden.network(), own, rewards, golden.Options().logit_norm);
        golden.Expect("grad_phi " + where, gradient.phi, want_phi[ei][si][ki]);
        if (e == 0 && s == 0 && k == 1) {
          golden.Expect("grad_softmax_input", gradient.softmax_input);
        }
        if (e == 0 && s == 0 && k == 0) {
          // eq. 6h: beta times it is the gradient of J_v(theta_1(phi)).
          golden.Expect(
              "hypergradient",
              gradient.phi * golden.config().at("beta").get<double>());
        }
      }
    }
  }
}

}  // namespace

void CheckOneStep(GoldenCase& golden) {
  CheckFill(golden);
  CheckWeightsAndLosses(golden);
  for (const RewardEngine engine : kExactEngines) {
    SCOPED_TRACE(RewardEngineName(engine));
    CheckStep(golden, engine);
  }
  CheckFiniteDifference(golden);
  CheckRewardTable(golden);
}

}  // namespace bild
