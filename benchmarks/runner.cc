#include "benchmarks/runner.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "backbones/catalog.h"
#include "backbones/weights.h"
#include "benchmarks/environment.h"
#include "benchmarks/results_folder.h"
#include "benchmarks/run_data.h"
#include "benchmarks/run_records.h"
#include "benchmarks/summary.h"
#include "bild/base/atomic_file.h"
#include "bild/base/command_line.h"
#include "bild/base/device.h"
#include "bild/base/log.h"
#include "bild/base/progress.h"
#include "bild/base/sha256.h"
#include "bild/base/status.h"
#include "bild/base/stop_signal.h"
#include "bild/base/torch_boundary.h"
#include "bild/checkpoint.h"
#include "bild/evaluator.h"
#include "bild/methods.h"
#include "bild/metrics/profile.h"
#include "bild/trainer.h"
#include "datasets/label_fault.h"
#include "datasets/patch_sampler.h"
#include "datasets/prefetch.h"
#include "fmt/format.h"
#include "reports/report.h"
#include "reports/result_rows.h"

namespace bild {
namespace {

// Part of a run's identity: results of another version are another run's.
constexpr char kSuiteVersion[] = "0.4.0";

class BenchmarkRun {
 public:
  explicit BenchmarkRun(const RunSpec& spec) : spec_(spec) {}

  absl::StatusOr<IdentifiedRun> Identify() {
    BILD_RETURN_IF_ERROR(SetUp());
    return IdentifiedRun{Identity(), EffectiveSpec()};
  }

  absl::StatusOr<RunOutcome> Run() {
    BILD_RETURN_IF_ERROR(SetUp());
    BILD_RETURN_IF_ERROR(TakeFolder());
    RunOutcome outcome;
    outcome.folder = folder_;
    const bool has_records = IsFinished(folder_);
    if (has_records) {
      outcome.was_done = std::filesystem::exists(folder_ + "/report.md");
      if (!outcome.was_done) BILD_RETURN_IF_ERROR(WriteReport(folder_));
      BILD_ASSIGN_OR_RETURN(const std::vector<Record> records,
                            ReadRecords(folder_ + "/records.jsonl"));
      outcome.summary = SummarizeRecords(records);
      return outcome;
    }
    BILD_RETURN_IF_ERROR(CheckHalfDone());
    DefaultLogger().AppendTo(folder_ + "/log.txt");
    for (const std::string& note : data_.notes) LogInfo("{}", note);
    BILD_RETURN_IF_ERROR(WriteFileAtomically(folder_ + "/config.flags",
                                             ConfigFlagsText(EffectiveSpec())));
    BILD_RETURN_IF_ERROR(WriteFileAtomically(folder_ + "/env.json",
                                             EnvironmentJson(environment_)));
    BILD_RETURN_IF_ERROR(WriteLabelFaults());
    std::vector<RunRows> runs;
    std::vector<RunJournal> journals;
    BILD_ASSIGN_OR_RETURN(RunRows input, ScoreInput());
    runs.push_back(std::move(input));
    for (uint64_t seed : spec_.seeds) {
      for (const std::string& name : spec_.methods) {
        BILD_ASSIGN_OR_RETURN(const Method method, FindMethod(name));
        BILD_RETURN_IF_ERROR(TrainAndScore(method, seed, &runs, &journals));
      }
    }
    BILD_RETURN_IF_ERROR(WriteResultFiles(folder_, runs, journals));
    BILD_RETURN_IF_ERROR(WriteReport(folder_));
    std::vector<Record> records;
    for (const RunRows& run : runs) {
      records.insert(records.end(), run.records.begin(), run.records.end());
    }
    outcome.summary = SummarizeRecords(records);
    return outcome;
  }

