// Every vector in tests/golden/bild (or BILD_GOLDEN_DIR): one BILD iteration,
// number by number, and the reweighting network, against an independent
// implementation in float64.
//
// What belongs to parts of the method that the suite does not offer (horizons,
// Adam preconditioners, further controls) is listed below by name, printed as
// skipped, and everything else must be known.

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/arange.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/full_like.h"
#include "ATen/ops/log_softmax.h"
#include "ATen/ops/sin.h"
#include "ATen/ops/zeros.h"
#include "backbones/catalog.h"
#include "bild/bilevel_step.h"
#include "bild/methods.h"
#include "bild/optimizer.h"
#include "bild/patch_pass.h"
#include "bild/rewards.h"
#include "c10/core/GradMode.h"
#include "gtest/gtest.h"
#include "tests/testing/conv2_net.h"
#include "tests/testing/formula_fill.h"
#include "tests/testing/golden_files.h"

namespace bild {
namespace {

using nlohmann::json;

// Relative to the largest element of a tensor; independent float64 libraries
// agree to about 1e-14.
constexpr double kTolerance = 1e-9;
// A scalar reward's gradient against the size of its terms.
constexpr double kZeroTolerance = 1e-12;

// Tensor names under "<case>/" that start like this belong to what the suite
// does not offer.
const std::vector<std::string>& NotOffered() {
  static const auto* prefixes = new std::vector<std::string>{
      "a_finite_difference",  "adam_", "l2rw/", "shuffled/",
      "uniform_phi_trained/", "window"};
  return *prefixes;
}

bool IsOffered(const std::string& name) {
  for (const std::string& prefix : NotOffered()) {
    if (name.rfind(prefix, 0) == 0) return false;
  }
  return true;
}

double MaxAbs(const at::Tensor& t) { return t.abs().max().item<double>(); }

std::unique_ptr<Backbone> MakeNet(const std::string& spec) {
  if (spec == "conv2") {
    auto net = std::make_unique<Conv2Net>();
    net->parameters().Materialise(at::kDouble);
    return net;
  }
  auto made = MakeBackbone(spec, at::kDouble);
  EXPECT_TRUE(made.ok()) << made.status();
  return made.ok() ? std::move(made).value() : nullptr;
}

void SetFlat(ParameterSet& parameters, const at::Tensor& values) {
  const at::NoGradGuard no_grad;
  at::Tensor flat = parameters.flat();
  flat.copy_(values);
}

// One case of a bild_step file.
class StepCase {
 public:
  StepCase(const GoldenFile& file, const std::string& name)
      : file_(file),
        name_(name),
        config_(file.json.at("cases").at(name).at("config")),
        values_(file.json.at("cases").at(name).at("values")) {
    for (const auto& [tensor, value] : file.tensors) {
      if (tensor.rfind(name + "/", 0) == 0) {
        unread_[tensor.substr(name.size() + 1)] = value;
      }
    }
  }

  void Run() {
    ReadConfig();
    CheckFill();
    CheckWeightsAndLosses();
    for (const RewardEngine engine :
         {RewardEngine::kInBackward, RewardEngine::kLayerwise,
          RewardEngine::kForward}) {
      SCOPED_TRACE(RewardEngineName(engine));
      CheckStep(engine);
    }
    CheckRewardTable();
    CheckScalarReward();
    CheckPlain();
    int64_t skipped = 0;
    for (const auto& [tensor, value] : unread_) {
      if (read_.count(tensor) > 0) continue;
      EXPECT_FALSE(IsOffered(tensor)) << "tensor '" << tensor << "' unchecked";
      ++skipped;
    }
    std::printf("SKIPPED %s/%s: %lld tensors of windows, Adam and controls\n",
                file_.name.c_str(), name_.c_str(),
                static_cast<long long>(skipped));
  }

 private:
  at::Tensor Want(const std::string& tensor) {
    const auto found = unread_.find(tensor);
    if (found == unread_.end()) {
      ADD_FAILURE() << "the file has no tensor '" << name_ << '/' << tensor
                    << "'";
      return at::zeros({1}, at::kDouble);
    }
    read_[tensor] = true;
    return found->second;
  }

  void Expect(const std::string& what, const at::Tensor& got,
              const at::Tensor& want) {
    ASSERT_EQ(got.sizes(), want.sizes()) << what;
    const double largest = MaxAbs(want);
    EXPECT_LE(MaxAbs(got - want), kTolerance * largest) << what;
  }
  void Expect(const std::string& tensor, const at::Tensor& got) {
    Expect(tensor, got, Want(tensor));
  }
  void ExpectValue(const std::string& value, double got) {
    const double want = values_.at(value).get<double>();
    EXPECT_NEAR(got, want, kTolerance * std::abs(want)) << value;
  }

