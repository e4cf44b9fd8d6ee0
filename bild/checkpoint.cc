#include "bild/checkpoint.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "ATen/ops/empty_like.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "backbones/named_tensor.h"
#include "backbones/safetensors.h"
#include "bild/base/json_integer.h"
#include "bild/base/status.h"
#include "c10/core/GradMode.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"

namespace bild {
namespace {

// Another content takes the next number; an old file is then refused.
constexpr char kFormat[] = "bild-checkpoint/3";

constexpr char kTheta[] = "theta";
constexpr char kPhi[] = "phi";
constexpr char kBest[] = "best_theta";
constexpr char kBuffers[] = "buffers";
constexpr char kBestBuffers[] = "best_buffers";
constexpr char kThetaOptimizer[] = "theta_optimizer/";
constexpr char kMeanValidationGradient[] = "mean_validation_gradient";
constexpr char kRewardBaseline[] = "reward_baseline";
constexpr char kPhiOptimizer[] = "phi_optimizer/";

void AddOptimizer(const std::string& prefix, const Optimizer* optimizer,
                  std::vector<NamedTensor>* tensors, nlohmann::json* json) {
  if (optimizer == nullptr) return;
  (*json)[prefix + "steps"] = optimizer->steps();
  for (const NamedTensor& tensor : optimizer->State()) {
    tensors->push_back({prefix + tensor.name, tensor.value});
  }
}

// The file's tensors below a prefix, without it.
std::vector<NamedTensor> Below(const SafetensorsFile& file,
                               const std::string& prefix) {
  std::vector<NamedTensor> found;
  for (const NamedTensor& tensor : file.tensors) {
    if (tensor.name.rfind(prefix, 0) == 0) {
      found.push_back({tensor.name.substr(prefix.size()), tensor.value});
    }
  }
  return found;
}

absl::Status Damaged(const std::string& path, const std::string& what) {
  return absl::DataLossError(
      absl::StrCat("Checkpoint '", path, "' is damaged: ", what,
                   ". Remove it to start this run again from its first step."));
}

// A flat vector of the file that fits `like`.
absl::Status CheckVector(const std::string& path, const SafetensorsFile& file,
                         const std::string& name, const at::Tensor& like) {
  const at::Tensor* found = file.Find(name);
  if (found == nullptr) return Damaged(path, absl::StrCat("no '", name, "'"));
  if (found->sizes() != like.sizes() ||
      found->scalar_type() != like.scalar_type()) {
    return Damaged(path, absl::StrCat("'", name, "' has ", found->numel(),
                                      " values, expected ", like.numel(),
                                      " of the net's type"));
  }
  return absl::OkStatus();
}

// Whether `optimizer` could take over its part of the file, tried on another
// one of the same options.
absl::Status CheckOptimizer(const std::string& path,
                            const SafetensorsFile& file,
                            const std::string& prefix, int64_t steps,
                            const Optimizer& optimizer,
                            const at::Tensor& parameters) {
  BILD_ASSIGN_OR_RETURN(const std::unique_ptr<Optimizer> other,
                        MakeOptimizer(optimizer.options()));
  const absl::Status restored =
      other->Restore(steps, Below(file, prefix), parameters);
  if (restored.ok()) return restored;
  return Damaged(path, absl::StrCat(prefix, ": ", restored.message()));
}

}  // namespace

absl::Status SaveCheckpoint(const std::string& path, const std::string& run,
                            const TrainingState& state) {
  const TrainingProgress& progress = *state.progress;
  std::vector<NamedTensor> tensors = {{kTheta, state.theta->flat()}};
  nlohmann::json json;
  json["step"] = progress.step;
  json["outer_step"] = progress.outer_step;
  json["best_step"] = progress.best_step;
  // As text: the shortest decimal that reads back to the same double.
  json["best_validation_psnr_db"] =
      fmt::format("{}", progress.best_validation_psnr_db);
  json["last_validation_psnr_db"] =
      fmt::format("{}", progress.last_validation_psnr_db);
  json["is_dead"] = progress.is_dead;
  json["journal_bytes"] = progress.journal_bytes;
  json["last_window"] = nlohmann::json::object();
  for (const auto& [name, value] : progress.last_window) {
    json["last_window"][name] = fmt::format("{}", value);
  }
  AddOptimizer(kThetaOptimizer, state.theta_optimizer, &tensors, &json);
  if (state.phi != nullptr) tensors.push_back({kPhi, state.phi->flat()});
  AddOptimizer(kPhiOptimizer, state.phi_optimizer, &tensors, &json);
  if (state.outer->reward_baseline.has_value()) {
    json[kRewardBaseline] = fmt::format("{}", *state.outer->reward_baseline);
  }
  if (state.outer->mean_validation_gradient.defined()) {
    tensors.push_back(
        {kMeanValidationGradient, state.outer->mean_validation_gradient});
  }
  if (progress.best_parameters.defined()) {
    tensors.push_back({kBest, progress.best_parameters});
  }
  if (state.buffers->size() > 0) {
    tensors.push_back({kBuffers, state.buffers->flat()});
    if (progress.best_buffers.defined()) {
      tensors.push_back({kBestBuffers, progress.best_buffers});
    }
  }
  return WriteSafetensors(
      path, tensors,
      {{"format", kFormat}, {"run", run}, {"progress", json.dump()}});
}

absl::Status LoadCheckpoint(const std::string& path, const std::string& run,
                            const TrainingState& state) {
  BILD_ASSIGN_OR_RETURN(const SafetensorsFile file, ReadSafetensors(path));
  const auto entry = [&file](const std::string& key) {
    const auto found = file.metadata.find(key);
    return found == file.metadata.end() ? std::string() : found->second;
  };
  if (entry("format") != kFormat) {
    return absl::FailedPreconditionError(absl::StrCat(
        "'", path, "' is no checkpoint of this version: expected format '",
        kFormat, "', found '", entry("format"),
        "'. Remove it to start this run again, or choose another --out."));
  }
  if (entry("run") != run) {
    return absl::FailedPreconditionError(absl::StrCat(
        "Checkpoint '", path, "' belongs to another run.\n  expected: ", run,
        "\n  found:    ", entry("run"),
        "\nUse the flags of that run (its config.flags), or another --out."));
  }
  const nlohmann::json json =
      nlohmann::json::parse(entry("progress"), nullptr, false);
  TrainingProgress progress;
  OuterState outer;
  int64_t theta_steps = 0;
  int64_t phi_steps = 0;
  try {
    bool is_number = true;
    const auto take_count = [&](const std::string& name, int64_t* count) {
      const std::optional<int64_t> number = JsonInteger(json.at(name));
      is_number = is_number && number.has_value();
      *count = number.value_or(0);
    };
    take_count("step", &progress.step);
    take_count("outer_step", &progress.outer_step);
    take_count("best_step", &progress.best_step);
    take_count("journal_bytes", &progress.journal_bytes);
    take_count(std::string(kThetaOptimizer) + "steps", &theta_steps);
    if (state.phi_optimizer != nullptr) {
      take_count(std::string(kPhiOptimizer) + "steps", &phi_steps);
    }
    progress.is_dead = json.at("is_dead").get<bool>();
    is_number =
        is_number &&
        absl::SimpleAtod(json.at("best_validation_psnr_db").get<std::string>(),
                         &progress.best_validation_psnr_db) &&
        absl::SimpleAtod(json.at("last_validation_psnr_db").get<std::string>(),
                         &progress.last_validation_psnr_db);
    for (const auto& [name, text] : json.at("last_window").items()) {
      is_number = is_number && absl::SimpleAtod(text.get<std::string>(),
                                                &progress.last_window[name]);
    }
    if (json.contains(kRewardBaseline)) {
      is_number = is_number &&
                  absl::SimpleAtod(json.at(kRewardBaseline).get<std::string>(),
                                   &outer.reward_baseline.emplace());
    }
    if (!is_number) return Damaged(path, "a number in 'progress' is no number");
  } catch (const nlohmann::json::exception& error) {
    return Damaged(path, error.what());
  }
  if (progress.step < 0 || progress.outer_step < 0 || progress.best_step < 0 ||
      progress.journal_bytes < 0) {
    return Damaged(path, "a count in 'progress' is negative");
  }

  // Everything is looked at before anything is taken over.
  BILD_RETURN_IF_ERROR(CheckVector(path, file, kTheta, state.theta->flat()));
  if (state.phi != nullptr) {
    BILD_RETURN_IF_ERROR(CheckVector(path, file, kPhi, state.phi->flat()));
  }
  const bool has_buffers = state.buffers->size() > 0;
  if (has_buffers) {
    BILD_RETURN_IF_ERROR(
        CheckVector(path, file, kBuffers, state.buffers->flat()));
  }
  if (file.Find(kMeanValidationGradient) != nullptr) {
    BILD_RETURN_IF_ERROR(
        CheckVector(path, file, kMeanValidationGradient, state.theta->flat()));
    outer.mean_validation_gradient = file.Find(kMeanValidationGradient)
                                         ->to(state.theta->flat().device())
                                         .clone();
  }
  progress.best_buffers = at::empty_like(state.buffers->flat());
  if (progress.best_step > 0) {
    BILD_RETURN_IF_ERROR(CheckVector(path, file, kBest, state.theta->flat()));
    progress.best_parameters =
        file.Find(kBest)->to(state.theta->flat().device()).clone();
    if (has_buffers) {
      BILD_RETURN_IF_ERROR(
          CheckVector(path, file, kBestBuffers, state.buffers->flat()));
      progress.best_buffers.copy_(*file.Find(kBestBuffers));
    }
  }
  BILD_RETURN_IF_ERROR(CheckOptimizer(path, file, kThetaOptimizer, theta_steps,
                                      *state.theta_optimizer,
                                      state.theta->flat()));
  if (state.phi_optimizer != nullptr) {
    BILD_RETURN_IF_ERROR(CheckOptimizer(path, file, kPhiOptimizer, phi_steps,
                                        *state.phi_optimizer,
                                        state.phi->flat()));
  }
  BILD_RETURN_IF_ERROR(state.theta_optimizer->Restore(
      theta_steps, Below(file, kThetaOptimizer), state.theta->flat()));
  if (state.phi_optimizer != nullptr) {
    BILD_RETURN_IF_ERROR(state.phi_optimizer->Restore(
        phi_steps, Below(file, kPhiOptimizer), state.phi->flat()));
  }
  const at::NoGradGuard no_grad;
  at::Tensor theta = state.theta->flat();
  theta.copy_(*file.Find(kTheta));
  if (has_buffers) {
    at::Tensor buffers = state.buffers->flat();
    buffers.copy_(*file.Find(kBuffers));
  }
  if (state.phi != nullptr) {
    at::Tensor phi = state.phi->flat();
    phi.copy_(*file.Find(kPhi));
  }
  *state.outer = std::move(outer);
  *state.progress = std::move(progress);
  return absl::OkStatus();
}

}  // namespace bild
