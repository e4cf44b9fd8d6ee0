#include "bild/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "backbones/weights.h"
#include "bild/base/atomic_file.h"
#include "bild/base/log.h"
#include "bild/base/status.h"
#include "bild/base/torch_boundary.h"
#include "bild/bilevel_step.h"
#include "bild/checkpoint.h"
#include "bild/initialise.h"
#include "bild/journal.h"
#include "bild/learning_rate.h"
#include "bild/optimizer.h"
#include "bild/step_options.h"
#include "bild/window_statistics.h"
#include "c10/core/GradMode.h"
#include "c10/util/Exception.h"
#include "fmt/format.h"

namespace bild {
namespace {

// Needs no validated configuration to exist; Prepare() does everything that can
// fail.
class TrainingRun {
 public:
  explicit TrainingRun(const TrainingTask& task)
      : task_(task),
        name_(fmt::format("{} seed {}", task.method.name, task.seed)),
        identity_(absl::StrCat(task.run, " method=", task.method.name, " seed=",
                               task.seed, " ", TrainConfigText(task.config))),
        checkpoint_path_(task.folder + "/state.safetensors"),
        journal_path_(task.folder + "/journal.jsonl"),
        journal_(journal_path_) {}

  absl::StatusOr<TrainingResult> Run() {
    BILD_RETURN_IF_ERROR(Prepare());
    while (progress_.step < task_.config.steps) {
      const auto start = std::chrono::steady_clock::now();
      BILD_RETURN_IF_ERROR(DoStep());
      CountTime(std::chrono::duration<double, std::milli>(
                    std::chrono::steady_clock::now() - start)
                    .count());
      BILD_RETURN_IF_ERROR(AfterStep());
    }
    return Finish();
  }

 private:
  absl::Status Prepare() {
    BILD_RETURN_IF_ERROR(ValidateTrainConfig(task_.config));
    TORCH_CHECK(!task_.method.sees_validation || task_.validation != nullptr,
                "method '", task_.method.name, "' needs validation patches");
    BILD_RETURN_IF_ERROR(MakeFolders(task_.folder));
    const TrainConfig& config = task_.config;
    BILD_RETURN_IF_ERROR(CheckMethod(task_.method, config));
    BILD_ASSIGN_OR_RETURN(
        const BilevelOptions options,
        MakeStepOptions(config, task_.method, *task_.backbone, task_.seed));
    BILD_ASSIGN_OR_RETURN(
        schedule_.shape, ParseLearningRateShape(config.learning_rate_schedule));
    schedule_.base = config.learning_rate;
    schedule_.total_steps = config.steps;

    BILD_ASSIGN_OR_RETURN(const Initialisation initialisation,
                          ParseInitialisation(config.initialisation));
    InitialiseParameters(task_.backbone->parameters(), task_.seed, kBackboneNet,
                         initialisation);
    task_.backbone->layers().ResetBuffers();
    BILD_ASSIGN_OR_RETURN(
        theta_optimizer_,
        MakeOptimizer({config.optimizer, config.weight_decay, config.momentum,
                       config.beta1, config.beta2, config.epsilon}));
    if (task_.method.needs_network()) {
      network_ = std::make_unique<ReweightingNetwork>(
          ReweightingNetworkOptions(),
          task_.backbone->parameters().flat().options());
      // Its gradients come from autograd alone; theta's own initialisation says
      // nothing about it.
      InitialiseParameters(network_->parameters(), task_.seed, kReweightingNet,
                           Initialisation::kFanIn);
    }
    if (task_.method.updates_phi()) {
      OptimizerOptions phi;
      if (!task_.method.phi_learning_rate.has_value()) {
        phi.epsilon = config.phi_epsilon;
      }
      BILD_ASSIGN_OR_RETURN(phi_optimizer_, MakeOptimizer(phi));
    }
    step_ = std::make_unique<BilevelStep>(*task_.backbone, *theta_optimizer_,
                                          network_.get(), phi_optimizer_.get(),
                                          task_.method, options);

    if (!std::filesystem::exists(checkpoint_path_)) {
      RemoveAbandonedTemporaries(task_.folder);
      BILD_RETURN_IF_ERROR(journal_.CutTo(0));
      return LookAtStart();
    }
    if (!task_.resume) {
      return absl::FailedPreconditionError(
          absl::StrCat("'", task_.folder,
                       "' holds a checkpoint of an earlier run. Continue "
                       "it with --resume, or choose another --out."));
    }
    RemoveAbandonedTemporaries(task_.folder);
    BILD_RETURN_IF_ERROR(LoadCheckpoint(checkpoint_path_, identity_, State()));
    saved_step_ = progress_.step;
    BILD_RETURN_IF_ERROR(journal_.CutTo(progress_.journal_bytes));
    if (progress_.step < task_.config.steps) {
      LogInfo("{}: goes on from step {} of {}", name_, progress_.step,
              task_.config.steps);
    }
    return absl::OkStatus();
  }

