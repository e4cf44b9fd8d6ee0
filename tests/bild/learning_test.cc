// Does the exact gradient teach? Theta is held still after a few plain steps
// and v is taken once, from many validation patches: what is left to move is
// phi. The weight gain of a learning phi becomes positive beyond doubt, and
// higher than that of a phi which a scalar reward leaves where it was: a frozen
// random network may happen to have a gain of either sign.
//
// Everything else is as in a run: the synthetic set in its official layout, its
// readers, its split by scene, float32, z-score, unit_rms.

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/full_like.h"
#include "backbones/catalog.h"
#include "bild/bilevel_step.h"
#include "bild/initialise.h"
#include "bild/methods.h"
#include "bild/optimizer.h"
#include "bild/patch_pass.h"
#include "bild/rewards.h"
#include "bild/reweighting_network.h"
#include "bild/window_statistics.h"
#include "c10/core/GradMode.h"
#include "datasets/catalog.h"
#include "datasets/image_store.h"
#include "datasets/patch_sampler.h"
#include "datasets/split.h"
#include "datasets/synthetic/synthesize.h"
#include "gtest/gtest.h"
#include "tests/testing/temporary_folder.h"

namespace bild {
namespace {

constexpr int64_t kPlainSteps = 50;
constexpr int64_t kOuterSteps = 150;
constexpr int64_t kWindow = 50;
constexpr int64_t kValidationPatches = 256;
constexpr int64_t kBatch = 8;
constexpr int64_t kCropPx = 24;

enum class Reward {
  kPerPatch,  // a_i.
  kScalar,    // The mean of a for every patch of the batch.
};

class LearningTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder;
    SyntheticRequest request;
    request.like = "its";
    request.scenes = 10;
    request.test_scenes = 1;
    request.width_px = 96;
    request.height_px = 96;
    const auto set =
        WriteSynthetic(CheckedRequest(request).value(), *folder_ / "set", {});
    ASSERT_TRUE(set.ok()) << set.status();
    DatasetRequest dataset;
    dataset.name = "its";
    dataset.data_root = set->root;
    auto opened = OpenDataset(dataset);
    ASSERT_TRUE(opened.ok()) << opened.status();
    data_ =
        new std::shared_ptr<const PairedDataset>(std::make_shared<ImageStore>(
            std::shared_ptr<const PairedDataset>(std::move(opened).value()),
            int64_t{64} << 20));
  }
  static void TearDownTestSuite() {
    delete data_;
    delete folder_;
  }

  static TemporaryFolder* folder_;
  static std::shared_ptr<const PairedDataset>* data_;
};

TemporaryFolder* LearningTest::folder_ = nullptr;
std::shared_ptr<const PairedDataset>* LearningTest::data_ = nullptr;

// The gains of every outer step of one run.
class FixedThetaRun {
 public:
  FixedThetaRun(const std::shared_ptr<const PairedDataset>& data,
                uint64_t seed) {
    SplitOptions split_options;
    split_options.seed = seed;
    const Split split = MakeSplit(data->pairs(), {}, split_options).value();
    training_ = Sampler(data, split.train.indices, PatchPurpose::kTraining,
                        kBatch, seed);
    const auto validation =
        Sampler(data, split.validation.indices, PatchPurpose::kValidation,
                kValidationPatches, seed);
    net_ = MakeBackbone("aodnet", at::kFloat).value();
    InitialiseParameters(net_->parameters(), seed, kBackboneNet,
                         Initialisation::kFanIn);
    TrainPlain();
    const Patches patches = ToPatches(validation->Batch(0).value());
    live_share_ = net_->CheckLiveness(patches.hazy_input)->share;
    v_ = DifferentiateValidation(*net_, patches, kLoss).gradient;
    network_ = std::make_unique<ReweightingNetwork>(ReweightingNetworkOptions(),
                                                    at::kFloat);
    InitialiseParameters(network_->parameters(), seed, kReweightingNet,
                         Initialisation::kFanIn);
  }

  double live_share() const { return live_share_; }

