// Scores a weights file, or the hazy pictures as they are, on a dataset.
//
//   bazel run //benchmarks:evaluate -- --backbone=aodnet --weights=F
//     --dataset=sots_indoor --data_root=DIR
//     [--metric_profile=default,ffa | --metric_profile=all --profile_table]
//
// Each picture is read and restored once, whatever the number of profiles.
// Without --out it writes nothing; with it, per_image.csv and records.jsonl.

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "backbones/catalog.h"
#include "backbones/weights.h"
#include "benchmarks/environment.h"
#include "benchmarks/profile_table.h"
#include "benchmarks/results_folder.h"
#include "benchmarks/run_data.h"
#include "benchmarks/set_source.h"
#include "benchmarks/summary.h"
#include "benchmarks/verdict.h"
#include "bild/base/atomic_file.h"
#include "bild/base/command_line.h"
#include "bild/base/device.h"
#include "bild/base/log.h"
#include "bild/base/program_start.h"
#include "bild/base/progress.h"
#include "bild/base/sha256.h"
#include "bild/base/status.h"
#include "bild/base/torch_boundary.h"
#include "bild/checkpoint.h"
#include "bild/evaluator.h"
#include "bild/metrics/profile.h"
#include "datasets/catalog.h"
#include "datasets/leaks.h"
#include "datasets/paired_dataset.h"
#include "datasets/reduced_pairs.h"
#include "datasets/split.h"

ABSL_FLAG(std::string, backbone, "",
          "the net, as in aodnet or ffa[blocks=20]; none: the hazy pictures "
          "are scored as they are");
ABSL_FLAG(std::string, weights, "", "a .safetensors file of that net");
ABSL_FLAG(std::string, dataset, "", "a dataset, as in sots_indoor or pair");
ABSL_FLAG(std::string, data_root, "",
          "the folder of all datasets, or the set's own");
ABSL_FLAG(
    std::string, cache, "",
    "a folder that //datasets:pack wrote to, read instead of --data_root");
ABSL_FLAG(std::vector<std::string>, metric_profile,
          std::vector<std::string>({"default"}),
          "metric profiles between commas, or all");
ABSL_FLAG(std::string, split, "all",
          "which pictures: all, or one side of the set's split (train, "
          "validation, test) as the benchmarks draw it");
ABSL_FLAG(uint64_t, split_seed, 0,
          "seed of the split; 0: the challenges' own division, 1 for any other "
          "set");
ABSL_FLAG(std::string, evaluation_resolution, "full",
          "what pictures are scored at: full, half or fit1600");
ABSL_FLAG(bool, profile_table, false,
          "print a table of the profiles beside each other as well");
ABSL_FLAG(bool, allow_partial, false,
          "take a named set with fewer files than its release");
ABSL_FLAG(bool, expand_grey, false,
          "take grey and palette pictures, expanded to three channels");
ABSL_FLAG(bool, depth16, false,
          "take PNG with 16 bits a channel; --dataset=pair only");
ABSL_FLAG(bool, allow_decoder_mismatch, false,
          "go on with an image decoder that differs from the reference");
ABSL_FLAG(std::string, device, "cpu", "cpu, cuda, cuda:N or auto");
ABSL_FLAG(int, threads, 0, "of one operation on the CPU; 0: all cores");
ABSL_FLAG(std::string, out, "",
          "folder for per_image.csv and records.jsonl; empty: none is written");

