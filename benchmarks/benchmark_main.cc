// The program behind //benchmarks:<dataset>_<backbone> and
// //benchmarks:ablation_<name>.
//
//   bazel run //benchmarks:ots_ffa -- [flags]
//   bazel run //benchmarks:ablation_alpha -- --dataset=ots --backbone=ffa
//
// The flag files of recipes/ come first (recipe_settings.h), then the command
// line; the last setting of a flag wins.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "benchmarks/ablation_runner.h"
#include "benchmarks/ablations.h"
#include "benchmarks/benchmark_target.h"
#include "benchmarks/process_pool.h"
#include "benchmarks/recipe_settings.h"
#include "benchmarks/run_spec.h"
#include "benchmarks/runner.h"
#include "bild/base/command_line.h"
#include "bild/base/device.h"
#include "bild/base/program_start.h"
#include "bild/base/status.h"
#include "bild/base/stop_signal.h"
#include "datasets/split.h"

// What is run.
ABSL_FLAG(std::string, profile, "quick",
          "ci (seconds), quick (minutes on two cores) or paper (the published "
          "recipe)");
ABSL_FLAG(std::vector<std::string>, methods,
          std::vector<std::string>({"plain", "bild", "frozen_random"}),
          "methods to compare");
ABSL_FLAG(std::vector<std::string>, seeds,
          std::vector<std::string>({"1", "2", "3"}),
          "seeds; each gives one run of every method");
ABSL_FLAG(std::vector<std::string>, metric_profile,
          std::vector<std::string>({"default", "grid-bild"}),
          "metric profiles to score with");
ABSL_FLAG(std::string, recipe_note, "",
          "what of a published recipe is not had here; stands in every row");

// Data.
ABSL_FLAG(std::string, dataset, bild::kTargetDataset,
          "its, ots, ots_v0, ohaze, nhhaze, densehaze or pair (a folder with "
          "hazy/ and clear/)");
ABSL_FLAG(std::string, test_dataset, "",
          "what is tested on: any dataset with clear pictures, as in hsts; "
          "empty: the test set that belongs to --dataset");
ABSL_FLAG(std::string, data_root, "",
          "the folder of all datasets, or the set's own; empty: a synthetic "
          "set of the same shape");
ABSL_FLAG(std::string, test_root, "", "the same for the test set");
ABSL_FLAG(std::string, cache, "",
          "a folder that //datasets:pack wrote to, read instead of "
          "--data_root; the same bits");
ABSL_FLAG(std::string, test_cache, "",
          "the same for the test set; empty: --test_root, or it lies in "
          "--cache too");
ABSL_FLAG(bool, allow_partial, false,
          "take a named set with fewer files than its release");
ABSL_FLAG(bool, allow_decoder_mismatch, false,
          "go on with an image decoder that differs from the reference");
ABSL_FLAG(bool, expand_grey, false,
          "take grey and palette pictures, expanded to three channels");
ABSL_FLAG(bool, depth16, false,
          "take PNG with 16 bits a channel; --dataset=pair only");
ABSL_FLAG(std::string, split, "auto",
          "auto, paper, paper4500, full, tenth or challenge; see "
          "docs/datasets.md");
ABSL_FLAG(uint64_t, split_seed, 0,
          "seed of the split; 0: the challenges' own division, 1 for any other "
          "set");
ABSL_FLAG(int64_t, scene_block, 1,
          "scenes next to each other that stay on one side of the split");
ABSL_FLAG(std::string, leak, "drop",
          "drop or keep training scenes that are in the test set");
ABSL_FLAG(std::string, validation_scenes, "apart",
          "apart: validation patches come from the validation split; training: "
          "from the training split, to see what that does");
ABSL_FLAG(std::string, label_fault, "none",
          "hazy:P (the clear picture of a share P of the training pairs is a "
          "copy of the hazy one), other:P (another scene's) or none");
ABSL_FLAG(std::string, small, "error",
          "pictures smaller than --crop_px: error, or drop (leave them out, "
          "which every row says)");
ABSL_FLAG(std::string, evaluation_resolution, "full",
          "what test pictures are scored at: full, half or fit1600");
ABSL_FLAG(int64_t, scenes, 24, "synthetic training scenes");
ABSL_FLAG(int64_t, test_scenes, -1,
          "synthetic test scenes; -1: a fifth of --scenes, rounded up");
