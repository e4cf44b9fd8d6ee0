// The reward engines against one backward pass per patch, over random nets and
// shapes, and what they leave behind.

#include "bild/patch_pass.h"

#include <cstdint>
#include <string>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/mv.h"
#include "ATen/ops/zeros_like.h"
#include "c10/core/GradMode.h"
#include "gtest/gtest.h"
#include "tests/bild/core/small_problem.h"
#include "tests/testing/random_tensor.h"

namespace bild {
namespace {

constexpr double kTolerance = 1e-11;

constexpr RewardEngine kEngines[] = {
    RewardEngine::kInBackward, RewardEngine::kLayerwise, RewardEngine::kForward,
    RewardEngine::kPerSample};

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
    SCOPED_TRACE(net);
    const ValidationGradient v = DifferentiateValidation(
        *problem.backbone, problem.validation, PatchLoss::kL1);
    EXPECT_LE(RelativeError(v.gradient, truth.mean(0)), kTolerance);
    const auto pass = RunPatchPass(*problem.backbone, problem.validation,
                                   PatchLoss::kL1, RewardEngine::kForward);
    EXPECT_NEAR(v.objective, pass->losses().mean().item<double>(), 1e-14);
    ASSERT_TRUE(v.agreement.has_value());
    EXPECT_NEAR(*v.agreement, cosine, kTolerance);
    EXPECT_EQ(problem.backbone->layers().tape(), nullptr);
  }
}

TEST(DifferentiateValidation, AgreementWhereThereIsNone) {
  SeedEngine engine = TestEngine(5);
  SmallProblemOptions options;
  options.validation_batch = 1;
  SmallProblem problem = MakeSmallProblem(engine, options);
  const ValidationGradient one = DifferentiateValidation(
      *problem.backbone, problem.validation, PatchLoss::kMse);
  EXPECT_FALSE(one.agreement.has_value());
  EXPECT_GT(one.gradient.norm().item<double>(), 0.0);

  // Twice the same patch agrees with itself; a patch that is right already has
  // no direction to agree on.
  Patches twice = {
      at::cat({problem.validation.hazy_input, problem.validation.hazy_input}),
      at::cat({problem.validation.clear01, problem.validation.clear01})};
  EXPECT_NEAR(DifferentiateValidation(*problem.backbone, twice, PatchLoss::kMse)
                  .agreement.value(),
              1.0, 1e-12);
  {
    const at::NoGradGuard no_grad;
    twice.clear01[0].copy_(problem.backbone->Forward(twice.hazy_input)[0]);
  }
  const ValidationGradient half =
      DifferentiateValidation(*problem.backbone, twice, PatchLoss::kMse);
  EXPECT_FALSE(half.agreement.has_value());
  EXPECT_LE(RelativeError(half.gradient, one.gradient / 2.0), kTolerance);
}

// Layer by layer either way: the sums are those of in_backward.
TEST(PatchPass, LayersOfBothKindsAgreeWithPerSampleBackward) {
  SeedEngine engine = TestEngine(7);
  for (const std::string& net : SmallNets()) {
    SmallProblem problem = RandomProblem(engine, net);
    const at::Tensor truth = PerSampleGradients(
        *problem.backbone, problem.training, PatchLoss::kMse);
    const at::Tensor weights = NormalTensor(engine, {truth.size(0)});
    const at::Tensor v = NormalTensor(engine, {truth.size(1)});
    const std::vector<LayerCost> layers =
        MeasureLayers(*problem.backbone, problem.training.clear01.size(3));
    for (int trial = 0; trial < 6; ++trial) {
      RewardPlan plan;
      plan.layers = static_cast<int64_t>(layers.size());
      for (const LayerCost& cost : layers) {
        if (engine.UniformInt(2) == 0) plan.layerwise.insert(cost.layer);
      }
      SCOPED_TRACE(net + " " + plan.Name());
      const auto pass = RunPatchPass(*problem.backbone, problem.training,
                                     PatchLoss::kMse, plan);
      EXPECT_LE(RelativeError(pass->WeightedGradient(weights),
                              at::mv(truth.t(), weights)),
                kTolerance);
      EXPECT_LE(RelativeError(pass->Products(v), at::mv(truth, v)), kTolerance);
    }
  }
}

