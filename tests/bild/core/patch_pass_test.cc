// The reward engines against one backward pass per patch, over random nets and
// shapes, and what they leave behind.

#include "bild/patch_pass.h"

#include <cstdint>
#include <string>

#include "ATen/TensorOperators.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/mv.h"
#include "c10/core/GradMode.h"
#include "gtest/gtest.h"
#include "tests/bild/core/small_problem.h"
#include "tests/testing/random_tensor.h"

namespace bild {
namespace {

constexpr double kTolerance = 1e-11;

constexpr RewardEngine kEngines[] = {RewardEngine::kInBackward,
                                     RewardEngine::kLayerwise,
                                     RewardEngine::kForward};

SmallProblem RandomProblem(SeedEngine& engine, const std::string& net,
                           at::ScalarType dtype = at::kDouble) {
  SmallProblemOptions options;
  options.net = net;
  options.batch = Choose(engine, {1, 2, 5});
  options.validation_batch = Choose(engine, {2, 3, 5});
  options.crop_px = Choose(engine, {1, 5, 8});
  options.dtype = dtype;
  return MakeSmallProblem(engine, options);
}

TEST(PatchPass, EnginesAgreeWithPerSampleBackward) {
  SeedEngine engine = TestEngine(1);
  for (const std::string& net : SmallNets()) {
    for (int64_t trial = 0; trial < 4; ++trial) {
      SmallProblem problem = RandomProblem(engine, net);
      ParameterSet& theta = problem.backbone->parameters();
      const PatchLoss losses_tried[] = {PatchLoss::kL1, PatchLoss::kMse,
                                        PatchLoss::kSmoothL1};
      const PatchLoss loss = losses_tried[trial % 3];
      const at::Tensor truth =
          PerSampleGradients(*problem.backbone, problem.training, loss);
      const at::Tensor weights = NormalTensor(engine, {truth.size(0)});
      const at::Tensor v = NormalTensor(engine, {theta.size()});
      at::Tensor losses;
      {
        const at::NoGradGuard no_grad;
        losses = PatchLosses(
            problem.backbone->OutputToUnit(
                problem.backbone->Forward(problem.training.hazy_input)),
            problem.training.clear01, loss);
      }
      const at::Tensor before = theta.flat().clone();
      for (const RewardEngine way : kEngines) {
        SCOPED_TRACE(net + " " + RewardEngineName(way));
        const auto pass =
            RunPatchPass(*problem.backbone, problem.training, loss, way);
        EXPECT_FALSE(pass->losses().requires_grad());
        EXPECT_LE(RelativeError(pass->losses(), losses), kTolerance);
        EXPECT_LE(RelativeError(pass->WeightedGradient(weights),
                                at::mv(truth.t(), weights)),
                  kTolerance);
        // The parameters have moved when v is known: the products are still
        // those of before, and reading them moves nothing.
        SetParameters(theta, before * 1.5 + 0.1);
        const at::Tensor moved = theta.flat().clone();
        EXPECT_LE(RelativeError(pass->Products(v), at::mv(truth, v)),
                  kTolerance);
        EXPECT_TRUE(theta.flat().equal(moved));
        EXPECT_EQ(problem.backbone->layers().tape(), nullptr);
        for (const at::Tensor& leaf : theta.leaves()) {
          EXPECT_TRUE(leaf.requires_grad());
          EXPECT_FALSE(leaf.grad().defined());
        }
        SetParameters(theta, before);
      }
    }
  }
}

TEST(PatchPass, EnginesAgreeInFloat32) {
  SeedEngine engine = TestEngine(2);
  for (const std::string& net : SmallNets()) {
    SmallProblem problem = RandomProblem(engine, net, at::kFloat);
    const at::Tensor truth = PerSampleGradients(
        *problem.backbone, problem.training, PatchLoss::kMse);
    const at::Tensor v = NormalTensor(engine, {truth.size(1)}).to(at::kFloat);
    for (const RewardEngine way : kEngines) {
      const auto pass = RunPatchPass(*problem.backbone, problem.training,
                                     PatchLoss::kMse, way);
      // Against the size of the factors: the products themselves may cancel.
      const double size =
          v.norm().item<double>() * truth.norm(2, 1).max().item<double>();
      EXPECT_LE(
          (pass->Products(v) - at::mv(truth, v)).abs().max().item<double>(),
          1e-6 * size)
          << net << " " << RewardEngineName(way);
    }
  }
}

// Both directions through the statistics of the batch: <v, sum_i w_i g_i> is
// sum_i w_i <v, g_i>. The net has a parameter that nothing uses.
TEST(PatchPass, NetsThatMixPatches) {
  SeedEngine engine = TestEngine(7);
  SmallProblemOptions options;
  options.net = "aodnet[ddu=8,ddu_grid=64,ddu_width=1]";
  options.batch = 3;
  options.crop_px = 9;
  SmallProblem problem = MakeSmallProblem(engine, options);
  Backbone& net = *problem.backbone;
  const at::Tensor weights = NormalTensor(engine, {3});
  const at::Tensor v = NormalTensor(engine, {net.parameters().size()});
  const at::Tensor buffers = net.layers().buffers().flat().clone();
  const auto pass = RunPatchPass(net, problem.training, PatchLoss::kMse,
                                 RewardEngine::kForward);
  EXPECT_FALSE(net.layers().buffers().flat().equal(buffers));
  const at::Tensor moved = net.layers().buffers().flat().clone();
  const at::Tensor gradient = pass->WeightedGradient(weights);
  EXPECT_LE(
      RelativeError((pass->Products(v) * weights).sum(), (gradient * v).sum()),
      kTolerance);
  EXPECT_TRUE(net.layers().buffers().flat().equal(moved));
  for (const auto& parameter : net.parameters().list()) {
    if (parameter->name != "smooth.weight") continue;
    EXPECT_EQ(gradient[parameter->offset].item<double>(), 0.0);
  }
}

TEST(PatchPass, PlainForwardIsPlainAgainAfterAnException) {
  SeedEngine engine = TestEngine(3);
  SmallProblem problem = RandomProblem(engine, "conv2");
  const at::Tensor before = problem.backbone->parameters().flat().clone();
  Patches wrong = problem.training;
  wrong.clear01 = wrong.clear01.narrow(1, 0, 2);
  for (const RewardEngine way : kEngines) {
    EXPECT_ANY_THROW(
        RunPatchPass(*problem.backbone, wrong, PatchLoss::kL1, way));
    EXPECT_EQ(problem.backbone->layers().tape(), nullptr);
    const auto pass =
        RunPatchPass(*problem.backbone, problem.training, PatchLoss::kL1, way);
    EXPECT_ANY_THROW(pass->Products(before.narrow(0, 0, 3)));
    EXPECT_TRUE(problem.backbone->parameters().flat().equal(before));
    EXPECT_EQ(pass->Products(before).numel(), pass->losses().numel());
  }
}

TEST(DifferentiateValidation, EqualsTheMeanGradientAndTheCosineOfTheHalves) {
  SeedEngine engine = TestEngine(4);
  for (const std::string& net : SmallNets()) {
    SmallProblem problem = RandomProblem(engine, net);
    const at::Tensor truth = PerSampleGradients(
        *problem.backbone, problem.validation, PatchLoss::kL1);
    const int64_t count = truth.size(0);
    const at::Tensor first = truth.narrow(0, 0, count / 2).mean(0);
    const at::Tensor rest =
        truth.narrow(0, count / 2, count - count / 2).mean(0);
    const double cosine =
        first.dot(rest).item<double>() /
        (first.norm().item<double>() * rest.norm().item<double>());
    for (const RewardEngine way : kEngines) {
      SCOPED_TRACE(net + " " + RewardEngineName(way));
      const ValidationGradient v = DifferentiateValidation(
          *problem.backbone, problem.validation, PatchLoss::kL1, way);
      EXPECT_LE(RelativeError(v.gradient, truth.mean(0)), kTolerance);
      const auto pass = RunPatchPass(*problem.backbone, problem.validation,
                                     PatchLoss::kL1, way);
      EXPECT_NEAR(v.objective, pass->losses().mean().item<double>(), 1e-14);
      if (way == RewardEngine::kForward) {
        EXPECT_FALSE(v.agreement.has_value());
      } else {
        ASSERT_TRUE(v.agreement.has_value());
        EXPECT_NEAR(*v.agreement, cosine, kTolerance);
      }
    }
  }
}

TEST(DifferentiateValidation, AgreementWhereThereIsNone) {
  SeedEngine engine = TestEngine(5);
  SmallProblemOptions options;
  options.validation_batch = 1;
  SmallProblem problem = MakeSmallProblem(engine, options);
  const ValidationGradient one =
      DifferentiateValidation(*problem.backbone, problem.validation,
                              PatchLoss::kMse, RewardEngine::kInBackward);
  EXPECT_FALSE(one.agreement.has_value());
  EXPECT_GT(one.gradient.norm().item<double>(), 0.0);

  // Twice the same patch agrees with itself; a patch that is right already has
  // no direction to agree on.
  Patches twice = {
      at::cat({problem.validation.hazy_input, problem.validation.hazy_input}),
      at::cat({problem.validation.clear01, problem.validation.clear01})};
  EXPECT_NEAR(DifferentiateValidation(*problem.backbone, twice, PatchLoss::kMse,
                                      RewardEngine::kInBackward)
                  .agreement.value(),
              1.0, 1e-12);
  {
    const at::NoGradGuard no_grad;
    twice.clear01[0].copy_(problem.backbone->Forward(twice.hazy_input)[0]);
  }
  const ValidationGradient half = DifferentiateValidation(
      *problem.backbone, twice, PatchLoss::kMse, RewardEngine::kInBackward);
  EXPECT_FALSE(half.agreement.has_value());
  EXPECT_LE(RelativeError(half.gradient, one.gradient / 2.0), kTolerance);
}

// A net that says of itself that it mixes the patches of a batch.
class CouplingNet final : public Backbone {
 public:
  explicit CouplingNet(const LayerScope& scope = LayerScope())
      : Backbone(scope) {
    scope.BatchNorm("norm", 3);
  }
  const std::string& name() const override { return name_; }
  at::Tensor Forward(const at::Tensor& input) const override { return input; }