ABSL_FLAG(std::string, synthetic_size, "256x256",
          "WIDTHxHEIGHT of synthetic pictures, px");
ABSL_FLAG(uint64_t, synthetic_seed, 1, "seed of the synthetic set");

// The net and its optimiser.
ABSL_FLAG(std::string, backbone, bild::kTargetBackbone,
          "the target's net with options, as in ffa[dim=16,blocks=2]; in an "
          "ablation any net, without brackets as its recipe has it");
ABSL_FLAG(
    bool, ddu, false,
    "put the net behind the DDU: it works on a small picture, a bilateral "
    "grid brings the result up; on for ohaze and nhhaze");
ABSL_FLAG(int64_t, ddu_side_px, 320, "side of the DDU's small picture, px");
ABSL_FLAG(int64_t, ddu_grid_px, 256, "side of its grid net's input: 256 or 64");
ABSL_FLAG(int64_t, ddu_width, 64, "first width of its grid net");
ABSL_FLAG(std::string, loss, "l1", "per-patch loss: l1, mse or smooth_l1");
ABSL_FLAG(std::string, initialisation, "fan_in",
          "fan_in, normal_0.02 or normal_0.001");
ABSL_FLAG(int64_t, steps, 0, "inner steps; the recipe sets them");
ABSL_FLAG(int64_t, batch, 8, "patches in a training batch, B");
ABSL_FLAG(int64_t, crop_px, 64, "side of a patch, px");
ABSL_FLAG(bool, flip, true, "random left-right flips");
ABSL_FLAG(bool, quarter_turns, true, "random turns by 0, 90, 180, 270 degrees");
ABSL_FLAG(std::string, optimizer, "adam", "of the net: adam or sgd");
ABSL_FLAG(double, learning_rate, 1e-3, "of the net");
ABSL_FLAG(std::string, learning_rate_schedule, "constant",
          "constant, cosine, halved_every_N or tenth_every_N");
ABSL_FLAG(double, beta1, 0.9, "adam");
ABSL_FLAG(double, beta2, 0.999, "adam");
ABSL_FLAG(double, epsilon, 1e-8, "adam");
ABSL_FLAG(double, momentum, 0.0, "sgd");
ABSL_FLAG(double, weight_decay, 0.0,
          "adds it times the weights to the gradient");
ABSL_FLAG(double, clip_gradient_norm, 0.0,
          "largest l2 norm of the net's gradient; 0: no clipping");

// BILD.
ABSL_FLAG(double, alpha, 0.01, "weight of the entropy term");
ABSL_FLAG(std::string, entropy, "maximize", "maximize or literal_6j");
ABSL_FLAG(std::string, reward_scale, "unit_rms", "unit_rms or none");
ABSL_FLAG(std::string, logit_norm, "zscore", "zscore or none");
ABSL_FLAG(std::string, reward_engine, "auto",
          "auto, in_backward, layerwise, forward, finite_difference or "
          "per_sample");
ABSL_FLAG(int64_t, reward_memory_mib, 1024,
          "what the engine auto may keep of a training batch's gradients");
ABSL_FLAG(double, finite_difference_step, 0.01,
          "length of the step eps v of the engine finite_difference, l2, in "
          "parameters");
ABSL_FLAG(double, phi_learning_rate, 1e-3,
          "of the reweighting network (Adam 0.9, 0.999)");
ABSL_FLAG(double, phi_epsilon, 1e-8, "of the reweighting network's Adam");
ABSL_FLAG(int64_t, validation_batch, -1,
          "validation patches in an outer step, M; -1: as many as --batch");
ABSL_FLAG(double, validation_momentum, 0.0,
          "share of the old in the running mean of the validation gradient");
ABSL_FLAG(int64_t, outer_every, 1, "inner steps between outer steps");
ABSL_FLAG(int64_t, horizon, 1,
          "inner steps that an outer step ends and differentiates through");
ABSL_FLAG(int64_t, truncate, 0,
          "the newest of them that count; 0: all of the horizon");
ABSL_FLAG(std::string, preconditioner, "identity",
          "how the outer gradient sees the net's optimiser: identity, frozen "
          "or exact");
ABSL_FLAG(bool, stop_on_zero_gradient, true,
          "end a run whose reweighting network was taught nothing for a whole "
          "logging window; false: go on and say so in its rows");