// eps is 0.01 / |v|. With a smooth net and loss the error is of second order in
// it. The kinks of ReLU and L1 that lie in between cost as much of the product
// as their share of the step, so a short step shows that they alone do: random
// nets that are per cents off at 0.01 (docs/gradient_check.md) are near at
// 1e-5.
TEST(PatchPass, FiniteDifferencesAreNear) {
  SeedEngine engine = TestEngine(8);
  for (const std::string& net : SmallNets()) {
    const bool is_smooth = net == "conv2";
    const PatchLoss loss = is_smooth ? PatchLoss::kMse : PatchLoss::kL1;
    SmallProblemOptions options;
    options.net = net;
    options.crop_px = 32;
    SmallProblem problem = MakeSmallProblem(engine, options);
    ParameterSet& theta = problem.backbone->parameters();
    const at::Tensor truth =
        PerSampleGradients(*problem.backbone, problem.training, loss);
    const at::Tensor v =
        DifferentiateValidation(*problem.backbone, problem.validation, loss)
            .gradient;
    const auto pass = RunPatchPass(*problem.backbone, problem.training, loss,
                                   RewardEngine::kFiniteDifference);
    RewardPlan short_step = RewardEngine::kFiniteDifference;
    short_step.finite_difference_step = 1e-5;
    const auto short_pass =
        RunPatchPass(*problem.backbone, problem.training, loss, short_step);
    const at::Tensor weights = NormalTensor(engine, {truth.size(0)});
    EXPECT_LE(RelativeError(pass->WeightedGradient(weights),
                            at::mv(truth.t(), weights)),
              kTolerance);
    const at::Tensor before = theta.flat().clone();
    SetParameters(theta, before * 0.5);
    const at::Tensor moved = theta.flat().clone();
    const double error = RelativeError(pass->Products(v), at::mv(truth, v));
    EXPECT_GT(error, 0.0) << net;
    EXPECT_LE(error, is_smooth ? 1e-3 : 0.1) << net;
    const double short_error =
        RelativeError(short_pass->Products(v), at::mv(truth, v));
    EXPECT_LE(short_error, 1e-2) << net;
    EXPECT_LT(short_error, error) << net;
    EXPECT_TRUE(theta.flat().equal(moved));
    EXPECT_TRUE(pass->Products(v * 0.0).equal(at::zeros_like(pass->losses())));
  }
}

// Batch norms: the pass itself moves the running statistics, and nothing else
// does; patch i's loss is what it is in its batch.
TEST(PatchPass, CoupledPatches) {
  SeedEngine engine = TestEngine(9);
  for (int trial = 0; trial < 4; ++trial) {
    SmallProblemOptions options;
    options.net = "norm";
    options.batch = Choose(engine, {2, 3, 5});
    SmallProblem problem = MakeSmallProblem(engine, options);
    ParameterSet& theta = problem.backbone->parameters();
    LayerSet& layers = problem.backbone->layers();
    at::Tensor truth;
    {
      const NormScope norm(layers, NormStatistics::kBatch);
      truth = PerSampleGradients(*problem.backbone, problem.training,
                                 PatchLoss::kMse);
    }
    const at::Tensor weights = NormalTensor(engine, {truth.size(0)});
    const at::Tensor v = NormalTensor(engine, {truth.size(1)});
    const at::Tensor before = theta.flat().clone();
    for (const RewardEngine way :
         {RewardEngine::kForward, RewardEngine::kPerSample,
          RewardEngine::kFiniteDifference}) {
      SCOPED_TRACE(RewardEngineName(way));
      const at::Tensor at_first = layers.buffers().flat().clone();
      const auto pass = RunPatchPass(*problem.backbone, problem.training,
                                     PatchLoss::kMse, way);
      const at::Tensor buffers = layers.buffers().flat().clone();
      EXPECT_FALSE(buffers.equal(at_first));
      EXPECT_LE(RelativeError(pass->WeightedGradient(weights),
                              at::mv(truth.t(), weights)),
                kTolerance);
      SetParameters(theta, before * 1.5);
      const at::Tensor moved = theta.flat().clone();
      EXPECT_LE(RelativeError(pass->Products(v), at::mv(truth, v)),
                way == RewardEngine::kFiniteDifference ? 1e-2 : kTolerance);
      EXPECT_TRUE(theta.flat().equal(moved));
      EXPECT_TRUE(layers.buffers().flat().equal(buffers));
      EXPECT_EQ(layers.norm_statistics(), NormStatistics::kRunning);
      SetParameters(theta, before);
    }
  }
}

TEST(DifferentiateValidation, OfCoupledPatches) {
  SeedEngine engine = TestEngine(10);
  SmallProblemOptions options;
  options.net = "norm";
  options.validation_batch = 5;
  SmallProblem problem = MakeSmallProblem(engine, options);
  LayerSet& layers = problem.backbone->layers();
  const at::Tensor buffers = layers.buffers().flat().clone();
  at::Tensor truth;
  {
    const NormScope norm(layers, NormStatistics::kBatch);
    truth = PerSampleGradients(*problem.backbone, problem.validation,
                               PatchLoss::kMse);
  }
  const at::Tensor first = truth.narrow(0, 0, 2).sum(0);
  const at::Tensor rest = truth.narrow(0, 2, 3).sum(0);
  const ValidationGradient v = DifferentiateValidation(
      *problem.backbone, problem.validation, PatchLoss::kMse);
  EXPECT_LE(RelativeError(v.gradient, truth.mean(0)), kTolerance);
  EXPECT_NEAR(v.agreement.value(),
              (first.dot(rest) / (first.norm() * rest.norm())).item<double>(),
              1e-10);
  const ValidationGradient without =
      DifferentiateValidation(*problem.backbone, problem.validation,
                              PatchLoss::kMse, /*wants_agreement=*/false);
  EXPECT_FALSE(without.agreement.has_value());
  EXPECT_TRUE(without.gradient.equal(v.gradient));
  EXPECT_TRUE(layers.buffers().flat().equal(buffers));
}

}  // namespace
}  // namespace bild
