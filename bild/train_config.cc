#include "bild/train_config.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "bild/base/status.h"
#include "bild/initialise.h"
#include "bild/learning_rate.h"
#include "bild/learning_weights.h"
#include "bild/optimizer.h"
#include "bild/patch_loss.h"
#include "bild/preconditioner.h"
#include "bild/rewards.h"
#include "fmt/format.h"

namespace bild {
namespace {

constexpr int64_t kMostSteps = 1'000'000'000;
constexpr int64_t kMostPatches = 65'536;
constexpr int64_t kMostEdge_px = 65'536;
constexpr int64_t kMostMemory_mib = 1 << 30;

// The window of an outer step and what does not go with it.
void CheckHorizon(const TrainConfig& config,
                  std::vector<std::string>* problems) {
  const auto add = [problems](const std::string& text) {
    problems->push_back(text);
  };
  const absl::Status preconditioner =
      ParsePreconditioner(config.preconditioner).status();
  if (!preconditioner.ok()) add(std::string(preconditioner.message()));
  const double rho = config.validation_momentum;
  if (!(rho >= 0 && rho < 1)) {
    add(fmt::format("--validation_momentum={}: expected 0 <= it < 1.", rho));
  }
  const int64_t horizon = config.horizon;
  if (horizon < 1) {
    add(fmt::format("--horizon={}: expected at least 1.", horizon));
    return;
  }
  if (config.truncate < 0 || config.truncate > horizon) {
    add(
        fmt::format("--truncate={}: expected 1 to --horizon={}, or 0 for the "
                    "whole of it.",
                    config.truncate, horizon));
  }
  if (horizon == 1) return;
  if (horizon > config.steps) {
    add(
        fmt::format("--horizon={} with --steps={}: there would be no outer "
                    "step.",
                    horizon, config.steps));
  }
  if (config.outer_every != 1 && config.outer_every != horizon) {
    add(
        fmt::format("--outer_every={} with --horizon={}: an outer step ends "
                    "every window, so the two are the same. Leave "
                    "--outer_every out.",
                    config.outer_every, horizon));
  }
  if (rho != 0) {
    add(
        fmt::format("--validation_momentum={} with --horizon={}: a running "
                    "mean belongs to no one step. Use one of the two.",
                    rho, horizon));
  }
  if (config.effective_truncate() > 1 && config.reward_engine != "auto") {
    add(
        fmt::format("--reward_engine={} with --horizon={}: the products come "
                    "with the Hessian-vector products of the window. Use "
                    "--reward_engine=auto, or --truncate=1.",
                    config.reward_engine, horizon));
  }
}

}  // namespace

int64_t TrainConfig::effective_eval_every() const {
  constexpr int64_t kPoints = 5;
  return eval_every > 0 ? eval_every
                        : std::max<int64_t>(1, (steps + kPoints - 1) / kPoints);
}

std::vector<std::pair<std::string, std::string>> DescribeTrainConfig(
    const TrainConfig& config) {
  std::vector<std::pair<std::string, std::string>> rows;
  const auto add = [&rows](const std::string& name, const auto& value) {
    rows.emplace_back(name, fmt::format("{}", value));
  };
  add("backbone", config.backbone);
  add("loss", config.loss);
  add("initialisation", config.initialisation);
  add("steps", config.steps);
  add("batch", config.batch);
  add("crop_px", config.crop_px);
  add("flip", config.flip);
  add("quarter_turns", config.quarter_turns);
  add("optimizer", config.optimizer);
  add("learning_rate", config.learning_rate);
  add("learning_rate_schedule", config.learning_rate_schedule);
  add("beta1", config.beta1);
  add("beta2", config.beta2);
  add("epsilon", config.epsilon);
  add("momentum", config.momentum);
  add("weight_decay", config.weight_decay);
  add("clip_gradient_norm", config.clip_gradient_norm);
  add("alpha", config.alpha);
  add("entropy", config.entropy);
  add("reward_scale", config.reward_scale);
  add("logit_norm", config.logit_norm);
  add("reward_engine", config.reward_engine);
  add("reward_memory_mib", config.reward_memory_mib);
  add("finite_difference_step", config.finite_difference_step);
  add("phi_learning_rate", config.phi_learning_rate);
  add("phi_epsilon", config.phi_epsilon);
  add("validation_batch", config.effective_validation_batch());
  add("validation_momentum", config.validation_momentum);
  add("outer_every", config.effective_outer_every());
  add("horizon", config.horizon);
  add("truncate", config.effective_truncate());
  add("preconditioner", config.preconditioner);
  add("stop_on_zero_gradient", config.stop_on_zero_gradient);
  add("log_every", config.log_every);
  add("eval_every", config.effective_eval_every());
  add("validation_pictures", config.validation_pictures);
  return rows;
}

std::string TrainConfigText(const TrainConfig& config) {
  std::string text;
  for (const auto& [name, value] : DescribeTrainConfig(config)) {
    absl::StrAppend(&text, text.empty() ? "" : " ", "--", name, "=", value);
  }
  return text;
}

absl::Status ValidateTrainConfig(const TrainConfig& config) {
  std::vector<std::string> problems;
  const auto check = [&problems](const absl::Status& status) {
    if (!status.ok()) problems.emplace_back(status.message());
  };
  const auto at_least = [&problems](const std::string& flag, auto value,
                                    auto least) {
    if (!std::isfinite(static_cast<double>(value))) {
      problems.push_back(
          fmt::format("--{}={}: expected a finite number of at least {}.", flag,
                      value, least));
    } else if (value < least) {
      problems.push_back(
          fmt::format("--{}={}: expected at least {}.", flag, value, least));
    }
  };
  const auto positive = [&problems](const std::string& flag, double value) {
    if (!(value > 0) || !std::isfinite(value)) {
      problems.push_back(fmt::format(
          "--{}={}: expected a finite number above 0.", flag, value));
    }
  };
  check(ParsePatchLoss(config.loss).status());
  check(ParseInitialisation(config.initialisation).status());
  check(ParseEntropyTerm(config.entropy).status());
  check(ParseRewardScale(config.reward_scale).status());
  const auto norm = ParseLogitNorm(config.logit_norm);
  check(norm.status());
  if (norm.ok()) check(CheckBatchForLogitNorm(config.batch, *norm));
  const auto schedule = ParseLearningRateShape(config.learning_rate_schedule);
  check(schedule.status());
  check(MakeOptimizer({config.optimizer, config.weight_decay, config.momentum,
                       config.beta1, config.beta2, config.epsilon})
            .status());
  at_least("steps", config.steps, 1);
  at_least("batch", config.batch, 1);
  at_least("crop_px", config.crop_px, 1);
  at_least("outer_every", config.outer_every, 1);
  if (config.steps >= 1 && config.outer_every > config.steps) {
    problems.push_back(fmt::format(
        "--outer_every={} with --steps={}: there would be no outer step.",
        config.outer_every, config.steps));
  }
  if (config.validation_batch < 1 && config.validation_batch != -1) {
    problems.push_back(
        fmt::format("--validation_batch={}: expected at least 1, or -1 for as "
                    "many as --batch.",
                    config.validation_batch));
  }
  at_least("reward_memory_mib", config.reward_memory_mib, 1);
  CheckHorizon(config, &problems);
  at_least("log_every", config.log_every, 1);
  at_least("eval_every", config.eval_every, 0);
  at_least("validation_pictures", config.validation_pictures, 1);
  // Their products are counted as well and must not overflow.
  const auto at_most = [&problems](const std::string& flag, int64_t value,
                                   int64_t most) {
    if (value > most) {
      problems.push_back(
          fmt::format("--{}={}: expected at most {}.", flag, value, most));
    }
  };
  at_most("steps", config.steps, kMostSteps);
  at_most("reward_memory_mib", config.reward_memory_mib, kMostMemory_mib);
  at_most("outer_every", config.outer_every, kMostSteps);
  at_most("log_every", config.log_every, kMostSteps);
  at_most("eval_every", config.eval_every, kMostSteps);
  at_most("batch", config.batch, kMostPatches);
  at_most("validation_batch", config.validation_batch, kMostPatches);
  at_most("crop_px", config.crop_px, kMostEdge_px);
  if (std::isfinite(config.alpha) && config.alpha < 0) {
    problems.push_back(fmt::format(
        "--alpha={}: expected at least 0; the sign of the entropy term is "
        "--entropy=maximize or literal_6j.",
        config.alpha));
  } else {
    at_least("alpha", config.alpha, 0.0);
  }
  at_least("clip_gradient_norm", config.clip_gradient_norm, 0.0);
  positive("learning_rate", config.learning_rate);
  positive("finite_difference_step", config.finite_difference_step);
  if (config.finite_difference_step != TrainConfig().finite_difference_step &&
      config.reward_engine != "finite_difference") {
    problems.push_back(
        fmt::format("--finite_difference_step={} with --reward_engine={}: only "
                    "finite_difference takes a step. Leave one of them out.",
                    config.finite_difference_step, config.reward_engine));
  }
  positive("phi_learning_rate", config.phi_learning_rate);
  positive("phi_epsilon", config.phi_epsilon);
  if (problems.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      ListProblems("The training configuration does not hold:", problems, ""));
}

}  // namespace bild