 private:
  absl::Status SetUp() {
    DeviceSettings wanted;
    BILD_ASSIGN_OR_RETURN(wanted.device, ParseDevice(spec_.run.device));
    wanted.threads = spec_.run.threads;
    wanted.is_deterministic = spec_.run.is_deterministic;
    BILD_ASSIGN_OR_RETURN(device_, SetUpDevice(wanted));
    environment_ = LookAtEnvironment(device_);
    BILD_ASSIGN_OR_RETURN(
        profiles_, ParseProfiles(absl::StrJoin(spec_.metric_profiles, ",")));
    BILD_ASSIGN_OR_RETURN(backbone_,
                          MakeBackbone(NetOf(spec_), FloatOptions()));
    RunDataOptions options;
    options.image_cache_mib = spec_.run.image_cache_mib;
    options.validation_pictures = spec_.train.validation_pictures;
    options.crop_px = spec_.train.crop_px;
    BILD_ASSIGN_OR_RETURN(data_, OpenRunData(spec_.data, options));
    // Crops that do not fit are found before anything is written.
    for (uint64_t seed : {spec_.seeds.front()}) {
      BILD_RETURN_IF_ERROR(MakeBatches(PatchPurpose::kTraining, seed).status());
      BILD_RETURN_IF_ERROR(
          MakeBatches(PatchPurpose::kValidation, seed).status());
    }
    for (const uint64_t seed : spec_.seeds) {
      BILD_RETURN_IF_ERROR(LabelFaults(seed).status());
    }
    return absl::OkStatus();
  }

  absl::Status TakeFolder() {
    identity_ = Identity();
    run_id_ = Sha256Hex(identity_).substr(0, 12);
    folder_ = spec_.run.out.empty()
                  ? DefaultResultsFolder(spec_.target, run_id_)
                  : spec_.run.out;
    BILD_ASSIGN_OR_RETURN(ResultsLock lock,
                          ResultsLock::Take(folder_, identity_));
    lock_ = std::make_unique<ResultsLock>(std::move(lock));
    return absl::OkStatus();
  }

  at::TensorOptions FloatOptions() const {
    return at::TensorOptions().dtype(at::kFloat).device(device_.device);
  }

  // Everything that changes the result, in words.
  std::string Identity() const {
    std::string text =
        absl::StrCat("suite=", kSuiteVersion, " target=", spec_.target);
    for (const auto& [name, value] : DescribeRunSpec(spec_)) {
      absl::StrAppend(&text, " --", name, "=", value);
    }
    return absl::StrCat(
        text, " train=", data_.train->name(),
        " train_list=", data_.split.train.sha256,
        " validation_list=", data_.split.validation.sha256,
        " test=", data_.test_name, " test_list=", data_.test_list.sha256,
        " file_sizes=", data_.file_sizes_sha256,
        " device=", device_.device.is_cpu() ? "cpu" : "cuda",
        " threads=", device_.threads,
        " deterministic=", device_.is_deterministic ? "true" : "false");
  }

  absl::Status CheckHalfDone() const {
    if (spec_.run.resume) return absl::OkStatus();
    if (!std::filesystem::exists(folder_ + "/checkpoints")) {
      return absl::OkStatus();
    }
    return absl::FailedPreconditionError(
        absl::StrCat("'", folder_,
                     "' holds a half-done run. Continue it with --resume, or "
                     "choose another --out."));
  }

  // With what "all cores" and "auto" came to on this machine.
  RunSpec EffectiveSpec() const {
    RunSpec spec = spec_;
    spec.run.device = device_.device.str();
    spec.run.threads = device_.threads;
    return spec;
  }

  absl::StatusOr<std::unique_ptr<PatchBatches>> MakeBatches(
      PatchPurpose purpose, uint64_t seed) const {
    const bool is_training = purpose == PatchPurpose::kTraining;
    PatchSamplerOptions options;
    options.seed = seed;
    options.purpose = purpose;
    options.batch_size = is_training ? spec_.train.batch
                                     : spec_.train.effective_validation_batch();
    options.crop_px = spec_.train.crop_px;
    options.augmentation = {spec_.train.flip, spec_.train.quarter_turns};
    std::shared_ptr<const PairedDataset> pairs = data_.train;
    if (is_training && data_.label_fault.kind != LabelFaultKind::kNone) {
      BILD_ASSIGN_OR_RETURN(const std::vector<FaultyPair> faulty,
                            LabelFaults(seed));
      pairs =
          std::make_shared<FaultyLabels>(pairs, data_.label_fault.kind, faulty);
    }
    BILD_ASSIGN_OR_RETURN(
        std::unique_ptr<PatchBatches> batches,
        MakePatchSampler(
            pairs,
            is_training ? data_.split.train.indices : data_.outer_indices,
            options));
    PrefetchOptions prefetch;
    prefetch.workers = spec_.run.workers;
    // Two for each, so that none waits for the slowest.
    prefetch.ahead = std::max(prefetch.ahead, 2 * spec_.run.workers);
    return Prefetch(std::move(batches), prefetch);
  }