  TrainingState State() {
    return {&task_.backbone->parameters(),
            &task_.backbone->layers().buffers(),
            theta_optimizer_.get(),
            network_ ? &network_->parameters() : nullptr,
            phi_optimizer_.get(),
            &step_->outer_state(),
            &progress_};
  }

  Patches ToDevice(const PatchBatch& batch) const {
    const auto& like = task_.backbone->parameters().flat();
    return {task_.backbone->NormaliseInput(batch.hazy01.to(like.options())),
            batch.clear01.to(like.options())};
  }

  // The share of units that can learn, on a training batch.
  void LookForDeath(const Patches& patches) {
    const std::optional<Liveness> liveness =
        task_.backbone->CheckLiveness(patches.hazy_input);
    if (!liveness.has_value()) return;
    journal_.Add({progress_.step, "live_share", liveness->share});
    const bool is_dead = liveness->share == 0.0;
    if (is_dead && !progress_.is_dead) {
      LogWarning(
          "{}: dead at step {}: {} holds nowhere in a batch of {} patches, so "
          "{} gives one constant picture and has no gradient. It will not "
          "recover; start with another --initialisation or seed.",
          name_, progress_.step, liveness->what, patches.hazy_input.size(0),
          task_.backbone->name());
    }
    progress_.is_dead = is_dead;
  }

  absl::Status LookAtStart() {
    BILD_ASSIGN_OR_RETURN(const PatchBatch batch, task_.training->Batch(0));
    LookForDeath(ToDevice(batch));
    return absl::OkStatus();
  }

  absl::Status DoStep() {
    const int64_t step = progress_.step + 1;
    const bool is_outer = step % task_.config.effective_outer_every() == 0;
    BILD_ASSIGN_OR_RETURN(batch_, task_.training->Batch(step - 1));
    const Patches training = ToDevice(batch_);
    Patches validation;
    if (is_outer && task_.method.sees_validation) {
      BILD_ASSIGN_OR_RETURN(const PatchBatch batch,
                            task_.validation->Batch(progress_.outer_step));
      validation = ToDevice(batch);
    }
    absl::StatusOr<StepReport> report = step_->Run(
        training, validation.clear01.defined() ? &validation : nullptr,
        LearningRateAt(schedule_, step),
        /*is_logged=*/step % FullWindowSteps() == 0);
    if (!report.ok()) {
      return absl::Status(
          report.status().code(),
          absl::StrCat(name_, ", step ", step, ": ", report.status().message(),
                       " ", LastGoodCheckpoint()));
    }
    report_ = std::move(report).value();
    progress_.step = step;
    if (is_outer) ++progress_.outer_step;
    window_.Add(report_);
    if (step % task_.config.effective_eval_every() == 0 ||
        step == task_.config.steps) {
      LookForDeath(training);
    }
    return absl::OkStatus();
  }

  // A step with an outer half takes longer than one without: what is counted
  // is the mean from one outer step to the next.
  void CountTime(double milliseconds) {
    const int64_t period = task_.config.effective_outer_every();
    period_milliseconds_ += milliseconds;
    ++period_steps_;
    if (progress_.step % period != 0) return;
    if (period_steps_ == period) {
      step_milliseconds_.push_back(period_milliseconds_ /
                                   static_cast<double>(period));
    }
    period_milliseconds_ = 0.0;
    period_steps_ = 0;
  }