  void ReadConfig() {
    const std::string backbone = config_.at("backbone").get<std::string>();
    net_ = MakeNet(
        file_.json.at("backbones").at(backbone).at("net").get<std::string>());
    ASSERT_NE(net_, nullptr);
    theta0_ = file_.tensors.at(backbone + "/theta0");
    const json& settings = file_.json.at("settings");
    ReweightingNetworkOptions network;
    network.channels = settings.at("phi_channels").get<std::vector<int64_t>>();
    network.hidden = settings.at("phi_hidden").get<int64_t>();
    network_ = std::make_unique<ReweightingNetwork>(network, at::kDouble);
    phi0_ = file_.tensors.at("phi0");
    options_.loss =
        ParsePatchLoss(config_.at("loss").get<std::string>()).value();
    options_.logit_norm =
        ParseLogitNorm(config_.at("logit_norm").get<std::string>()).value();
    beta_ = config_.at("beta").get<double>();
    training_ = {file_.tensors.at("x")[0], file_.tensors.at("y")[0]};
    validation_ = {file_.tensors.at("xv"), file_.tensors.at("yv")};
  }

  void Reset() {
    SetFlat(net_->parameters(), theta0_);
    SetFlat(network_->parameters(), phi0_);
  }

  void CheckFill() {
    const json& backbone = file_.json.at("backbones")
                               .at(config_.at("backbone").get<std::string>());
    FormulaFill fill;
    fill.gain = backbone.at("fill_gain").get<double>();
    for (const auto& [name, value] : backbone.at("fill_bias_add").items()) {
      fill.bias_add[name] = value.get<double>();
    }
    EXPECT_TRUE(FilledVector(net_->parameters(), fill).equal(theta0_));
    CheckNames(net_->parameters(), backbone.at("params"));
    fill = FormulaFill();
    fill.gain = file_.json.at("phi").at("fill_gain").get<double>();
    EXPECT_TRUE(FilledVector(network_->parameters(), fill).equal(phi0_));
    CheckNames(network_->parameters(), file_.json.at("phi").at("params"));
  }

  static void CheckNames(const ParameterSet& parameters, const json& rows) {
    ASSERT_EQ(parameters.list().size(), rows.size());
    for (size_t i = 0; i < rows.size(); ++i) {
      EXPECT_EQ(parameters.list()[i]->name, rows[i].at("name"));
      EXPECT_EQ(parameters.list()[i]->offset, rows[i].at("offset"));
    }
  }

  NetworkWeights Weights() {
    auto evaluated = EvaluateWeights(*network_, training_.hazy_input,
                                     training_.clear01, options_.logit_norm);
    EXPECT_TRUE(evaluated.ok()) << evaluated.status();
    return std::move(evaluated).value();
  }

  void CheckWeightsAndLosses() {
    Reset();
    const NetworkWeights own = Weights();
    Expect("logits", own.logits.detach());
    Expect("weights", own.weights);
    const at::NoGradGuard no_grad;
    const at::Tensor restored = net_->Forward(training_.hazy_input);
    const at::Tensor l1 =
        PatchLosses(restored, training_.clear01, PatchLoss::kL1);
    const at::Tensor mse =
        PatchLosses(restored, training_.clear01, PatchLoss::kMse);
    Expect("loss_l1", l1);
    Expect("loss_mse", mse);
    const WeightSummary summary = SummariseWeights(
        own.weights, options_.loss == PatchLoss::kL1 ? l1 : mse);
    ExpectValue("entropy", summary.entropy);
    ExpectValue("effective_batch", summary.effective_batch);
    ExpectValue("weight_loss_correlation",
                summary.weight_loss_correlation.value());
  }

