#include "benchmarks/micro/step_entrants.h"

#include <algorithm>
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
#include "bild/reward_engine.h"
#include "bild/rewards.h"
#include "bild/reweighting_network.h"
#include "c10/core/GradMode.h"
#include "c10/util/Exception.h"

namespace bild {
namespace {

constexpr uint64_t kSeed = 1;
constexpr double kLearningRate = 1e-4;
constexpr double kPhiLearningRate = 1e-3;
constexpr PatchLoss kLoss = PatchLoss::kL1;

// A method of the catalogue, as one of its users might run it.
struct SuiteStep {
  std::string method;
  std::string engine = "auto";
  int64_t outer_every = 1;
  int64_t validation_divisor = 1;  // M = B / this.
};

const std::map<std::string, SuiteStep>& SuiteSteps() {
  static const auto* steps = new std::map<std::string, SuiteStep>{
      {"plain", {"plain"}},
      {"bild", {"bild"}},
      {"bild_in_backward", {"bild", "in_backward"}},
      {"bild_layerwise", {"bild", "layerwise"}},
      {"bild_forward", {"bild", "forward"}},
      {"bild_outer_every_5", {"bild", "auto", 5}},
      {"bild_quarter_validation", {"bild", "auto", 1, 4}},
      {"frozen_random", {"frozen_random"}},
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
  static const auto* names =
      new std::vector<std::string>{kPlainAutograd,
                                   "plain",
                                   kFloor,
                                   "bild",
                                   "bild_in_backward",
                                   "bild_layerwise",
                                   "bild_forward",
                                   "bild_outer_every_5",
                                   "bild_quarter_validation",
                                   "frozen_random"};
  return *names;
}

absl::Status CheckStepSize(const StepSize& size) {
  BILD_RETURN_IF_ERROR(CheckBatchForLogitNorm(size.batch, LogitNorm::kZscore));
  if (size.validation_batch >= 1 && size.crop_px >= 1 &&
      size.reward_memory_mib >= 1) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "--validation_batch=", size.validation_batch, " --crop_px=", size.crop_px,
      " --reward_memory_mib=", size.reward_memory_mib,
      ": expected at least one patch of at least one pixel, and one MiB."));
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

absl::StatusOr<StepEntrant> MakeStep(const std::string& backbone,
                                     const std::string& name,
                                     const StepSize& size) {
  BILD_RETURN_IF_ERROR(CheckStepSize(size));
  BILD_ASSIGN_OR_RETURN(std::shared_ptr<Trainee> trainee,
                        MakeTrainee(backbone, size));
  StepEntrant entrant;
  if (name == kPlainAutograd) {
    entrant.run = [trainee] {
      RunPlainStep(*trainee->backbone, *trainee->theta_optimizer,
                   trainee->training, kLoss, kLearningRate);
    };
    return entrant;
  }
  if (name == kFloor) {
    entrant.run = [trainee] {
      RunFloorStep(*trainee->backbone, *trainee->theta_optimizer,
                   *trainee->network, *trainee->phi_optimizer,
                   trainee->training, trainee->validation, trainee->rewards,
                   kLoss, kLearningRate, kPhiLearningRate);
    };
    return entrant;
  }
  const auto found = SuiteSteps().find(name);
  if (found == SuiteSteps().end()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "unknown step '", name,
        "'. Known steps: ", absl::StrJoin(StepNames(), ", "), "."));
  }
  const SuiteStep& wanted = found->second;
  BILD_ASSIGN_OR_RETURN(const Method method, FindMethod(wanted.method));
  BilevelOptions options;
  options.loss = kLoss;
  BILD_ASSIGN_OR_RETURN(
      options.engine, PlanRewards(wanted.engine, *trainee->backbone, size.batch,
                                  size.crop_px, size.reward_memory_mib));
  options.phi_learning_rate = kPhiLearningRate;
  entrant.steps = wanted.outer_every;
  entrant.engine = options.engine.Name();
  if (wanted.validation_divisor > 1) {
    const int64_t patches =
        std::max<int64_t>(1, size.batch / wanted.validation_divisor);
    trainee->validation =
        NoisePatches(*trainee->backbone, patches, size.crop_px, /*place=*/1);
  }
  trainee->suite_step = std::make_unique<BilevelStep>(
      *trainee->backbone, *trainee->theta_optimizer, trainee->network.get(),
      trainee->phi_optimizer.get(), method, options);
  entrant.run = [trainee, steps = entrant.steps] {
    for (int64_t i = 0; i < steps; ++i) {
      const bool is_outer = i + 1 == steps;
      const auto report = trainee->suite_step->Run(
          trainee->training, is_outer ? &trainee->validation : nullptr,
          kLearningRate, /*is_logged=*/false);
      TORCH_CHECK(report.ok(), std::string(report.status().message()));
    }
  };
  return entrant;
}

absl::StatusOr<SplitStep> MakeSplitStep(const std::string& backbone,
                                        const StepSize& size) {
  BILD_RETURN_IF_ERROR(CheckStepSize(size));
  BILD_ASSIGN_OR_RETURN(std::shared_ptr<Trainee> trainee,
                        MakeTrainee(backbone, size));
  BILD_ASSIGN_OR_RETURN(const RewardPlan plan,
                        PlanRewards("auto", *trainee->backbone, size.batch,
                                    size.crop_px, size.reward_memory_mib));
  return [trainee, plan](const std::function<double()>& clock) {
    StepParts parts;
    double before = clock();
    const auto end_part = [&](double* part) {
      const double now = clock();
      *part = now - before;
      before = now;
    };
    const auto own =
        EvaluateWeights(*trainee->network, trainee->training.hazy_input,
                        trainee->training.clear01, LogitNorm::kZscore);
    TORCH_CHECK(own.ok(), std::string(own.status().message()));
    end_part(&parts.phi_forward);
    const std::unique_ptr<PatchPass> pass =
        RunPatchPass(*trainee->backbone, trainee->training, kLoss, plan);
    at::Tensor theta = trainee->backbone->parameters().flat();
    {
      const at::NoGradGuard no_grad;
      trainee->theta_optimizer->Step(
          theta, pass->WeightedGradient(own->weights), kLearningRate);
    }
    end_part(&parts.inner);
    const ValidationGradient validation =
        DifferentiateValidation(*trainee->backbone, trainee->validation, kLoss,
                                /*wants_agreement=*/false);
    end_part(&parts.validation);
    const at::Tensor rewards = Rewards(pass->Products(validation.gradient),
                                       own->log_weights, RewardOptions());
    end_part(&parts.rewards);
    const SurrogateGradient gradient = DifferentiateSurrogate(
        *trainee->network, *own, rewards, LogitNorm::kZscore);
    {
      const at::NoGradGuard no_grad;
      at::Tensor phi = trainee->network->parameters().flat();
      trainee->phi_optimizer->Step(phi, gradient.phi, kPhiLearningRate);
    }
    end_part(&parts.phi_backward);
    return parts;
  };
}

}  // namespace bild