  // Normalised gains of kOuterSteps outer steps.
  std::vector<double> Run(Reward reward) {
    OptimizerOptions options;
    options.epsilon = 1e-5;
    const auto optimizer = MakeOptimizer(options).value();
    std::vector<double> gains;
    for (int64_t step = 0; step < kOuterSteps; ++step) {
      const Patches patches =
          ToPatches(training_->Batch(kPlainSteps + step).value());
      const NetworkWeights own =
          EvaluateWeights(*network_, patches.hazy_input, patches.clear01,
                          LogitNorm::kZscore)
              .value();
      const at::Tensor a =
          RunPatchPass(*net_, patches, kLoss, RewardEngine::kInBackward)
              ->Products(v_);
      const double rms = a.square().mean().sqrt().item<double>();
      gains.push_back(((own.weights - 1.0 / kBatch) * a).sum().item<double>() /
                      rms);

      RewardOptions reward_options;
      reward_options.alpha = 0.0;
      at::Tensor rewards = Rewards(a, own.log_weights, reward_options);
      if (reward == Reward::kScalar) {
        rewards = at::full_like(rewards, rewards.mean().item<double>());
      }
      const SurrogateGradient gradient =
          DifferentiateSurrogate(*network_, own, rewards, LogitNorm::kZscore);
      EXPECT_EQ(gradient.is_zero, reward == Reward::kScalar) << step;
      const at::NoGradGuard no_grad;
      at::Tensor phi = network_->parameters().flat();
      optimizer->Step(phi, gradient.phi, 1e-3);
    }
    return gains;
  }

 private:
  static constexpr PatchLoss kLoss = PatchLoss::kMse;

  static std::unique_ptr<PatchBatches> Sampler(
      const std::shared_ptr<const PairedDataset>& data,
      const std::vector<int64_t>& indices, PatchPurpose purpose, int64_t batch,
      uint64_t seed) {
    PatchSamplerOptions options;
    options.seed = seed;
    options.purpose = purpose;
    options.batch_size = batch;
    options.crop_px = kCropPx;
    return MakePatchSampler(data, indices, options).value();
  }

  Patches ToPatches(const PatchBatch& batch) const {
    return {net_->NormaliseInput(batch.hazy01), batch.clear01};
  }

  void TrainPlain() {
    const auto optimizer = MakeOptimizer(OptimizerOptions()).value();
    BilevelOptions options;
    options.loss = kLoss;
    BilevelStep step(*net_, *optimizer, nullptr, nullptr,
                     FindMethod("plain").value(), options);
    for (int64_t n = 0; n < kPlainSteps; ++n) {
      const auto report =
          step.Run(ToPatches(training_->Batch(n).value()), nullptr, 1e-3);
      ASSERT_TRUE(report.ok()) << report.status();
    }
  }

  std::unique_ptr<PatchBatches> training_;
  std::unique_ptr<Backbone> net_;
  std::unique_ptr<ReweightingNetwork> network_;
  at::Tensor v_;
  double live_share_ = 0.0;
};

RunningMean Statistics(std::vector<double>::const_iterator from,
                       std::vector<double>::const_iterator to) {
  RunningMean statistics;
  for (auto gain = from; gain != to; ++gain) statistics.Add(*gain);
  return statistics;
}

void Print(uint64_t seed, const char* reward, const RunningMean& first,
           const RunningMean& last) {
  std::printf(
      "seed %d %s: normalised gain of the first %d steps %.3f +- %.3f, of the "
      "last %d %.3f +- %.3f, t %.1f\n",
      static_cast<int>(seed), reward, static_cast<int>(kWindow),
      first.mean().value(), first.standard_error().value(),
      static_cast<int>(kWindow), last.mean().value(),
      last.standard_error().value(), last.t().value());
}

double ErrorOfDifference(const RunningMean& a, const RunningMean& b) {
  return std::hypot(a.standard_error().value(), b.standard_error().value());
}

TEST_F(LearningTest, APerPatchRewardTeachesAndAScalarRewardDoesNot) {
  for (const uint64_t seed : {1, 2, 3}) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::map<Reward, std::pair<RunningMean, RunningMean>> windows;
    for (const Reward reward : {Reward::kPerPatch, Reward::kScalar}) {
      FixedThetaRun run(*data_, seed);
      ASSERT_GT(run.live_share(), 0.0);
      const std::vector<double> gains = run.Run(reward);
      const RunningMean first =
          Statistics(gains.begin(), gains.begin() + kWindow);
      const RunningMean last = Statistics(gains.end() - kWindow, gains.end());
      Print(seed, reward == Reward::kScalar ? "scalar" : "per patch", first,
            last);
      windows[reward] = {first, last};
    }
    const auto& [first, last] = windows[Reward::kPerPatch];
    EXPECT_GT(last.mean().value(), 0.0);
    EXPECT_GT(last.t().value(), 5.0);
    const auto& [still_first, still_last] = windows[Reward::kScalar];
    EXPECT_LT(std::abs(*still_last.mean() - *still_first.mean()),
              3.0 * ErrorOfDifference(still_first, still_last));
    // The same batches, the same theta: only the reward differs.
    EXPECT_GT(*last.mean() - *still_last.mean(),
              3.0 * ErrorOfDifference(last, still_last));
  }
}

}  // namespace
}  // namespace bild
