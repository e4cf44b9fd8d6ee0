#include "benchmarks/run_spec.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "bild/base/status.h"
#include "bild/methods.h"
#include "bild/metrics/profile.h"
#include "datasets/catalog.h"
#include "fmt/format.h"

namespace bild {

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
      {"allow_partial", text(data.allow_partial)},
      {"allow_decoder_mismatch", text(data.allow_decoder_mismatch)},
      {"split", data.split},
      {"split_seed", text(data.split_seed)},
      {"scene_block", text(data.scene_block)},
      {"leak", data.leak},
  };
  if (data.data_root.empty()) {
    rows.emplace_back("scenes", text(data.scenes));
    rows.emplace_back("test_scenes", text(data.test_scenes));
    rows.emplace_back("synthetic_size",
                      fmt::format("{}x{}", data.synthetic_width_px,
                                  data.synthetic_height_px));
    rows.emplace_back("synthetic_seed", text(data.synthetic_seed));
  }
  if (!spec.recipe_note.empty()) {
    rows.emplace_back("recipe_note", spec.recipe_note);
  }
  for (auto& row : DescribeTrainConfig(spec.train)) {
    rows.push_back(std::move(row));
  }
  return rows;
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
    absl::StrAppend(&text, "--data_root=", spec.data.data_root, "\n");
  }
  if (!spec.data.test_root.empty()) {
    absl::StrAppend(&text, "--test_root=", spec.data.test_root, "\n");
  }
  absl::StrAppend(&text, "--device=", spec.run.device,
                  "\n--threads=", spec.run.threads, "\n");
  return text;
}

absl::Status ValidateRunSpec(const RunSpec& spec,
                             const std::string& target_backbone) {
  std::vector<std::string> problems;
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
  if (spec.train.backbone.substr(0, spec.train.backbone.find('[')) !=
      target_backbone) {
    problems.push_back(absl::StrCat("--backbone='", spec.train.backbone,
                                    "': this target trains ", target_backbone,
                                    "; options go in brackets, as in '",
                                    target_backbone, "[option=value]'."));
  }
  one_of("profile", spec.profile, {"ci", "quick", "paper"});
  one_of("split", spec.data.split,
         {"auto", "paper", "paper4500", "full", "tenth"});
  one_of("leak", spec.data.leak, {"drop", "keep"});
  check(FindBenchmarkSets(spec.data.dataset).status());
  if (spec.data.dataset == "pair" && spec.data.data_root.empty()) {
    problems.emplace_back(
        "--dataset=pair needs --data_root, a folder with hazy/ and clear/.");
  }
  if (spec.methods.empty()) problems.emplace_back("--methods: none is given.");
  for (const std::string& method : spec.methods) {
    check(FindMethod(method).status());
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
  check(ParseProfiles(absl::StrJoin(spec.metric_profiles, ",")).status());
  if (spec.run.workers < 0 || spec.run.image_cache_mib < 0 ||
      spec.run.threads < 0) {
    problems.emplace_back(
        "--workers, --threads, --image_cache_mib: expected 0 or more.");
  }
  check(ValidateTrainConfig(spec.train));
  if (problems.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      ListProblems(absl::StrCat(spec.target, " cannot run so:"), problems, ""));
}

}  // namespace bild
