#include "benchmarks/parity/parity_case.h"

#include <utility>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/full.h"
#include "ATen/ops/l1_loss.h"
#include "backbones/catalog.h"
#include "benchmarks/micro/step_entrants.h"
#include "bild/base/status.h"
#include "bild/flat_gradient.h"
#include "bild/initialise.h"
#include "bild/optimizer.h"
#include "bild/patch_loss.h"
#include "bild/train_config.h"
#include "c10/core/GradMode.h"
#include "torch/optim/adam.h"

namespace bild {
namespace {

constexpr uint64_t kSeed = 1;
constexpr double kLearningRate = 1e-4;

double RelativeNorm(const at::Tensor& difference, const at::Tensor& whole) {
  return difference.norm().item<double>() / whole.norm().item<double>();
}

}  // namespace

absl::StatusOr<std::unique_ptr<ParityCase>> ParityCase::Make(
    const std::string& backbone, const ParitySize& size, at::ScalarType type) {
  std::unique_ptr<ParityCase> made(new ParityCase());
  BILD_ASSIGN_OR_RETURN(made->backbone_, MakeBackbone(backbone, type));
  InitialiseParameters(made->backbone_->parameters(), kSeed, kBackboneNet,
                       Initialisation::kFanIn);
  BILD_ASSIGN_OR_RETURN(made->twin_, MakePlainTwin(*made->backbone_));
  made->patches_ =
      NoisePatches(*made->backbone_, size.batch, size.crop_px, /*place=*/0);
  BILD_ASSIGN_OR_RETURN(
      made->plan_, PlanRewards("auto", *made->backbone_, size.batch,
                               size.crop_px, TrainConfig().reward_memory_mib));
  return made;
}

at::Tensor ParityCase::RunOurs() const {
  const at::NoGradGuard no_grad;
  return backbone_->Forward(patches_.hazy_input);
}

at::Tensor ParityCase::RunTwin() const {
  const at::NoGradGuard no_grad;
  twin_->eval();
  return twin_->forward(patches_.hazy_input);
}

at::Tensor ParityCase::PlainGradient() {
  const NormScope norm(backbone_->layers(), NormStatistics::kBatchAndUpdate);
  const at::Tensor loss =
      PatchLosses(
          backbone_->OutputToUnit(backbone_->Forward(patches_.hazy_input)),
          patches_.clear01, PatchLoss::kL1)
          .mean();
  return FlatGradient(loss, backbone_->parameters().leaves());
}

at::Tensor ParityCase::RecordedGradient() {
  const auto pass = RunPatchPass(*backbone_, patches_, PatchLoss::kL1, plan_);
  const int64_t batch = patches_.hazy_input.size(0);
  return pass->WeightedGradient(at::full(
      {batch}, 1.0 / static_cast<double>(batch), patches_.clear01.options()));
}

at::Tensor ParityCase::TwinLoss() {
  twin_->train();
  return at::l1_loss(
      backbone_->OutputToUnit(twin_->forward(patches_.hazy_input)),
      patches_.clear01);
}

Disagreement ParityCase::Compare() {
  Disagreement result;
  const at::Tensor output = RunTwin();
  result.output =
      ((RunOurs() - output).abs().max() / output.abs().max()).item<double>();
  twin_->zero_grad();
  TwinLoss().backward();
  const at::Tensor gradient = TwinGradient(*twin_, *backbone_);
  result.plain = RelativeNorm(PlainGradient() - gradient, gradient);
  result.recorded = RelativeNorm(RecordedGradient() - gradient, gradient);
  return result;
}

std::function<void()> ParityCase::PlainStep() {
  const auto optimizer = std::make_shared<Adam>(OptimizerOptions());
  return [this, optimizer] {
    at::Tensor flat = backbone_->parameters().flat();
    optimizer->Step(flat, PlainGradient(), kLearningRate);
  };
}

std::function<void()> ParityCase::RecordedStep() {
  const auto optimizer = std::make_shared<Adam>(OptimizerOptions());
  return [this, optimizer] {
    at::Tensor flat = backbone_->parameters().flat();
    optimizer->Step(flat, RecordedGradient(), kLearningRate);
  };
}

std::function<void()> ParityCase::TwinStep() {
  const auto optimizer = std::make_shared<torch::optim::Adam>(
      twin_->parameters(), torch::optim::AdamOptions(kLearningRate));
  return [this, optimizer] {
    optimizer->zero_grad();
    TwinLoss().backward();
    optimizer->step();
  };
}

}  // namespace bild