namespace bild {
namespace {

// --backbone=none: nothing is restored.
constexpr char kNoBackbone[] = "none";

bool ScoresTheInput() { return absl::GetFlag(FLAGS_backbone) == kNoBackbone; }

// The dataset's own name, before any file is opened.
absl::Status CheckUsage(std::vector<MetricProfile>* profiles) {
  std::vector<std::string> problems;
  std::vector<std::pair<std::string, std::string>> needed = {
      {"backbone", absl::GetFlag(FLAGS_backbone)},
      {"dataset", absl::GetFlag(FLAGS_dataset)}};
  if (absl::GetFlag(FLAGS_cache).empty()) {
    needed.emplace_back("data_root", absl::GetFlag(FLAGS_data_root));
  } else if (!absl::GetFlag(FLAGS_data_root).empty()) {
    problems.emplace_back(
        "--cache and --data_root: a cache is read instead of the files it was "
        "packed from; give one of them");
  }
  if (!ScoresTheInput()) {
    needed.emplace_back("weights", absl::GetFlag(FLAGS_weights));
  } else if (!absl::GetFlag(FLAGS_weights).empty()) {
    problems.emplace_back(
        "--backbone=none restores nothing: leave out --weights");
  }
  for (const auto& [flag, value] : needed) {
    if (value.empty())
      problems.push_back(absl::StrCat("--", flag, " is not given"));
  }
  if (!absl::GetFlag(FLAGS_backbone).empty() && !ScoresTheInput()) {
    const auto net = MakeBackbone(absl::GetFlag(FLAGS_backbone), at::kFloat);
    if (!net.ok()) problems.emplace_back(net.status().message());
  }
  if (!absl::GetFlag(FLAGS_dataset).empty()) {
    const auto found = FindDataset(absl::GetFlag(FLAGS_dataset));
    const absl::Status scorable =
        found.ok() ? CheckScorableSet(*found) : found.status();
    if (!scorable.ok()) problems.emplace_back(scorable.message());
  }
  if (absl::GetFlag(FLAGS_depth16) && absl::GetFlag(FLAGS_dataset) != "pair") {
    problems.emplace_back("--depth16 is for --dataset=pair");
  }
  const std::string split = absl::GetFlag(FLAGS_split);
  if (split != "all" && split != "train" && split != "validation" &&
      split != "test") {
    problems.push_back(absl::StrCat(
        "--split='", split, "': expected one of all, train, validation, test"));
  }
  const auto resolution =
      ParseResolution(absl::GetFlag(FLAGS_evaluation_resolution));
  if (!resolution.ok()) problems.emplace_back(resolution.status().message());
  auto parsed =
      ParseProfiles(absl::StrJoin(absl::GetFlag(FLAGS_metric_profile), ","));
  if (parsed.ok()) {
    *profiles = *parsed;
  } else {
    problems.emplace_back(parsed.status().message());
  }
  if (problems.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(ListProblems(
      "evaluate cannot run so:", problems, "--help lists the flags."));
}

// The net with its weights, or null for the hazy pictures themselves.
struct Restorer {
  std::unique_ptr<Backbone> backbone;
  std::string name = kNoBackbone;
  std::string weights_sha256;
};

absl::StatusOr<Restorer> LoadRestorer(const DeviceSettings& device) {
  Restorer restorer;
  if (ScoresTheInput()) return restorer;
  const std::string path = UserPath(absl::GetFlag(FLAGS_weights));
  BILD_ASSIGN_OR_RETURN(
      restorer.backbone,
      MakeBackbone(
          absl::GetFlag(FLAGS_backbone),
          at::TensorOptions().dtype(at::kFloat).device(device.device)));
  BILD_RETURN_IF_ERROR(LoadWeights(path, restorer.backbone->layers()));
  BILD_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
  restorer.name = restorer.backbone->name();
  restorer.weights_sha256 = Sha256Hex(bytes);
  return restorer;
}

void DescribeRestorer(const Restorer& restorer, Record* record) {
  record->backbone = restorer.name;
  if (restorer.backbone == nullptr) {
    record->method = "input";
    return;
  }
  record->method = "weights";
  record->parameters = restorer.backbone->parameters().size();
  // The weights are what was run.
  record->run_id = restorer.weights_sha256.substr(0, 12);
  record->config = absl::StrCat("--weights_sha256=", restorer.weights_sha256);
}

void DescribeEnvironment(const Environment& environment, Record* record) {
  record->commit = environment.commit;
  record->dirty = environment.is_dirty;
  record->device = environment.device;
  record->threads = environment.threads;
  record->libraries = environment.libraries;
  record->started_at = environment.started_at;
}

// The pictures that --split names. Scenes of a test set that the benchmarks
// leave out whatever they are tested on are in none of its sides.
struct ScoredList {
  std::string dataset;  // "ohaze", "its[validation]".
  SplitList list;
};

absl::StatusOr<ScoredList> ListToScore(const PairedDataset& dataset) {
  const std::string side = absl::GetFlag(FLAGS_split);
  if (side == "all") {
    return ScoredList{dataset.name(), WholeList(dataset.pairs())};
  }
  SplitOptions options;
  options.rule = DefaultSplitRule(dataset.name());
  options.seed = absl::GetFlag(FLAGS_split_seed);
  const bool is_challenge = options.rule == SplitRule::kChallenge;
  if (options.seed == 0 && !is_challenge) options.seed = 1;
  BILD_ASSIGN_OR_RETURN(const DatasetInfo info,
                        FindDataset(absl::GetFlag(FLAGS_dataset)));
  if (info.complete_ids != nullptr) options.complete_ids = info.complete_ids();
  BILD_ASSIGN_OR_RETURN(const Leaks leaks, FindLeaks(dataset, nullptr));
  BILD_ASSIGN_OR_RETURN(const Split split,
                        MakeSplit(dataset.pairs(), leaks.scenes, options));
  const SplitList& list = side == "train"        ? split.train
                          : side == "validation" ? split.validation
                                                 : split.test;
  if (list.indices.empty()) {
    return absl::FailedPreconditionError(absl::StrCat(
        dataset.name(), ": --split=", side, " holds no picture",
        is_challenge ? "." : ": this set has no test pictures of its own.",
        " Score the whole set with --split=all."));
  }
  // The challenges' test pictures are what their rows are about.
  return ScoredList{side == "test"
                        ? dataset.name()
                        : absl::StrCat(dataset.name(), "[", side, "]"),
                    list};
}

absl::StatusOr<std::string> EvaluateWeights(
    const std::vector<MetricProfile>& profiles) {
  DeviceSettings wanted;
  BILD_ASSIGN_OR_RETURN(wanted.device,
                        ParseDevice(absl::GetFlag(FLAGS_device)));
  wanted.threads = absl::GetFlag(FLAGS_threads);
  BILD_ASSIGN_OR_RETURN(const DeviceSettings device, SetUpDevice(wanted));
  const Environment environment = LookAtEnvironment(device);

  std::vector<std::string> reasons;
  Record record;
  record.target = "evaluate";
  BILD_ASSIGN_OR_RETURN(const Restorer restorer, LoadRestorer(device));

  std::vector<std::string> notes;
  SetSource source;
  source.set = absl::GetFlag(FLAGS_dataset);
  source.data_root = UserPath(absl::GetFlag(FLAGS_data_root));
  source.cache = UserPath(absl::GetFlag(FLAGS_cache));
  source.allow_partial = absl::GetFlag(FLAGS_allow_partial);
  source.reading.expand_grey = absl::GetFlag(FLAGS_expand_grey);
  source.reading.depth16 = absl::GetFlag(FLAGS_depth16);
  source.allow_decoder_mismatch = absl::GetFlag(FLAGS_allow_decoder_mismatch);
  source.notes = &notes;
  BILD_ASSIGN_OR_RETURN(OpenedSet opened, OpenSet(source));
  record.evaluation_resolution = absl::GetFlag(FLAGS_evaluation_resolution);
  BILD_ASSIGN_OR_RETURN(const Resolution resolution,
                        ParseResolution(record.evaluation_resolution));
  const std::shared_ptr<const PairedDataset> dataset =
      AtResolution(std::move(opened.dataset), resolution);
  record.decoder_probe = opened.is_decoder_mismatched ? "mismatch" : "match";
  if (opened.is_decoder_mismatched) {
    reasons.emplace_back("image decoder differs from the probe");
  }
  for (const std::string& note : notes) LogInfo("{}", note);
  for (const std::string& reason : dataset->invalid_reasons()) {
    reasons.push_back(reason);
  }
  BILD_ASSIGN_OR_RETURN(const ScoredList scored, ListToScore(*dataset));
  const SplitList& list = scored.list;

  // Taken before the work, so that a folder that cannot be had costs none.
  const std::string out = UserPath(absl::GetFlag(FLAGS_out));
  std::optional<ResultsLock> lock;
  if (!out.empty()) {
    const std::string profile_names = absl::StrJoin(
        profiles, ",", [](std::string* text, const MetricProfile& profile) {
          text->append(profile.name);
        });
    BILD_ASSIGN_OR_RETURN(const std::string file_sizes, FileSizes(*dataset));
    BILD_ASSIGN_OR_RETURN(
        ResultsLock taken,
        ResultsLock::Take(
            out, absl::StrCat("target=evaluate --backbone=", restorer.name,
                              " --metric_profile=", profile_names, " weights=",
                              restorer.weights_sha256, " test=", scored.dataset,
                              " test_list=", list.sha256,
                              " file_sizes=", Sha256Hex(file_sizes),
                              " resolution=", record.evaluation_resolution)));
    lock.emplace(std::move(taken));
  }

  Progress progress(absl::StrCat(restorer.name, " on ", scored.dataset),
                    static_cast<int64_t>(list.indices.size()));
  BILD_ASSIGN_OR_RETURN(const std::vector<ProfileScores> scores,
                        Evaluate(restorer.backbone.get(), *dataset,
                                 list.indices, profiles, &progress));

  record.n_clear = CountScenes(*dataset, list.indices);
  record.dataset = scored.dataset;
  record.test_layout = dataset->layout();
  record.test_list_sha256 = list.sha256;
  DescribeRestorer(restorer, &record);
  DescribeEnvironment(environment, &record);
  AddNetReasons(restorer.name, &reasons);
  AddEnvironmentReasons(environment, &reasons);
  SetVerdict(reasons, &record);

  RunRows rows;
  AddScores(scores, *dataset, record, &rows);
  if (!out.empty()) BILD_RETURN_IF_ERROR(SaveRunRows(out, rows));
  const std::string summary = SummarizeRecords(rows.records);
  if (!absl::GetFlag(FLAGS_profile_table)) return summary;
  return absl::StrCat(ProfileTable(rows.records), "\n", summary);
}

int Main(int argc, char** argv) {
  std::vector<MetricProfile> profiles;
  if (const auto code = StartProgram(
          argc, argv,
          "Scores a weights file, or the hazy pictures (--backbone=none), on a "
          "dataset.\n"
          "bazel run //benchmarks:evaluate -- --backbone= --weights= "
          "--dataset= --data_root= [flags]",
          [&profiles] { return CheckUsage(&profiles); }))
    return *code;
  KeepMemory();
  const auto summary = CatchTorchErrors(
      "evaluating", [&profiles] { return EvaluateWeights(profiles); });
  if (!summary.ok()) {
    std::fprintf(stderr, "evaluate: %s\n",
                 std::string(summary.status().message()).c_str());
    return kWorldIsWrong;
  }
  std::printf("%s", summary->c_str());
  return kDone;
}

}  // namespace
}  // namespace bild

int main(int argc, char** argv) { return bild::Main(argc, argv); }