  absl::StatusOr<std::vector<FaultyPair>> LabelFaults(uint64_t seed) const {
    return DrawLabelFaults(*data_.train, data_.split.train.indices,
                           data_.label_fault, seed);
  }

  // For who looks at the results; the trainer never sees it.
  absl::Status WriteLabelFaults() const {
    if (data_.label_fault.kind == LabelFaultKind::kNone) {
      return absl::OkStatus();
    }
    std::string text = LabelFaultsHeader();
    for (const uint64_t seed : spec_.seeds) {
      BILD_ASSIGN_OR_RETURN(const std::vector<FaultyPair> faulty,
                            LabelFaults(seed));
      const std::vector<PairName>& pairs = data_.train->pairs();
      for (const FaultyPair& pair : faulty) {
        text += ToCsvLine(
            LabelFaultRow{static_cast<int64_t>(seed),
                          pairs[static_cast<size_t>(pair.index)].id,
                          LabelFaultText(data_.label_fault),
                          pairs[static_cast<size_t>(pair.source)].id});
      }
    }
    return WriteFileAtomically(folder_ + "/label_faults.csv", text);
  }

  absl::Status TrainAndScore(const Method& method, uint64_t seed,
                             std::vector<RunRows>* runs,
                             std::vector<RunJournal>* journals) {
    const auto start = std::chrono::steady_clock::now();
    const std::string run_folder =
        fmt::format("{}/checkpoints/{}_seed{}", folder_, method.name, seed);
    const std::string label =
        fmt::format("{} {} seed {}", backbone_->name(), method.name, seed);
    // The evaluation is the last thing a run does.
    const auto finished = LoadRunRows(run_folder);
    if (finished.ok()) {
      LogInfo("{}: done earlier", label);
      BILD_ASSIGN_OR_RETURN(JournalRows rows,
                            ReadJournal(run_folder + "/journal.jsonl"));
      runs->push_back(*finished);
      journals->push_back(
          {method.name, static_cast<int64_t>(seed), std::move(rows)});
      return absl::OkStatus();
    }
    if (!absl::IsNotFound(finished.status())) return finished.status();

    BILD_ASSIGN_OR_RETURN(const auto training,
                          MakeBatches(PatchPurpose::kTraining, seed));
    BILD_ASSIGN_OR_RETURN(const auto validation,
                          MakeBatches(PatchPurpose::kValidation, seed));
    Progress progress(label, spec_.train.steps);
    TrainingTask task;
    task.method = method;
    task.seed = seed;
    task.config = spec_.train;
    task.device = device_.device;
    task.backbone = backbone_.get();
    task.training = training.get();
    task.validation = validation.get();
    task.validation_psnr_db = [this](const Backbone& backbone) {
      return MeanDefaultPsnrDb(backbone, *data_.train,
                               data_.validation_pictures);
    };
    task.run = run_id_;
    task.folder = run_folder;
    task.progress = &progress;
    task.after_step = [&](int64_t step) { return StopIfAsked(label, step); };
    BILD_ASSIGN_OR_RETURN(const TrainingResult result, TrainUntilStopped(task));

    RunRows rows;
    std::vector<ProfileScores> scores;
    for (const bool is_best : {true, false}) {
      Record record = TrainedRecord(RecordSource(), method.name, seed, result);
      record.checkpoint = is_best ? "best@val" : "last";
      record.checkpoint_step = is_best ? result.best_step : result.steps;
      record.validation_psnr_db = is_best ? result.best_validation_psnr_db
                                          : result.last_validation_psnr_db;
      record.wall_seconds = std::chrono::duration<double>(
                                std::chrono::steady_clock::now() - start)
                                .count();
      // Where the last checkpoint is the best, its scores are known.
      if (is_best || result.best_step != result.steps) {
        BILD_RETURN_IF_ERROR(LoadWeights(
            is_best ? result.best_weights_path : result.last_weights_path,
            backbone_->layers()));
        BILD_ASSIGN_OR_RETURN(
            scores, Score(backbone_.get(), label + ", " + record.checkpoint));
      }
      AddScores(scores, *data_.test, record, &rows);
    }
    BILD_RETURN_IF_ERROR(SaveRunRows(run_folder, rows));
    BILD_ASSIGN_OR_RETURN(JournalRows journal,
                          ReadJournal(result.journal_path));
    runs->push_back(std::move(rows));
    journals->push_back(
        {method.name, static_cast<int64_t>(seed), std::move(journal)});
    return absl::OkStatus();
  }