 private:
  std::string name_ = "coupling";
};

TEST(ChooseRewardEngine, ByNameAndByNet) {
  SeedEngine engine = TestEngine(6);
  const SmallProblem problem = MakeSmallProblem(engine, {});
  const Backbone& net = *problem.backbone;
  EXPECT_EQ(ChooseRewardEngine("auto", net).value(), RewardEngine::kInBackward);
  for (const RewardEngine way : kEngines) {
    EXPECT_EQ(ChooseRewardEngine(RewardEngineName(way), net).value(), way);
  }
  EXPECT_EQ(ChooseRewardEngine("magic", net).status().message(),
            "--reward_engine='magic': expected 'auto', 'in_backward', "
            "'layerwise' or 'forward'.");

  const CouplingNet coupling;
  EXPECT_EQ(ChooseRewardEngine("auto", coupling).value(),
            RewardEngine::kForward);
  EXPECT_EQ(ChooseRewardEngine("forward", coupling).value(),
            RewardEngine::kForward);
  for (const std::string text : {"in_backward", "layerwise"}) {
    const auto refused = ChooseRewardEngine(text, coupling);
    EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_NE(std::string(refused.status().message())
                  .find("coupling mixes the patches of a batch"),
              std::string::npos);
  }
}

}  // namespace
}  // namespace bild