  // The whole iteration as the trainer runs it, with either optimiser of phi.
  void CheckStep(RewardEngine engine) {
    const json& setting = config_.at("phi_step");
    BilevelOptions options = options_;
    options.engine = engine;
    options.reward.entropy =
        ParseEntropyTerm(setting[0].get<std::string>()).value();
    options.reward.scale =
        ParseRewardScale(setting[1].get<std::string>()).value();
    options.reward.alpha = setting[2].get<double>();
    for (const std::string optimizer : {"sgd", "adam"}) {
      SCOPED_TRACE(optimizer);
      Reset();
      OptimizerOptions theta_options;
      theta_options.name = "sgd";
      OptimizerOptions phi_options;
      phi_options.name = optimizer;
      phi_options.epsilon = config_.at("phi_adam_eps").get<double>();
      options.phi_learning_rate =
          config_.at(optimizer == "sgd" ? "phi_sgd_lr" : "phi_adam_lr")
              .get<double>();
      auto theta_optimizer = MakeOptimizer(theta_options).value();
      auto phi_optimizer = MakeOptimizer(phi_options).value();
      BilevelStep step(*net_, *theta_optimizer, network_.get(),
                       phi_optimizer.get(), FindMethod("bild").value(),
                       options);
      const auto report = step.Run(training_, &validation_, beta_);
      ASSERT_TRUE(report.ok()) << report.status();
      ASSERT_TRUE(report->outer.has_value());
      Expect("theta1", net_->parameters().flat());
      Expect("weights", report->weights);
      Expect("a", report->outer->products);
      Expect(optimizer == "sgd" ? "phi1_sgd" : "phi1_adam",
             network_->parameters().flat());
      ExpectValue("J_w", report->training_objective);
      ExpectValue("J_v", report->outer->validation_objective);
      EXPECT_FALSE(report->outer->has_zero_phi_gradient);
    }
    // v itself, at theta_1.
    const ValidationGradient v =
        DifferentiateValidation(*net_, validation_, options.loss, engine);
    Expect("v", v.gradient);
    // sum_i w_i a_i = <v, grad J_w(theta_0)>, and the agreement's two halves.
    const at::Tensor w = Want("weights");
    SetFlat(net_->parameters(), theta0_);
    auto pass = RunPatchPass(*net_, training_, options.loss, engine);
    const at::Tensor gradient = pass->WeightedGradient(w);
    EXPECT_NEAR((w * Want("a")).sum().item<double>(),
                v.gradient.dot(gradient).item<double>(),
                kTolerance * MaxAbs(w * Want("a")));
  }

  void CheckRewardTable() {
    Reset();
    const auto entropies =
        file_.json.at("entropy").get<std::vector<std::string>>();
    const auto scales =
        file_.json.at("reward_scale").get<std::vector<std::string>>();
    const auto alphas = config_.at("alphas").get<std::vector<double>>();
    const at::Tensor a = Want("a");
    const at::Tensor want_rewards = Want("R");
    const at::Tensor want_phi = Want("grad_phi");
    for (size_t e = 0; e < entropies.size(); ++e) {
      for (size_t s = 0; s < scales.size(); ++s) {
        for (size_t k = 0; k < alphas.size(); ++k) {
          const std::string where =
              entropies[e] + " " + scales[s] + " " + std::to_string(alphas[k]);
          const auto ei = static_cast<int64_t>(e);
          const auto si = static_cast<int64_t>(s);
          const auto ki = static_cast<int64_t>(k);
          const NetworkWeights own = Weights();
          const at::Tensor rewards =
              Rewards(a, own.log_weights,
                      {alphas[k], ParseEntropyTerm(entropies[e]).value(),
                       ParseRewardScale(scales[s]).value()});
          Expect("R " + where, rewards, want_rewards[ei][si][ki]);
          const SurrogateGradient gradient = DifferentiateSurrogate(
              *network_, own, rewards, options_.logit_norm);
          Expect("grad_phi " + where, gradient.phi, want_phi[ei][si][ki]);
          if (e == 0 && s == 0 && k == 1) {
            Expect("grad_softmax_input", gradient.softmax_input);
          }
          if (e == 0 && s == 0 && k == 0) {
            // eq. 6h: beta times it is the gradient of J_v(theta_1(phi)).
            Expect("hypergradient", gradient.phi * beta_);
          }
        }
      }
    }
  }

  // The released code's single reward per batch, whose gradient vanishes.
  void CheckScalarReward() {
    Reset();
    const json& released = values_.at("released");
    const at::Tensor a = Want("a");
    const double reward = a.mean().item<double>();
    EXPECT_NEAR(reward, released.at("reward").get<double>(),
                kTolerance * std::abs(reward));
    const double before = released.at("baseline_before").get<double>();
    const double baseline = before - 0.05 * (before - reward);
    EXPECT_NEAR(baseline, released.at("baseline_used").get<double>(), 1e-12);
    const NetworkWeights own = Weights();
    const SurrogateGradient gradient = DifferentiateSurrogate(
        *network_, own, at::full_like(a, reward - baseline),
        options_.logit_norm);
    EXPECT_TRUE(gradient.is_zero);
    EXPECT_LE(gradient.phi_norm / static_cast<double>(a.size(0)),
              kZeroTolerance * released.at("sum_of_term_norms").get<double>());
  }