  // Ctrl-C ends a training after a step; everything else that a benchmark does
  // is short, or leaves nothing behind.
  static absl::StatusOr<TrainingResult> TrainUntilStopped(
      const TrainingTask& task) {
    const StopSignals stop;
    return Train(task);
  }

  absl::Status StopIfAsked(const std::string& label, int64_t step) const {
    if (!StopSignals::WasAsked()) return absl::OkStatus();
    return absl::CancelledError(fmt::format(
        "{}: stopped after step {} of {}. The same command{} goes on from the "
        "last checkpoint.",
        label, step, spec_.train.steps,
        spec_.run.out.empty() ? "" : " with --resume"));
  }

  absl::StatusOr<RunRows> ScoreInput() {
    const std::string folder = folder_ + "/checkpoints/input";
    auto finished = LoadRunRows(folder);
    if (!absl::IsNotFound(finished.status())) return finished;
    BILD_RETURN_IF_ERROR(MakeFolders(folder));
    RunRows rows;
    Record record = CommonRecord(RecordSource());
    record.method = "input";
    BILD_ASSIGN_OR_RETURN(const std::vector<ProfileScores> scores,
                          Score(nullptr, "hazy input"));
    AddScores(scores, *data_.test, record, &rows);
    // The input is a record; per-image rows are of restored pictures.
    rows.pictures.clear();
    BILD_RETURN_IF_ERROR(SaveRunRows(folder, rows));
    return rows;
  }

  RunRecordSource RecordSource() const {
    return {&spec_, &data_, &environment_, backbone_.get(), run_id_};
  }

  // On the test set; null is the hazy input.
  absl::StatusOr<std::vector<ProfileScores>> Score(const Backbone* backbone,
                                                   const std::string& label) {
    Progress progress(label,
                      static_cast<int64_t>(data_.test_list.indices.size()));
    return Evaluate(backbone, *data_.test, data_.test_list.indices, profiles_,
                    &progress);
  }

  const RunSpec& spec_;
  DeviceSettings device_;
  Environment environment_;
  std::vector<MetricProfile> profiles_;
  std::unique_ptr<Backbone> backbone_;
  RunData data_;
  std::string identity_;
  std::string run_id_;
  std::string folder_;
  std::unique_ptr<ResultsLock> lock_;
};

}  // namespace

absl::StatusOr<IdentifiedRun> IdentifyRun(const RunSpec& spec) {
  BenchmarkRun run(spec);
  return CatchTorchErrors("opening the data",
                          [&run] { return run.Identify(); });
}

absl::StatusOr<RunOutcome> RunBenchmark(const RunSpec& spec) {
  BenchmarkRun run(spec);
  auto outcome = CatchTorchErrors("running", [&run] { return run.Run(); });
  if (!outcome.ok()) {
    // Who looks at the folder later should see why it is half done.
    DefaultLogger().WriteToFile(LogLevel::kError,
                                std::string(outcome.status().message()));
  }
  return outcome;
}

}  // namespace bild