  std::string LastGoodCheckpoint() const {
    if (!std::filesystem::exists(checkpoint_path_)) {
      return "There is no checkpoint yet.";
    }
    return absl::StrCat("The last good checkpoint is '", checkpoint_path_,
                        "' (step ", saved_step_, ").");
  }

  absl::Status AfterStep() {
    const int64_t step = progress_.step;
    const TrainConfig& config = task_.config;
    const bool is_last = step == config.steps;
    if (task_.progress != nullptr) {
      task_.progress->Update(
          step, [&] { return fmt::format("loss {:.4f}", report_.mean_loss); });
    }
    const bool is_evaluated =
        step % config.effective_eval_every() == 0 || is_last;
    const bool is_window_full = step % FullWindowSteps() == 0;
    if (is_evaluated || is_window_full) {
      BILD_RETURN_IF_ERROR(CheckWeightsAreFinite());
    }
    if (is_evaluated) BILD_RETURN_IF_ERROR(Validate());
    if (is_window_full || is_last) {
      BILD_RETURN_IF_ERROR(CloseWindow(is_window_full));
      BILD_ASSIGN_OR_RETURN(progress_.journal_bytes, journal_.Flush());
      BILD_RETURN_IF_ERROR(
          SaveCheckpoint(checkpoint_path_, identity_, State()));
      saved_step_ = step;
    }
    if (task_.after_step) return task_.after_step(step);
    return absl::OkStatus();
  }

  // Weights that are not finite must neither be scored nor become a checkpoint.
  absl::Status CheckWeightsAreFinite() const {
    if (task_.backbone->parameters().flat().isfinite().all().item<bool>()) {
      return absl::OkStatus();
    }
    return absl::FailedPreconditionError(absl::StrCat(
        name_, ", step ", progress_.step,
        ": the weights are not finite. Lower --learning_rate, or set "
        "--clip_gradient_norm. ",
        LastGoodCheckpoint()));
  }

  absl::Status Validate() {
    BILD_ASSIGN_OR_RETURN(const double psnr_db,
                          task_.validation_psnr_db(*task_.backbone));
    journal_.Add({progress_.step, "validation_psnr_db", psnr_db});
    progress_.last_validation_psnr_db = psnr_db;
    if (progress_.best_step == 0 ||
        psnr_db > progress_.best_validation_psnr_db) {
      progress_.best_step = progress_.step;
      progress_.best_validation_psnr_db = psnr_db;
      progress_.best_parameters = task_.backbone->parameters().flat().clone();
      progress_.best_buffers =
          task_.backbone->layers().buffers().flat().clone();
    }
    LogInfo("{}: step {}, validation PSNR {:.2f} dB", name_, progress_.step,
            psnr_db);
    return absl::OkStatus();
  }

  absl::Status CloseWindow(bool is_full) {
    for (const auto& [curve, value] : window_.Curves()) {
      journal_.Add({progress_.step, curve, value});
      // A last, shorter window says less than the full one before it.
      if (is_full || progress_.step < FullWindowSteps()) {
        progress_.last_window[curve] = value;
      }
    }
    journal_.Add({progress_.step, "learning_rate",
                  LearningRateAt(schedule_, progress_.step)});
    LogBatchWeights();
    // The published script's gradient is zero by construction.
    const bool learns_nothing =
        is_full && window_.is_all_zero_gradient() &&
        task_.method.phi_update == PhiUpdate::kPatchRewards &&
        task_.config.stop_on_zero_gradient;
    const int64_t outer_steps = window_.outer_steps();
    window_ = WindowStatistics();
    if (!learns_nothing) return absl::OkStatus();
    BILD_RETURN_IF_ERROR(journal_.Flush().status());
    return absl::FailedPreconditionError(fmt::format(
        "{}: the gradient of the reweighting network was zero at each of the "
        "{} outer steps up to step {}, so its weights are not learned and the "
        "row would not be what its name says. {}{}",
        name_, outer_steps, progress_.step,
        progress_.is_dead
            ? "The net itself is dead, so every reward is 0: use another "
              "--initialisation or seed. "
            : "The rewards do not differ between patches, or one patch has "
              "all the weight: look at the validation data, --reward_scale, "
              "--alpha and --logit_norm. To see such a run through, "
              "--stop_on_zero_gradient=false. ",
        LastGoodCheckpoint()));
  }

