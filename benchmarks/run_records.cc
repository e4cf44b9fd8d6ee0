#include "benchmarks/run_records.h"

#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "benchmarks/verdict.h"
#include "bild/methods.h"

namespace bild {
namespace {

std::vector<std::string> InvalidReasons(const RunRecordSource& source) {
  std::vector<std::string> reasons = source.data->invalid_reasons;
  if (source.spec->profile == "ci") reasons.emplace_back("smoke run");
  if (source.spec->profile != "paper") reasons.emplace_back("quick recipe");
  AddNetReasons(source.backbone->name(), &reasons);
  if (!source.spec->recipe_note.empty()) {
    reasons.push_back(source.spec->recipe_note);
  }
  if (!source.spec->recipe_changes.empty()) {
    reasons.push_back(absl::StrCat(
        "changed recipe: ", absl::StrJoin(source.spec->recipe_changes, ", ")));
  }
  if (!source.spec->run.is_deterministic) {
    reasons.emplace_back("not deterministic");
  }
  AddEnvironmentReasons(*source.environment, &reasons);
  return reasons;
}

}  // namespace

Record CommonRecord(const RunRecordSource& source) {
  const RunSpec& spec = *source.spec;
  const RunData& data = *source.data;
  const Environment& environment = *source.environment;
  Record record;
  record.run_id = source.run_id;
  record.target = spec.target;
  record.n_clear = CountScenes(*data.test, data.test_list.indices);
  record.decoder_probe = data.decoder_probe;
  record.evaluation_resolution = spec.data.evaluation_resolution;
  record.dataset = data.test_name;
  record.train_dataset = data.train->name();
  record.layout = data.train->layout();
  record.test_layout = data.test->layout();
  record.test_list_sha256 = data.test_list.sha256;
  record.train_list_sha256 = data.split.train.sha256;
  record.validation_list_sha256 = data.split.validation.sha256;
  record.n_train = static_cast<int64_t>(data.split.train.indices.size());
  record.n_validation =
      static_cast<int64_t>(data.split.validation.indices.size());
  record.split = data.split_text;
  record.backbone = source.backbone->name();
  record.parameters = source.backbone->parameters().size();
  record.published = spec.profile == "paper";
  record.run_profile = spec.profile;
  record.steps = spec.train.steps;
  record.batch = spec.train.batch;
  record.crop_px = spec.train.crop_px;
  record.loss = spec.train.loss;
  record.config = TrainConfigText(spec.train);
  record.commit = environment.commit;
  record.dirty = environment.is_dirty;
  record.device = environment.device;
  record.threads = environment.threads;
  record.libraries = environment.libraries;
  record.started_at = environment.started_at;
  record.peak_memory_mib = PeakMemoryMib();
  SetVerdict(InvalidReasons(source), &record);
  return record;
}

Record TrainedRecord(const RunRecordSource& source, const std::string& method,
                     uint64_t seed, const TrainingResult& result) {
  Record record = CommonRecord(source);
  record.method = method;
  record.seed = static_cast<int64_t>(seed);
  record.reward_engine = result.reward_engine;
  const auto window =
      [&result](const std::string& curve) -> std::optional<double> {
    const auto found = result.last_window.find(curve);
    if (found == result.last_window.end()) return std::nullopt;
    return found->second;
  };
  record.gain_mean = window("gain_normalised_mean");
  record.gain_standard_error = window("gain_normalised_standard_error");
  record.gain_t = window("gain_normalised_t");
  record.agreement_mean = window("agreement_mean");
  record.phi_gradient_norm = window("phi_gradient_norm");
  record.entropy_mean = window("weight_entropy");
  record.effective_batch_mean = window("effective_batch");
  record.weight_loss_correlation = window("weight_loss_correlation");
  record.own_gain_mean = window("own_gain_normalised_mean");
  record.gradient_cosine = window("gradient_cosine");
  record.reward_spread = window("reward_spread");
  record.zero_gradient_share = window("zero_gradient_share");
  record.training_loss = window("training_loss");
  record.validation_loss = window("validation_objective");
  if (result.step_milliseconds_median > 0) {
    record.step_milliseconds_median = result.step_milliseconds_median;
  }
  std::vector<std::string> reasons = InvalidReasons(source);
  if (result.is_dead) {
    reasons.emplace_back("dead net: it cannot learn any more");
  }
  // The published script's gradient is zero by construction; its row has a
  // note.
  const auto found = FindMethod(method);
  if (found.ok() && found->phi_update == PhiUpdate::kPatchRewards &&
      record.zero_gradient_share == 1.0) {
    reasons.emplace_back("weights not learned: zero gradient at the end");
  }
  SetVerdict(reasons, &record);
  return record;
}

}  // namespace bild
