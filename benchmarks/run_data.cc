#include "benchmarks/run_data.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "benchmarks/set_source.h"
#include "bild/base/progress.h"
#include "bild/base/sha256.h"
#include "bild/base/status.h"
#include "datasets/catalog.h"
#include "datasets/image_store.h"
#include "datasets/leaks.h"
#include "datasets/reduced_pairs.h"
#include "datasets/split_overlap.h"
#include "datasets/synthetic/synthesize.h"
#include "fmt/format.h"

namespace bild {
namespace {

// Decoded pictures are kept as far as the budget goes; those of a packed cache
// lie decoded in the page cache already.
std::shared_ptr<const PairedDataset> Stored(OpenedSet opened,
                                            int64_t budget_bytes) {
  std::shared_ptr<const PairedDataset> dataset(std::move(opened.dataset));
  if (opened.is_cached) return dataset;
  return std::make_shared<ImageStore>(std::move(dataset), budget_bytes);
}

absl::StatusOr<std::string> MakeSynthetic(const DataSpec& spec) {
  SyntheticRequest request;
  request.like = spec.dataset;
  request.scenes = spec.scenes;
  request.test_scenes = spec.test_scenes;
  request.seed = spec.synthetic_seed;
  request.width_px = spec.synthetic_width_px;
  request.height_px = spec.synthetic_height_px;
  BILD_ASSIGN_OR_RETURN(request, CheckedRequest(request));
  Progress progress("synthetic scenes", request.scenes + request.test_scenes);
  SyntheticRun run;
  run.progress = &progress;
  return EnsureSynthetic(request, run);
}

// Training and test set as they lie.
struct OpenedSets {
  OpenedSet train;
  OpenedSet test;  // Without a dataset where there is none of its own.
};

// Of both sets at once: a user repairs them once. What is wrong with the
// program rather than with a set is said once.
absl::Status ProblemsOf(const absl::Status& train, const absl::Status& test) {
  if (train.ok() || test.ok()) return train.ok() ? test : train;
  if (train.message() == test.message()) return train;
  return absl::Status(train.code(),
                      absl::StrCat(train.message(), "\n", test.message()));
}

// The challenges' sets hold their own test pictures, unless others are named.
absl::StatusOr<OpenedSets> OpenSets(const DataSpec& spec,
                                    const std::string& trained_set,
                                    std::vector<std::string>* notes) {
  SetSource source;
  source.set = trained_set;
  source.data_root = spec.data_root;
  source.cache = spec.cache;
  if (spec.IsSynthetic()) {
    BILD_ASSIGN_OR_RETURN(source.data_root, MakeSynthetic(spec));
  }
  source.allow_partial = spec.allow_partial;
  source.reading.expand_grey = spec.expand_grey;
  source.reading.depth16 = spec.depth16;
  source.allow_decoder_mismatch = spec.allow_decoder_mismatch;
  source.notes = notes;
  absl::StatusOr<OpenedSet> train = OpenSet(source);
  const std::string tested_set = TestedSet(spec);
  const bool has_own_test = !spec.test_root.empty() || !spec.test_cache.empty();
  absl::StatusOr<OpenedSet> test = OpenedSet();
  if (trained_set != tested_set || has_own_test) {
    source.set = tested_set;
    source.reading.depth16 = spec.depth16 && tested_set == "pair";
    if (has_own_test) {
      source.data_root = spec.test_root;
      source.root_flag = "--test_root";
      source.cache = spec.test_cache;
      source.cache_flag = "--test_cache";
    }
    test = OpenSet(source);
  }
  BILD_RETURN_IF_ERROR(ProblemsOf(train.status(), test.status()));
  OpenedSets opened;
  opened.train = *std::move(train);
  opened.test = *std::move(test);
  return opened;
}

SplitRule RuleOf(const DataSpec& spec, const std::string& dataset_name) {
  if (spec.split == "paper") return SplitRule::kPaper;
  if (spec.split == "paper4500") return SplitRule::kPaper4500;
  if (spec.split == "full") return SplitRule::kFull;
  if (spec.split == "tenth") return SplitRule::kTenth;
  if (spec.split == "challenge") return SplitRule::kChallenge;
  return DefaultSplitRule(dataset_name);
}

// The validation pictures, the first in order(seed) of their ids.
std::vector<int64_t> FirstInOrder(const PairedDataset& dataset,
                                  const std::vector<int64_t>& indices,
                                  uint64_t seed, int64_t count) {
  std::map<std::string, int64_t> by_id;
  std::vector<std::string> ids;
  for (int64_t index : indices) {
    const std::string& id = dataset.pairs()[static_cast<size_t>(index)].id;
    by_id[id] = index;
    ids.push_back(id);
  }
  std::vector<int64_t> first;
  for (const std::string& id : Order(seed, ids)) {
    if (static_cast<int64_t>(first.size()) == count) break;
    first.push_back(by_id[id]);
  }
  return first;
}

// What of a test set in a place of its own is scored: all of it, or the test
// side of a challenge's set that is trained on as well.
absl::StatusOr<SplitList> ListToTest(const std::string& trained_set,
                                     const std::string& tested_set,
                                     const SplitOptions& split,
                                     const PairedDataset& test, RunData* data) {
  SplitList whole = WholeList(test.pairs());
  const bool has_sides = trained_set == tested_set &&
                         DefaultSplitRule(tested_set) == SplitRule::kChallenge;
  if (!has_sides) return whole;
  if (split.rule != SplitRule::kChallenge) {
    data->invalid_reasons.push_back(
        fmt::format("tested on all {} pictures of {}: the split is not the "
                    "challenge's",
                    whole.indices.size(), test.name()));
    return whole;
  }
  SplitList side = ChallengeTestSide(test.pairs(), split);
  if (!side.indices.empty()) return side;
  return absl::FailedPreconditionError(fmt::format(
      "{}: none of its {} pictures, such as '{}', is a test picture of the "
      "split 'challenge' with --split_seed={}. Pass the folder that holds "
      "them, or none, to test on those beside the training pictures.",
      test.name(), whole.indices.size(), test.pairs()[0].hazy_path,
      split.seed));
}

// Divides the training set without what is tested.
absl::Status SplitWithoutLeaks(const DataSpec& spec, const SplitOptions& split,
                               const PairedDataset& train,
                               const PairedDataset* test, RunData* data) {
  BILD_ASSIGN_OR_RETURN(const Leaks leaks,
                        FindLeaks(train, test, &data->test_list.indices));
  const bool is_dropped = spec.leak == "drop";
  BILD_ASSIGN_OR_RETURN(
      data->split,
      MakeSplit(train.pairs(),
                is_dropped ? leaks.scenes : std::set<std::string>(), split));
  if (is_dropped) {
    for (const std::string& reason : leaks.reasons) {
      data->notes.push_back(absl::StrCat("left out: ", reason));
    }
    return absl::OkStatus();
  }
  std::set<std::string> kept;
  for (const SplitList* list : {&data->split.train, &data->split.validation}) {
    for (const int64_t index : list->indices) {
      const std::string& scene =
          train.pairs()[static_cast<size_t>(index)].scene;
      if (leaks.scenes.count(scene) > 0) kept.insert(scene);
    }
  }
  if (!kept.empty()) {
    data->invalid_reasons.push_back(fmt::format(
        "trained on {} scenes of a test set (--leak=keep)", kept.size()));
  }
  return absl::OkStatus();
}

// Before anything else goes by the lists of the split.
absl::Status DropSmallPictures(const PairedDataset& train, int64_t crop_px,
                               RunData* data) {
  std::vector<std::string> dropped;
  const auto drop = [&](const std::string& side,
                        SplitList* list) -> absl::Status {
    std::vector<int64_t> kept;
    for (const int64_t index : list->indices) {
      BILD_ASSIGN_OR_RETURN(const ImageSize size, train.ReadSize(index));
      if (size.width_px >= crop_px && size.height_px >= crop_px) {
        kept.push_back(index);
      } else {
        dropped.push_back(train.pairs()[static_cast<size_t>(index)].id);
      }
    }
    if (kept.empty()) {
      return absl::FailedPreconditionError(fmt::format(
          "{}: all {} pictures of the {} list are smaller than the crop of "
          "{}x{}, and --small=drop leaves none. Lower --crop_px.",
          train.name(), list->indices.size(), side, crop_px, crop_px));
    }
    *list = ListOfIndices(train.pairs(), kept);
    return absl::OkStatus();
  };
  BILD_RETURN_IF_ERROR(drop("training", &data->split.train));
  BILD_RETURN_IF_ERROR(drop("validation", &data->split.validation));
  if (dropped.empty()) return absl::OkStatus();
  data->notes.push_back(fmt::format(
      "--small=drop: {} pictures are smaller than {}x{} and left out: {}",
      dropped.size(), crop_px, crop_px, absl::StrJoin(dropped, ", ")));
  constexpr size_t kShown = 10;
  const std::vector<std::string> shown(
      dropped.begin(),
      dropped.begin() + static_cast<int64_t>(std::min(kShown, dropped.size())));
  data->invalid_reasons.push_back(fmt::format(
      "{} pictures smaller than {} px left out of training and validation: "
      "{}{}",
      dropped.size(), crop_px, absl::StrJoin(shown, ", "),
      dropped.size() > kShown ? ", ..." : ""));
  return absl::OkStatus();
}

// The pairs that the validation objective sees, and whether they may be that.
absl::Status ChooseOuterPairs(const DataSpec& spec, const PairedDataset& train,
                              RunData* data) {
  if (spec.validation_scenes == "training") {
    data->outer_indices = data->split.train.indices;
    data->split_text += " validation_scenes=training";
    data->invalid_reasons.emplace_back(
        "validation patches of the training scenes");
    return absl::OkStatus();
  }
  data->outer_indices = data->split.validation.indices;
  return CheckScenesApart(train.pairs(), data->split);
}

}  // namespace

absl::StatusOr<RunData> OpenRunData(const DataSpec& spec,
                                    const RunDataOptions& options) {
  RunData data;
  BILD_ASSIGN_OR_RETURN(const BenchmarkSets sets,
                        FindBenchmarkSets(spec.dataset));
  BILD_ASSIGN_OR_RETURN(OpenedSets opened,
                        OpenSets(spec, sets.train, &data.notes));
  const PairedDataset* const train = opened.train.dataset.get();
  const PairedDataset* const test = opened.test.dataset.get();
  const bool has_test = test != nullptr;
  const bool is_mismatched =
      opened.train.is_decoder_mismatched || opened.test.is_decoder_mismatched;
  data.decoder_probe = is_mismatched ? "mismatch" : "match";
  if (is_mismatched) {
    data.invalid_reasons.emplace_back("image decoder differs from the probe");
  }

  BILD_ASSIGN_OR_RETURN(std::string sizes, FileSizes(*train));
  if (has_test) {
    BILD_ASSIGN_OR_RETURN(const std::string test_sizes, FileSizes(*test));
    absl::StrAppend(&sizes, "test\n", test_sizes);
  }
  data.file_sizes_sha256 = Sha256Hex(sizes);

  SplitOptions split;
  split.rule = RuleOf(spec, train->name());
  split.seed = spec.split_seed;
  split.scene_block = spec.scene_block;
  split.is_tested_elsewhere = has_test;
  BILD_ASSIGN_OR_RETURN(const DatasetInfo info, FindDataset(sets.train));
  if (info.complete_ids != nullptr) split.complete_ids = info.complete_ids();
  if (has_test) {
    BILD_ASSIGN_OR_RETURN(
        data.test_list,
        ListToTest(sets.train, TestedSet(spec), split, *test, &data));
  }
  BILD_RETURN_IF_ERROR(SplitWithoutLeaks(spec, split, *train, test, &data));
  data.split_text = fmt::format("{} scene_block={} seed={} leak={}",
                                SplitRuleName(split.rule), spec.scene_block,
                                spec.split_seed, spec.leak);
  if (spec.small == "drop") {
    BILD_RETURN_IF_ERROR(DropSmallPictures(*train, options.crop_px, &data));
  }
  BILD_RETURN_IF_ERROR(ChooseOuterPairs(spec, *train, &data));
  BILD_ASSIGN_OR_RETURN(data.label_fault, ParseLabelFault(spec.label_fault));
  if (data.label_fault.kind != LabelFaultKind::kNone) {
    const std::string fault =
        absl::StrCat("label_fault=", LabelFaultText(data.label_fault));
    absl::StrAppend(&data.split_text, " ", fault);
    data.invalid_reasons.push_back(
        absl::StrCat("training pairs made faulty: ", fault));
  }

  const int64_t budget_bytes = options.image_cache_mib * (int64_t{1} << 20);
  data.train = Stored(std::move(opened.train), budget_bytes);
  data.validation_pictures =
      FirstInOrder(*data.train, data.split.validation.indices, spec.split_seed,
                   options.validation_pictures);
  if (has_test) {
    data.test = Stored(std::move(opened.test), budget_bytes);
    data.test_name = data.test->name();
  } else if (!data.split.test.indices.empty()) {
    data.test = data.train;
    data.test_name = data.train->name();
    data.test_list = data.split.test;
  } else {
    data.test = data.train;
    data.test_name = data.train->name() + "[validation]";
    data.test_list = data.split.validation;
    data.invalid_reasons.emplace_back(
        "no test set: scored on the validation pictures");
  }
  BILD_ASSIGN_OR_RETURN(const Resolution resolution,
                        ParseResolution(spec.evaluation_resolution));
  data.test = AtResolution(data.test, resolution);
  for (const auto* dataset : {data.train.get(), data.test.get()}) {
    for (const std::string& reason : dataset->invalid_reasons()) {
      if (std::find(data.invalid_reasons.begin(), data.invalid_reasons.end(),
                    reason) == data.invalid_reasons.end()) {
        data.invalid_reasons.push_back(reason);
      }
    }
  }
  return data;
}

absl::StatusOr<std::string> FileSizes(const PairedDataset& dataset) {
  std::string text;
  for (size_t i = 0; i < dataset.pairs().size(); ++i) {
    BILD_ASSIGN_OR_RETURN(const PairFileBytes bytes,
                          dataset.FileBytes(static_cast<int64_t>(i)));
    absl::StrAppend(&text, dataset.pairs()[i].id, "\t", bytes.hazy, "\t",
                    bytes.clear, "\n");
  }
  return text;
}

int64_t CountScenes(const PairedDataset& dataset,
                    const std::vector<int64_t>& indices) {
  std::set<std::string> scenes;
  for (int64_t index : indices) {
    scenes.insert(dataset.pairs()[static_cast<size_t>(index)].scene);
  }
  return static_cast<int64_t>(scenes.size());
}

}  // namespace bild
