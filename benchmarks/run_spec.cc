#include "benchmarks/run_spec.h"

#include <filesystem>
#include <limits>
#include <set>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "backbones/catalog.h"
#include "bild/base/status.h"
#include "bild/methods.h"
#include "bild/metrics/profile.h"
#include "bild/reward_engine.h"
#include "datasets/catalog.h"
#include "datasets/label_fault.h"
#include "datasets/reduced_pairs.h"
#include "datasets/synthetic/synthetic_plan.h"
#include "fmt/format.h"

namespace bild {
namespace {

constexpr int64_t kMostWorkers = 256;
constexpr int64_t kMostThreads = 1024;
constexpr int64_t kMostCacheMib = int64_t{1} << 30;

// The folder as any process would find it.
std::string Absolute(const std::string& path) {
  std::error_code error;
  const auto absolute = std::filesystem::absolute(path, error);
  return error ? path : absolute.lexically_normal().string();
}

// Patches are not padded, pictures are.
void CheckCrop(const Backbone& backbone, int64_t crop_px,
               std::vector<std::string>* problems) {
  if (crop_px >= 1 && crop_px < backbone.SmallestSide()) {
    problems->push_back(absl::StrCat("--crop_px=", crop_px, ": ",
                                     backbone.name(),
                                     " takes pictures of at least ",
                                     backbone.SmallestSide(), " px a side."));
  } else if (crop_px >= 1 && crop_px % backbone.SizeMultiple() != 0) {
    problems->push_back(absl::StrCat("--crop_px=", crop_px, ": ",
                                     backbone.name(), " takes multiples of ",
                                     backbone.SizeMultiple(), " px."));
  }
}

void CheckSynthetic(const DataSpec& data, std::vector<std::string>* problems) {
  SyntheticRequest request;
  request.like = data.dataset;
  request.scenes = data.scenes;
  request.test_scenes = data.test_scenes;
  request.seed = data.synthetic_seed;
  request.width_px = data.synthetic_width_px;
  request.height_px = data.synthetic_height_px;
  const auto checked = CheckedRequest(request);
  if (!checked.ok()) {
    // Its own program calls the flag otherwise.
    problems->push_back(
        absl::StrReplaceAll(std::string(checked.status().message()),
                            {{"--size=", "--synthetic_size="}}));
  }
  if (data.test_scenes == 0 && data.test_root.empty() &&
      data.test_cache.empty()) {
    problems->emplace_back(
        "--test_scenes=0 leaves nothing to test on: expected at least 1, or "
        "--test_root.");
  }
}

// A set to test on that is not the one that belongs to --dataset.
void CheckTestDataset(const DataSpec& data,
                      std::vector<std::string>* problems) {
  const auto info = FindDataset(data.test_dataset);
  const absl::Status scorable =
      info.ok() ? CheckScorableSet(*info) : info.status();
  if (!scorable.ok()) {
    problems->push_back(absl::StrCat("--test_dataset='", data.test_dataset,
                                     "': ", scorable.message()));
  } else if (data.IsSynthetic() && data.test_root.empty() &&
             data.test_cache.empty()) {
    problems->push_back(
        absl::StrCat("--test_dataset=", data.test_dataset,
                     " needs --test_root or --test_cache: a synthetic set has "
                     "the test pictures that belong to it."));
  }
}

// One text for every way to write a fault; what is none stays as it is.
std::string CanonicalFault(const std::string& text) {
  const auto fault = ParseLabelFault(text);
  return fault.ok() ? LabelFaultText(*fault) : text;
}

}  // namespace

std::string TestedSet(const DataSpec& data) {
  if (!data.test_dataset.empty()) return data.test_dataset;
  const auto sets = FindBenchmarkSets(data.dataset);
  return sets.ok() ? sets->test : "";
}

std::string NetOf(const RunSpec& spec) {
  const std::string& net = spec.train.backbone;
  const bool is_malformed =
      net.empty() || (net.find('[') != std::string::npos && net.back() != ']');
  const bool says_so = net.find("[ddu=") != std::string::npos ||
                       net.find(",ddu=") != std::string::npos;
  if (!spec.ddu.is_on || says_so || is_malformed) return net;
  const DduSpec published;
  std::string options = fmt::format("ddu={}", spec.ddu.side_px);
  if (spec.ddu.grid_px != published.grid_px) {
    absl::StrAppend(&options, ",ddu_grid=", spec.ddu.grid_px);
  }
  if (spec.ddu.width != published.width) {
    absl::StrAppend(&options, ",ddu_width=", spec.ddu.width);
  }
  if (net.back() != ']') return absl::StrCat(net, "[", options, "]");
  return absl::StrCat(net.substr(0, net.size() - 1), ",", options, "]");
}

std::vector<std::pair<std::string, std::string>> DescribeRunSpec(
    const RunSpec& spec) {
  const auto text = [](const auto& value) { return fmt::format("{}", value); };
  const DataSpec& data = spec.data;
  std::vector<std::pair<std::string, std::string>> rows = {
      {"profile", spec.profile},
      {"methods", absl::StrJoin(spec.methods, ",")},
      {"seeds", absl::StrJoin(spec.seeds, ",")},
      {"metric_profile", absl::StrJoin(spec.metric_profiles, ",")},
      {"dataset", data.dataset},
      {"test_dataset", TestedSet(data)},
      {"allow_partial", text(data.allow_partial)},
      {"allow_decoder_mismatch", text(data.allow_decoder_mismatch)},
      {"expand_grey", text(data.expand_grey)},
      {"depth16", text(data.depth16)},
      {"split", data.split},
      {"split_seed", text(data.split_seed)},
      {"scene_block", text(data.scene_block)},
      {"leak", data.leak},
      {"validation_scenes", data.validation_scenes},
      {"label_fault", CanonicalFault(data.label_fault)},
      {"small", data.small},
      {"evaluation_resolution", data.evaluation_resolution},
  };
  if (data.IsSynthetic()) {
    rows.emplace_back("scenes", text(data.scenes));
    rows.emplace_back("test_scenes", text(data.test_scenes));
    rows.emplace_back("synthetic_size",
                      fmt::format("{}x{}", data.synthetic_width_px,
                                  data.synthetic_height_px));
    rows.emplace_back("synthetic_seed", text(data.synthetic_seed));
  }
  // Empty as well: the recipe that this is read on top of may have one.
  rows.emplace_back("recipe_note", spec.recipe_note);
  rows.emplace_back("ddu", text(spec.ddu.is_on));
  if (spec.ddu.is_on) {
    rows.emplace_back("ddu_side_px", text(spec.ddu.side_px));
    rows.emplace_back("ddu_grid_px", text(spec.ddu.grid_px));
    rows.emplace_back("ddu_width", text(spec.ddu.width));
  }
  for (auto& row : DescribeTrainConfig(spec.train)) {
    rows.push_back(std::move(row));
  }
  return rows;
}

const std::vector<std::string>& PublishedRecipeFlags() {
  static const auto* names = new std::vector<std::string>{
      "backbone",       "ddu",           "ddu_side_px",
      "ddu_grid_px",    "ddu_width",     "loss",
      "initialisation", "steps",         "batch",
      "crop_px",        "flip",          "quarter_turns",
      "optimizer",      "learning_rate", "learning_rate_schedule",
      "beta1",          "beta2",         "epsilon",
      "momentum",       "weight_decay",  "clip_gradient_norm",
      "recipe_note"};
  return *names;
}

std::string ConfigFlagsText(const RunSpec& spec) {
  std::string text = absl::StrCat(
      "# The effective configuration of this run. Again, with another --out:\n"
      "#   bazel run //benchmarks:",
      spec.target, " -- --flagfile=THIS_FILE --out=DIR\n");
  for (const auto& [name, value] : DescribeRunSpec(spec)) {
    absl::StrAppend(&text, "--", name, "=", value, "\n");
  }
  absl::StrAppend(&text, "# Where it ran.\n");
  if (!spec.data.data_root.empty()) {
    absl::StrAppend(&text, "--data_root=", Absolute(spec.data.data_root), "\n");
  }
  if (!spec.data.test_root.empty()) {
    absl::StrAppend(&text, "--test_root=", Absolute(spec.data.test_root), "\n");
  }
  if (!spec.data.cache.empty()) {
    absl::StrAppend(&text, "--cache=", Absolute(spec.data.cache), "\n");
  }
  if (!spec.data.test_cache.empty()) {
    absl::StrAppend(&text, "--test_cache=", Absolute(spec.data.test_cache),
                    "\n");
  }
  absl::StrAppend(
      &text, "--device=", spec.run.device, "\n--threads=", spec.run.threads,
      "\n--deterministic=", spec.run.is_deterministic ? "true" : "false", "\n");
  return text;
}

absl::Status ValidateRunSpec(const RunSpec& spec,
                             const std::string& target_backbone,
                             std::vector<std::string> problems) {
  const auto check = [&problems](const absl::Status& status) {
    if (!status.ok()) problems.emplace_back(status.message());
  };
  const auto one_of = [&problems](const std::string& flag,
                                  const std::string& value,
                                  const std::set<std::string>& known) {
    if (known.count(value) == 0) {
      problems.push_back(absl::StrCat("--", flag, "='", value,
                                      "': expected one of ",
                                      absl::StrJoin(known, ", "), "."));
    }
  };
  const auto backbone = MakeBackbone(NetOf(spec), at::kFloat);
  check(backbone.status());
  if (backbone.ok()) {
    check(ChooseRewardEngine(spec.train.reward_engine, **backbone).status());
  }
  if (backbone.ok()) CheckCrop(**backbone, spec.train.crop_px, &problems);
  if (backbone.ok() && !target_backbone.empty() &&
      spec.train.backbone.substr(0, spec.train.backbone.find('[')) !=
          target_backbone) {
    problems.push_back(absl::StrCat("--backbone='", spec.train.backbone,
                                    "': this target trains ", target_backbone,
                                    "; options go in brackets, as in '",
                                    target_backbone, "[option=value]'."));
  }
  one_of("profile", spec.profile, {"ci", "quick", "paper"});
  one_of("split", spec.data.split,
         {"auto", "paper", "paper4500", "full", "tenth", "challenge"});
  one_of("leak", spec.data.leak, {"drop", "keep"});
  one_of("validation_scenes", spec.data.validation_scenes,
         {"apart", "training"});
  check(ParseLabelFault(spec.data.label_fault).status());
  one_of("small", spec.data.small, {"drop", "error"});
  check(ParseResolution(spec.data.evaluation_resolution).status());
  const auto sets = FindBenchmarkSets(spec.data.dataset);
  check(sets.status());
  if (spec.data.dataset == "pair" && spec.data.IsSynthetic()) {
    problems.emplace_back(
        "--dataset=pair needs --data_root, a folder with hazy/ and clear/, or "
        "--cache.");
  } else if (sets.ok() && sets->synthetic_like.empty() &&
             spec.data.IsSynthetic()) {
    problems.push_back(absl::StrCat("--dataset=", spec.data.dataset,
                                    " needs --data_root or --cache: there is "
                                    "no synthetic set of its kind."));
  } else if (sets.ok() && spec.data.IsSynthetic()) {
    CheckSynthetic(spec.data, &problems);
  }
  if (sets.ok() && TestedSet(spec.data) != sets->test) {
    CheckTestDataset(spec.data, &problems);
  }
  if (!spec.data.cache.empty() && !spec.data.data_root.empty()) {
    problems.emplace_back(
        "--cache and --data_root: a cache is read instead of the files it was "
        "packed from; give one of them.");
  }
  if (!spec.data.test_cache.empty() && !spec.data.test_root.empty()) {
    problems.emplace_back("--test_cache and --test_root: give one of them.");
  }
  if (spec.data.depth16 && spec.data.dataset != "pair") {
    problems.emplace_back(
        "--depth16 is for --dataset=pair: no published set has 16 bits a "
        "channel.");
  }
  if (spec.data.scene_block < 1) {
    problems.push_back(absl::StrCat("--scene_block=", spec.data.scene_block,
                                    ": expected at least 1."));
  }
  if (spec.methods.empty()) problems.emplace_back("--methods: none is given.");
  for (const std::string& method : spec.methods) {
    const auto found = FindMethod(method);
    check(found.status());
    if (found.ok()) check(CheckMethod(*found, spec.train));
  }
  if (std::set<std::string>(spec.methods.begin(), spec.methods.end()).size() !=
      spec.methods.size()) {
    problems.emplace_back("--methods: a method is given twice.");
  }
  if (spec.seeds.empty()) problems.emplace_back("--seeds: none is given.");
  if (std::set<uint64_t>(spec.seeds.begin(), spec.seeds.end()).size() !=
      spec.seeds.size()) {
    problems.emplace_back("--seeds: a seed is given twice.");
  }
  for (uint64_t seed : spec.seeds) {
    if (seed > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
      problems.push_back(absl::StrCat("--seeds: ", seed,
                                      " is too large for a record; expected "
                                      "less than 2^63."));
    }
  }
  check(ParseProfiles(absl::StrJoin(spec.metric_profiles, ",")).status());
  const auto between = [&problems](const std::string& flag, int64_t value,
                                   int64_t most) {
    if (value < 0 || value > most) {
      problems.push_back(
          absl::StrCat("--", flag, "=", value, ": expected 0 to ", most, "."));
    }
  };
  between("workers", spec.run.workers, kMostWorkers);
  between("threads", spec.run.threads, kMostThreads);
  between("image_cache_mib", spec.run.image_cache_mib, kMostCacheMib);
  check(ValidateTrainConfig(spec.train));
  if (problems.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      ListProblems(absl::StrCat(spec.target, " cannot run so:"), problems, ""));
}

}  // namespace bild