  void CheckPlain() {
    Reset();
    OptimizerOptions options;
    options.name = "sgd";
    auto optimizer = MakeOptimizer(options).value();
    BilevelStep step(*net_, *optimizer, nullptr, nullptr,
                     FindMethod("plain").value(), options_);
    const auto report = step.Run(training_, nullptr, beta_);
    ASSERT_TRUE(report.ok()) << report.status();
    Expect("plain/theta1", net_->parameters().flat());
  }

  const GoldenFile& file_;
  const std::string name_;
  const json& config_;
  const json& values_;
  std::map<std::string, at::Tensor> unread_;
  std::map<std::string, bool> read_;
  std::unique_ptr<Backbone> net_;
  std::unique_ptr<ReweightingNetwork> network_;
  at::Tensor theta0_, phi0_;
  BilevelOptions options_;
  double beta_ = 0.0;
  Patches training_, validation_;
};

// The network of the authors' public code with the formula's weights.
void CheckReweighting(const GoldenFile& file) {
  ReweightingNetwork network(ReweightingNetworkOptions(), at::kDouble);
  FormulaFill fill;
  fill.rule =
      file.json.at("fill_rule") == "sin" ? FillRule::kSine : FillRule::kHash;
  FillParameters(network.parameters(), fill);
  EXPECT_EQ(network.parameters().size(), file.json.at("param_count"));
  const json& rows = file.json.at("params");
  ASSERT_EQ(network.parameters().list().size(), rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(network.parameters().list()[i]->name, rows[i].at("name"));
    EXPECT_EQ(network.parameters().list()[i]->shape,
              rows[i].at("shape").get<std::vector<int64_t>>());
  }
  const at::Tensor input = file.tensors.at("input").to(at::kDouble);
  const at::Tensor hazy = input.narrow(1, 0, 3);
  const at::Tensor clear = input.narrow(1, 3, 3);
  const auto own = EvaluateWeights(network, hazy, clear, LogitNorm::kZscore);
  ASSERT_TRUE(own.ok()) << own.status();
  const auto logits = file.json.at("logits").get<std::vector<double>>();
  const auto weights = file.json.at("weights").get<std::vector<double>>();
  for (size_t i = 0; i < logits.size(); ++i) {
    const auto index = static_cast<int64_t>(i);
    EXPECT_NEAR(own->logits[index].item<double>(), logits[i], kTolerance);
    EXPECT_NEAR(own->weights[index].item<double>(), weights[i], kTolerance);
  }
  // d log w_i along u, by forward mode through network and z-score.
  FormulaFill direction = fill;
  direction.phase_shift = 1.0;
  direction.number_shift = 100000;
  const at::NoGradGuard no_grad;
  const TangentScope tangent(network.parameters(),
                             FilledVector(network.parameters(), direction));
  const at::Tensor z =
      NormaliseLogits(network.Logits(hazy, clear), LogitNorm::kZscore).value();
  const at::Tensor moved = tangent.TangentOf(at::log_softmax(z, 0));
  const auto want = file.json.at("jvp_log_weights").get<std::vector<double>>();
  for (size_t i = 0; i < want.size(); ++i) {
    EXPECT_NEAR(moved[static_cast<int64_t>(i)].item<double>(), want[i],
                kTolerance * std::abs(want[i]));
  }
}

TEST(StepGoldenTest, EveryVector) {
  const std::string folder = GoldenFolder("bild");
  const auto files = ReadGoldenFolder(folder);
  ASSERT_TRUE(files.ok()) << files.status();
  for (const GoldenFile& file : *files) {
    std::printf("vector %s\n", file.name.c_str());
    SCOPED_TRACE(file.name);
    if (file.json.contains("cases") && file.json.contains("phi")) {
      for (const auto& [name, unused] : file.json.at("cases").items()) {
        SCOPED_TRACE(name);
        StepCase(file, name).Run();
      }
    } else if (file.json.contains("jvp_log_weights")) {
      CheckReweighting(file);
    } else if (BelongsToAnotherSuite(file, "bild")) {
      std::printf("SKIPPED %s: a vector of another suite\n", file.name.c_str());
    } else {
      ADD_FAILURE() << "file of no known kind in '" << folder << "'";
    }
  }
}

}  // namespace
}  // namespace bild
