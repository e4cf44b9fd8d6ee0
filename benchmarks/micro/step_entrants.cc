#include "benchmarks/micro/step_entrants.h"

#include <map>
#include <memory>
#include <utility>

#include "ATen/ops/empty.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "backbones/catalog.h"
#include "benchmarks/micro/reference_steps.h"
#include "bild/base/seed.h"
#include "bild/base/status.h"
#include "bild/bilevel_step.h"
#include "bild/initialise.h"
#include "bild/learning_weights.h"
#include "bild/methods.h"
#include "bild/optimizer.h"
#include "bild/reweighting_network.h"
#include "c10/util/Exception.h"

namespace bild {
namespace {

constexpr uint64_t kSeed = 1;
constexpr double kLearningRate = 1e-4;
constexpr double kPhiLearningRate = 1e-3;
constexpr PatchLoss kLoss = PatchLoss::kL1;

// A method of the catalogue and the engine of its rewards.
struct SuiteStep {
  std::string method;
  RewardEngine engine = RewardEngine::kInBackward;
};

const std::map<std::string, SuiteStep>& SuiteSteps() {
  static const auto* steps = new std::map<std::string, SuiteStep>{
      {"plain", {"plain", RewardEngine::kInBackward}},
      {"bild", {"bild", RewardEngine::kInBackward}},
      {"bild_layerwise", {"bild", RewardEngine::kLayerwise}},
      {"bild_forward", {"bild", RewardEngine::kForward}},
      {"frozen_random", {"frozen_random", RewardEngine::kInBackward}},
  };
  return *steps;
}

at::Tensor Noise(at::IntArrayRef shape, SeedEngine engine) {
  at::Tensor noise = at::empty(shape, at::kDouble);
  double* const values = noise.data_ptr<double>();
  for (int64_t i = 0; i < noise.numel(); ++i) values[i] = engine.Uniform();
  return noise;
}

// What one step trains.
struct Trainee {
  std::unique_ptr<Backbone> backbone;
  std::unique_ptr<ReweightingNetwork> network;
  std::unique_ptr<Optimizer> theta_optimizer;
  std::unique_ptr<Optimizer> phi_optimizer;
  Patches training;
  Patches validation;
  at::Tensor rewards;  // [B], for the floor.
  std::unique_ptr<BilevelStep> suite_step;
};

absl::StatusOr<std::shared_ptr<Trainee>> MakeTrainee(
    const std::string& backbone, const StepSize& size) {
  auto trainee = std::make_shared<Trainee>();
  BILD_ASSIGN_OR_RETURN(trainee->backbone, MakeBackbone(backbone, at::kFloat));
  trainee->network = std::make_unique<ReweightingNetwork>(
      ReweightingNetworkOptions(), at::kFloat);
  InitialiseParameters(trainee->backbone->parameters(), kSeed, kBackboneNet,
                       Initialisation::kFanIn);
  InitialiseParameters(trainee->network->parameters(), kSeed, kReweightingNet,
                       Initialisation::kFanIn);
  BILD_ASSIGN_OR_RETURN(trainee->theta_optimizer, MakeOptimizer({}));
  BILD_ASSIGN_OR_RETURN(trainee->phi_optimizer, MakeOptimizer({}));
  trainee->training =
      NoisePatches(*trainee->backbone, size.batch, size.crop_px, /*place=*/0);
  trainee->validation = NoisePatches(*trainee->backbone, size.validation_batch,
                                     size.crop_px, /*place=*/1);
  trainee->rewards =
      Noise({size.batch}, SeedEngine(kSeed, SeedStream::kCrop, 0, 2))
          .to(at::kFloat);
  return trainee;
}

}  // namespace

const std::vector<std::string>& StepNames() {
  static const auto* names = new std::vector<std::string>{
      kPlainAutograd,   "plain",        kFloor,         "bild",
      "bild_layerwise", "bild_forward", "frozen_random"};
  return *names;
}

absl::Status CheckStepSize(const StepSize& size) {
  BILD_RETURN_IF_ERROR(CheckBatchForLogitNorm(size.batch, LogitNorm::kZscore));
  if (size.validation_batch >= 1 && size.crop_px >= 1) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "--validation_batch=", size.validation_batch, " --crop_px=", size.crop_px,
      ": expected at least one patch of at least one pixel."));
}

Patches NoisePatches(const Backbone& backbone, int64_t count, int64_t crop_px,
                     uint64_t place) {
  const at::TensorOptions options = backbone.parameters().flat().options();
  const auto noise = [&](uint64_t index) {
    return Noise({count, 3, crop_px, crop_px},
                 SeedEngine(kSeed, SeedStream::kCrop, place, index))
        .to(options);
  };
  return {backbone.NormaliseInput(noise(0)), noise(1)};
}

absl::StatusOr<std::function<void()>> MakeStep(const std::string& backbone,
                                               const std::string& name,
                                               const StepSize& size) {
  BILD_RETURN_IF_ERROR(CheckStepSize(size));
  BILD_ASSIGN_OR_RETURN(std::shared_ptr<Trainee> trainee,
                        MakeTrainee(backbone, size));
  if (name == kPlainAutograd) {
    return [trainee] {
      RunPlainStep(*trainee->backbone, *trainee->theta_optimizer,
                   trainee->training, kLoss, kLearningRate);
    };
  }
  if (name == kFloor) {
    return [trainee] {
      RunFloorStep(*trainee->backbone, *trainee->theta_optimizer,
                   *trainee->network, *trainee->phi_optimizer,
                   trainee->training, trainee->validation, trainee->rewards,
                   kLoss, kLearningRate, kPhiLearningRate);
    };
  }
  const auto found = SuiteSteps().find(name);
  if (found == SuiteSteps().end()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "unknown step '", name,
        "'. Known steps: ", absl::StrJoin(StepNames(), ", "), "."));
  }
  BILD_ASSIGN_OR_RETURN(const Method method, FindMethod(found->second.method));
  BilevelOptions options;
  options.loss = kLoss;
  options.engine = found->second.engine;
  options.phi_learning_rate = kPhiLearningRate;
  trainee->suite_step = std::make_unique<BilevelStep>(
      *trainee->backbone, *trainee->theta_optimizer, trainee->network.get(),
      trainee->phi_optimizer.get(), method, options);
  return [trainee] {
    const auto report = trainee->suite_step->Run(
        trainee->training, &trainee->validation, kLearningRate);
    TORCH_CHECK(report.ok(), std::string(report.status().message()));
  };
}

}  // namespace bild
