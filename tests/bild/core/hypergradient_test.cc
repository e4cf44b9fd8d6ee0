// The outer gradient is exact: one step's surrogate against autograd through a
// differentiable SGD update, for every net, both signs of the entropy term and
// every engine, in float64. And sum_i w_i a_i = <v, grad J_w>.

#include <cctype>
#include <cstdint>
#include <string>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/log_softmax.h"
#include "ATen/ops/mv.h"
#include "bild/patch_pass.h"
#include "bild/rewards.h"
#include "gtest/gtest.h"
#include "tests/bild/core/small_problem.h"
#include "tests/testing/random_tensor.h"
#include "torch/csrc/autograd/autograd.h"

namespace bild {
namespace {

constexpr double kTolerance = 1e-10;

constexpr RewardEngine kExactEngines[] = {
    RewardEngine::kInBackward, RewardEngine::kLayerwise, RewardEngine::kForward,
    RewardEngine::kPerSample};

struct Setting {
  PatchLoss loss = PatchLoss::kL1;
  LogitNorm norm = LogitNorm::kZscore;
  double beta = 0.1;  // Step size of theta.
};

// grad_phi [J_v(theta - beta grad J_w(theta; w(phi))) + omega_scale Omega(w)],
// Omega = -H(w) to maximise the entropy, H(w) for eq. 6j as it is printed.
at::Tensor Hypergradient(SmallProblem& problem, const Setting& setting,
                         EntropyTerm entropy, double omega_scale) {
  at::Tensor z = problem.network->Logits(problem.training.hazy_input,
                                         problem.training.clear01);
  if (setting.norm == LogitNorm::kZscore) {
    const at::Tensor centred = z - z.mean();
    z = centred /
        (centred.square().sum() / static_cast<double>(z.size(0) - 1)).sqrt();
  }
  const at::Tensor log_w = at::log_softmax(z, 0);
  const at::Tensor w = log_w.exp();
  ParameterSet& theta = problem.backbone->parameters();
  const at::Tensor inner =
      (w * LossesOf(*problem.backbone, problem.training, setting.loss)).sum();
  const std::vector<at::Tensor> gradients =
      torch::autograd::grad({inner}, theta.leaves(), {}, /*retain_graph=*/true,
                            /*create_graph=*/true);
  std::vector<at::Tensor> stepped = theta.leaves();
  for (size_t i = 0; i < stepped.size(); ++i) {
    stepped[i] = stepped[i] - gradients[i] * setting.beta;
  }
  at::Tensor outer;
  {
    const ValueScope after(theta, stepped);
    outer =
        LossesOf(*problem.backbone, problem.validation, setting.loss).mean();
  }
  const at::Tensor entropy_of_w = -(w * log_w).sum();
  const at::Tensor omega =
      entropy == EntropyTerm::kMaximize ? -entropy_of_w : entropy_of_w;
  return Flatten(torch::autograd::grad({outer + omega * omega_scale},
                                       problem.network->parameters().leaves()))
      .detach();
}

// beta grad_phi L of the method's own step at the same point; theta is put
// back. With unit_rms, times the rms that the products were divided by.
struct OwnGradient {
  at::Tensor phi;
  double rms = 1.0;
};
OwnGradient Own(SmallProblem& problem, const Setting& setting,
                const RewardOptions& reward, RewardEngine engine) {
  ParameterSet& theta = problem.backbone->parameters();
  const at::Tensor before = theta.flat().clone();
  auto own = EvaluateWeights(*problem.network, problem.training.hazy_input,
                             problem.training.clear01, setting.norm);
  EXPECT_TRUE(own.ok()) << own.status();
  const auto pass =
      RunPatchPass(*problem.backbone, problem.training, setting.loss, engine);
  const at::Tensor gradient = pass->WeightedGradient(own->weights);
  SetParameters(theta, before - gradient * setting.beta);
  const ValidationGradient v = DifferentiateValidation(
      *problem.backbone, problem.validation, setting.loss);
  const at::Tensor products = pass->Products(v.gradient);
  SetParameters(theta, before);

  // sum_i w_i a_i = <v, grad J_w(theta_{t-1})>.
  EXPECT_NEAR((own->weights * products).sum().item<double>(),
              v.gradient.dot(gradient).item<double>(),
              kTolerance * products.abs().max().item<double>());

  OwnGradient result;
  if (reward.scale == RewardScale::kUnitRms) {
    result.rms = products.square().mean().sqrt().item<double>();
  }
  const at::Tensor rewards = Rewards(products, own->log_weights, reward);
  result.phi =
      DifferentiateSurrogate(*problem.network, *own, rewards, setting.norm)
          .phi *
      (setting.beta * result.rms);
  return result;
}

class HypergradientTest : public testing::TestWithParam<std::string> {};

TEST_P(HypergradientTest, EqualsAutogradThroughTheUpdate) {
  SeedEngine engine = TestEngine(1);
  for (int64_t trial = 0; trial < 6; ++trial) {
    SmallProblemOptions options;
    options.net = GetParam();
    options.batch = Choose(engine, {3, 4, 6});
    options.validation_batch = Choose(engine, {1, 2, 5});
    options.crop_px = Choose(engine, {4, 7, 10});
    SmallProblem problem = MakeSmallProblem(engine, options);
    Setting setting;
    setting.loss = trial % 2 == 0 ? PatchLoss::kL1 : PatchLoss::kMse;
    setting.norm = trial % 3 == 0 ? LogitNorm::kNone : LogitNorm::kZscore;
    setting.beta = trial < 3 ? 0.02 : 0.3;
    SCOPED_TRACE(testing::Message()
                 << "B " << options.batch << " M " << options.validation_batch
                 << " crop " << options.crop_px << " trial " << trial);
    for (const EntropyTerm entropy :
         {EntropyTerm::kMaximize, EntropyTerm::kLiteral6j}) {
      for (const double alpha : {0.0, 0.05}) {
        for (const RewardScale scale :
             {RewardScale::kNone, RewardScale::kUnitRms}) {
          const RewardEngine way = kExactEngines[engine.UniformInt(4)];
          const OwnGradient own =
              Own(problem, setting, {alpha, entropy, scale}, way);
          const at::Tensor wanted = Hypergradient(
              problem, setting, entropy, alpha * setting.beta * own.rms);
          EXPECT_LE(RelativeError(own.phi, wanted), kTolerance)
              << "alpha " << alpha << " sign " << static_cast<int>(entropy)
              << " scale " << static_cast<int>(scale) << " engine "
              << RewardEngineName(way);
        }
      }
    }
  }
}

// The two signs differ, or the test above could not tell them apart.
TEST_P(HypergradientTest, TheSignsOfTheEntropyTermDiffer) {
  SeedEngine engine = TestEngine(2);
  SmallProblemOptions options;
  options.net = GetParam();
  SmallProblem problem = MakeSmallProblem(engine, options);
  const Setting setting;
  const at::Tensor maximize =
      Hypergradient(problem, setting, EntropyTerm::kMaximize, 0.01);
  const at::Tensor literal =
      Hypergradient(problem, setting, EntropyTerm::kLiteral6j, 0.01);
  EXPECT_GT(RelativeError(maximize, literal), 1e-3);
}

// "ffa[dim=16,blocks=1]" without what a test's name cannot hold.
std::string LettersAndDigits(const std::string& text) {
  std::string name;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) name += c;
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Nets, HypergradientTest,
                         testing::ValuesIn(SmallNets()), [](const auto& row) {
                           return LettersAndDigits(row.param);
                         });

}  // namespace
}  // namespace bild