  int64_t FullWindowSteps() const {
    return task_.config.log_every * task_.config.effective_outer_every();
  }

  void LogBatchWeights() {
    const at::Tensor weights = report_.weights.to(at::kCPU, at::kDouble);
    const at::Tensor losses = report_.losses.to(at::kCPU, at::kDouble);
    at::Tensor rewards;
    if (report_.outer.has_value() && report_.outer->rewards.defined()) {
      rewards = report_.outer->rewards.to(at::kCPU, at::kDouble);
    }
    for (int64_t i = 0; i < weights.size(0); ++i) {
      const PatchOrigin& origin = batch_.origins[static_cast<size_t>(i)];
      PatchWeight row{progress_.step,
                      i,
                      origin.id,
                      origin.x_px,
                      origin.y_px,
                      task_.config.crop_px,
                      weights[i].item<double>(),
                      losses[i].item<double>(),
                      std::nullopt};
      if (rewards.defined()) row.reward = rewards[i].item<double>();
      journal_.Add(row);
    }
  }

  absl::StatusOr<TrainingResult> Finish() {
    if (task_.progress != nullptr) task_.progress->Finish();
    TrainingResult result;
    result.steps = progress_.step;
    result.best_step = progress_.best_step;
    result.best_validation_psnr_db = progress_.best_validation_psnr_db;
    result.last_window = progress_.last_window;
    result.last_validation_psnr_db = progress_.last_validation_psnr_db;
    result.reward_engine = step_->EngineName();
    result.is_dead = progress_.is_dead;
    if (!step_milliseconds_.empty()) {
      const auto middle =
          step_milliseconds_.begin() +
          static_cast<std::ptrdiff_t>(step_milliseconds_.size() / 2);
      std::nth_element(step_milliseconds_.begin(), middle,
                       step_milliseconds_.end());
      result.step_milliseconds_median = *middle;
    }
    result.best_weights_path = task_.folder + "/best@val.safetensors";
    result.last_weights_path = task_.folder + "/last.safetensors";
    result.journal_path = journal_path_;
    const LayerSet& net = task_.backbone->layers();
    const auto metadata = [&](int64_t step) {
      return std::map<std::string, std::string>{
          {"backbone", task_.backbone->name()},
          {"method", task_.method.name},
          {"seed", absl::StrCat(task_.seed)},
          {"step", absl::StrCat(step)},
          {"run", identity_}};
    };
    BILD_RETURN_IF_ERROR(
        SaveWeights(result.best_weights_path, net, progress_.best_parameters,
                    progress_.best_buffers, metadata(progress_.best_step)));
    BILD_RETURN_IF_ERROR(
        SaveWeights(result.last_weights_path, net, net.parameters().flat(),
                    net.buffers().flat(), metadata(progress_.step)));
    return result;
  }

  const TrainingTask& task_;
  const std::string name_;
  const std::string identity_;
  const std::string checkpoint_path_;
  const std::string journal_path_;
  Journal journal_;
  LearningRateSchedule schedule_;
  std::unique_ptr<Optimizer> theta_optimizer_;
  std::unique_ptr<ReweightingNetwork> network_;
  std::unique_ptr<Optimizer> phi_optimizer_;
  std::unique_ptr<BilevelStep> step_;
  TrainingProgress progress_;
  int64_t saved_step_ = 0;
  WindowStatistics window_;
  PatchBatch batch_;
  StepReport report_;
  std::vector<double> step_milliseconds_;
  double period_milliseconds_ = 0.0;  // Since the last outer step.
  int64_t period_steps_ = 0;
};

}  // namespace

absl::StatusOr<TrainingResult> Train(const TrainingTask& task) {
  return CatchTorchErrors(
      fmt::format("{} seed {}", task.method.name, task.seed),
      [&]() -> absl::StatusOr<TrainingResult> {
        return TrainingRun(task).Run();
      });
}

}  // namespace bild