ABSL_FLAG(int64_t, log_every, 50, "outer steps in a logging window");
ABSL_FLAG(int64_t, eval_every, 0,
          "steps between looks at the validation pictures; 0: five looks");
ABSL_FLAG(int64_t, validation_pictures, 10,
          "full-size validation pictures that choose the best checkpoint");

// Where and how.
ABSL_FLAG(std::string, device, "cpu", "cpu, cuda, cuda:N or auto");
ABSL_FLAG(int, threads, 0, "of one operation on the CPU; 0: all cores");
ABSL_FLAG(bool, deterministic, true,
          "same bits again; costs nothing on a CPU, time on a GPU");
ABSL_FLAG(int64_t, workers, 1,
          "threads that prepare batches; change no bit. One is enough beside a "
          "training on the CPU");
ABSL_FLAG(int64_t, jobs, 1,
          "of an ablation: runs made at once, each in a process of its own; 0: "
          "as many as there are cores for --threads each");
ABSL_FLAG(
    std::string, variant, "",
    "of an ablation: make this run of it alone, in the folder --out of one "
    "that was begun and goes on with --resume");
ABSL_FLAG(int64_t, image_cache_mib, 4096, "decoded pictures kept in memory");
ABSL_FLAG(std::string, out, "",
          "the results folder; empty: results/<target>/<run id>");
ABSL_FLAG(bool, resume, true,
          "continue a half-done folder; with --out it must be asked for");

namespace bild {
namespace {

bool IsAblation() { return kTargetAblation[0] != '\0'; }

void CheckJobs(std::vector<std::string>* problems) {
  constexpr int64_t kMostJobs = 1024;
  const int64_t jobs = absl::GetFlag(FLAGS_jobs);
  if (jobs < 0 || jobs > kMostJobs) {
    problems->push_back(absl::StrCat(
        "--jobs=", jobs, ": expected 0 (all cores) to ", kMostJobs, "."));
  }
  if (!IsAblation() && (jobs != 1 || !absl::GetFlag(FLAGS_variant).empty())) {
    problems->emplace_back("--jobs and --variant are for ablations.");
  }
}

absl::Status ReadFlags(const std::vector<FlagSetting>& settings,
                       RunSpec* spec) {
  std::vector<std::string> problems;
  spec->profile = absl::GetFlag(FLAGS_profile);
  spec->recipe_note = absl::GetFlag(FLAGS_recipe_note);
  spec->methods = absl::GetFlag(FLAGS_methods);
  spec->metric_profiles = absl::GetFlag(FLAGS_metric_profile);
  for (const std::string& text : absl::GetFlag(FLAGS_seeds)) {
    uint64_t seed = 0;
    if (absl::SimpleAtoi(text, &seed)) {
      spec->seeds.push_back(seed);
    } else {
      problems.push_back(
          absl::StrCat("--seeds: '", text, "' is no whole number"));
    }
  }
  DataSpec& data = spec->data;
  data.dataset = absl::GetFlag(FLAGS_dataset);
  data.test_dataset = absl::GetFlag(FLAGS_test_dataset);
  data.data_root = UserPath(absl::GetFlag(FLAGS_data_root));
  data.test_root = UserPath(absl::GetFlag(FLAGS_test_root));
  data.cache = UserPath(absl::GetFlag(FLAGS_cache));
  data.test_cache = UserPath(absl::GetFlag(FLAGS_test_cache));
  data.allow_partial = absl::GetFlag(FLAGS_allow_partial);
  data.allow_decoder_mismatch = absl::GetFlag(FLAGS_allow_decoder_mismatch);
  data.split = absl::GetFlag(FLAGS_split);
  data.expand_grey = absl::GetFlag(FLAGS_expand_grey);
  data.depth16 = absl::GetFlag(FLAGS_depth16);
  data.split_seed = absl::GetFlag(FLAGS_split_seed);
  const bool is_challenge =
      data.split == "challenge" ||
      (data.split == "auto" &&
       DefaultSplitRule(data.dataset) == SplitRule::kChallenge);
  if (data.split_seed == 0 && !is_challenge) data.split_seed = 1;
  data.scene_block = absl::GetFlag(FLAGS_scene_block);
  data.leak = absl::GetFlag(FLAGS_leak);
  data.validation_scenes = absl::GetFlag(FLAGS_validation_scenes);
  data.label_fault = absl::GetFlag(FLAGS_label_fault);
  data.small = absl::GetFlag(FLAGS_small);
  data.evaluation_resolution = absl::GetFlag(FLAGS_evaluation_resolution);
  data.scenes = absl::GetFlag(FLAGS_scenes);
  data.test_scenes = absl::GetFlag(FLAGS_test_scenes);
  data.synthetic_seed = absl::GetFlag(FLAGS_synthetic_seed);
  const std::string size_text = absl::GetFlag(FLAGS_synthetic_size);
  const std::vector<std::string> size = absl::StrSplit(size_text, 'x');
  if (size.size() != 2 ||
      !absl::SimpleAtoi(size[0], &data.synthetic_width_px) ||
      !absl::SimpleAtoi(size[1], &data.synthetic_height_px)) {
    problems.push_back(absl::StrCat("--synthetic_size='", size_text,
                                    "': expected WIDTHxHEIGHT, as in 256x256"));
  }
  spec->ddu = {absl::GetFlag(FLAGS_ddu), absl::GetFlag(FLAGS_ddu_side_px),
               absl::GetFlag(FLAGS_ddu_grid_px),
               absl::GetFlag(FLAGS_ddu_width)};
  TrainConfig& train = spec->train;
  train.backbone = absl::GetFlag(FLAGS_backbone);
  train.loss = absl::GetFlag(FLAGS_loss);
  train.initialisation = absl::GetFlag(FLAGS_initialisation);
  train.steps = absl::GetFlag(FLAGS_steps);
  train.batch = absl::GetFlag(FLAGS_batch);
  train.crop_px = absl::GetFlag(FLAGS_crop_px);
  train.flip = absl::GetFlag(FLAGS_flip);
  train.quarter_turns = absl::GetFlag(FLAGS_quarter_turns);
  train.optimizer = absl::GetFlag(FLAGS_optimizer);
  train.learning_rate = absl::GetFlag(FLAGS_learning_rate);
  train.learning_rate_schedule = absl::GetFlag(FLAGS_learning_rate_schedule);
  train.beta1 = absl::GetFlag(FLAGS_beta1);
  train.beta2 = absl::GetFlag(FLAGS_beta2);
  train.epsilon = absl::GetFlag(FLAGS_epsilon);
  train.momentum = absl::GetFlag(FLAGS_momentum);
  train.weight_decay = absl::GetFlag(FLAGS_weight_decay);
  train.clip_gradient_norm = absl::GetFlag(FLAGS_clip_gradient_norm);
  train.alpha = absl::GetFlag(FLAGS_alpha);
  train.entropy = absl::GetFlag(FLAGS_entropy);
  train.reward_scale = absl::GetFlag(FLAGS_reward_scale);
  train.logit_norm = absl::GetFlag(FLAGS_logit_norm);
  train.reward_engine = absl::GetFlag(FLAGS_reward_engine);
  train.reward_memory_mib = absl::GetFlag(FLAGS_reward_memory_mib);
  train.phi_learning_rate = absl::GetFlag(FLAGS_phi_learning_rate);
  train.finite_difference_step = absl::GetFlag(FLAGS_finite_difference_step);
  train.phi_epsilon = absl::GetFlag(FLAGS_phi_epsilon);
  train.validation_batch = absl::GetFlag(FLAGS_validation_batch);
  train.validation_momentum = absl::GetFlag(FLAGS_validation_momentum);
  train.horizon = absl::GetFlag(FLAGS_horizon);
  train.truncate = absl::GetFlag(FLAGS_truncate);
  train.preconditioner = absl::GetFlag(FLAGS_preconditioner);
  train.stop_on_zero_gradient = absl::GetFlag(FLAGS_stop_on_zero_gradient);
  train.outer_every = absl::GetFlag(FLAGS_outer_every);
  train.log_every = absl::GetFlag(FLAGS_log_every);
  train.eval_every = absl::GetFlag(FLAGS_eval_every);
  train.validation_pictures = absl::GetFlag(FLAGS_validation_pictures);
  RunConfig& run = spec->run;
  run.device = absl::GetFlag(FLAGS_device);
  run.threads = absl::GetFlag(FLAGS_threads);
  run.is_deterministic = absl::GetFlag(FLAGS_deterministic);
  run.workers = absl::GetFlag(FLAGS_workers);
  run.image_cache_mib = absl::GetFlag(FLAGS_image_cache_mib);
  CheckJobs(&problems);
  run.out = UserPath(absl::GetFlag(FLAGS_out));
  // A folder that the user names is continued only when the user says so.
  const bool was_asked = !LastValue(settings, "resume", "").empty();
  run.resume = absl::GetFlag(FLAGS_resume) && (run.out.empty() || was_asked);
  return ValidateRunSpec(*spec, IsAblation() ? "" : kTargetBackbone,
                         std::move(problems));
}

// An ablation is typed by its own name.
std::string TargetName() {
  return IsAblation() ? kTargetAblation
                      : absl::StrCat(kTargetDataset, "_", kTargetBackbone);
}

std::string Usage() {
  if (IsAblation()) {
    return absl::StrCat(
        AblationQuestion(kTargetAblation),
        "\nTrains any --backbone on any --dataset and writes a results folder "
        "with a table and plots.\nbazel run //benchmarks:",
        kTargetAblation, " -- [flags]");
  }
  return absl::StrCat(
      "Trains ", kTargetBackbone, " on ", kTargetDataset,
      " with and without BILD and writes a results folder with a report.\n"
      "bazel run //benchmarks:",
      TargetName(), " -- [flags]");
}

// `bazel test` gives a program one folder to write to.
void StayInTestFolder() {
  const char* folder = std::getenv("TEST_TMPDIR");
  if (folder == nullptr) return;
  ::setenv("XDG_CACHE_HOME", folder, /*overwrite=*/0);
  ::setenv("BUILD_WORKSPACE_DIRECTORY", folder, /*overwrite=*/0);
}

absl::StatusOr<RunOutcome> Run(const RunSpec& spec, const Ablation& ablation,
                               const std::vector<std::string>& command) {
  if (!IsAblation() || !absl::GetFlag(FLAGS_variant).empty()) {
    return RunBenchmark(spec);
  }
  const int64_t cores = std::thread::hardware_concurrency();
  return RunAblation(ablation, spec,
                     {JobsAtOnce(absl::GetFlag(FLAGS_jobs), spec.run.threads,
                                 spec.run.device, cores),
                      command});
}

int Main(int argc, char** argv) {
  EndWithStarter();
  StayInTestFolder();
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (AsksForHelp(arguments)) {
    std::printf("%s", HelpText(Usage()).c_str());
    return kDone;
  }
  RunSpec spec;
  spec.target = TargetName();
  Ablation ablation;
  const auto settings = SettingsWithRecipes(
      {argv[0], kTargetDataset, kTargetBackbone, kTargetAblation}, arguments);
  absl::Status usage = settings.status();
  if (usage.ok()) usage = ApplySettings(settings->all);
  if (usage.ok()) usage = ReadFlags(settings->all, &spec);
  if (usage.ok() && spec.profile == "paper") {
    spec.recipe_changes =
        ChangedFlags(settings->recipe, settings->all, PublishedRecipeFlags());
  }
  if (usage.ok() && IsAblation()) {
    auto made = MakeAblation(kTargetAblation, spec);
    usage = made.status();
    if (made.ok()) ablation = std::move(made).value();
    const std::string variant = absl::GetFlag(FLAGS_variant);
    if (usage.ok() && !variant.empty()) {
      auto alone = VariantAlone(ablation, spec, variant);
      usage = alone.status();
      if (alone.ok()) spec = std::move(alone).value();
    }
  }
  if (!usage.ok()) {
    std::fprintf(stderr, "%s\n", std::string(usage.message()).c_str());
    return kUsage;
  }
  KeepMemory();
  const auto outcome =
      Run(spec, ablation, std::vector<std::string>(argv, argv + argc));
  if (!outcome.ok()) {
    std::fprintf(stderr, "%s: %s\n", spec.target.c_str(),
                 std::string(outcome.status().message()).c_str());
    if (absl::IsCancelled(outcome.status())) StopSignals::EndBySignal();
    return kWorldIsWrong;
  }
  if (outcome->was_done) {
    std::fprintf(stderr, "%s: already done, nothing to do.\n",
                 spec.target.c_str());
  }
  std::printf("%sresults=%s report=%s/report.md\n", outcome->summary.c_str(),
              outcome->folder.c_str(), outcome->folder.c_str());
  return kDone;
}

}  // namespace
}  // namespace bild

int main(int argc, char** argv) { return bild::Main(argc, argv); }
