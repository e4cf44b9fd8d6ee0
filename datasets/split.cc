#include "datasets/split.h"

#include <algorithm>
#include <map>
#include <utility>

#include "bild/base/natural_order.h"
#include "bild/base/sha256.h"
#include "bild/base/status.h"
#include "fmt/format.h"

namespace bild {
namespace {

constexpr int64_t kResideValidationScenes = 50;
constexpr int64_t kResideIdsPerScene = 10;
constexpr int64_t kChallengeValidation = 5;
constexpr int64_t kChallengeTest = 5;

using IdsByScene = std::map<std::string, std::vector<std::string>>;

std::vector<std::string> Scenes(const IdsByScene& ids_of) {
  std::vector<std::string> scenes;
  for (const auto& entry : ids_of) scenes.push_back(entry.first);
  return scenes;
}

IdsByScene IdsWithout(const std::set<std::string>& dropped_scenes,
                      const std::vector<PairName>& pairs) {
  IdsByScene ids_of;
  for (const PairName& pair : pairs) {
    if (dropped_scenes.count(pair.scene) == 0) {
      ids_of[pair.scene].push_back(pair.id);
    }
  }
  return ids_of;
}

std::vector<std::string> FirstOf(std::vector<std::string> ids, int64_t n) {
  if (static_cast<int64_t>(ids.size()) > n) {
    ids.resize(static_cast<size_t>(n));
  }
  return ids;
}

// Ids of the sides.
struct Sides {
  std::set<std::string> train;
  std::set<std::string> validation;
  std::set<std::string> test;
};

Sides SplitReside(const IdsByScene& ids_of, const SplitOptions& options) {
  const std::vector<std::string> scenes = Order(options.seed, Scenes(ids_of));
  Sides sides;
  std::vector<std::string> pool;
  for (size_t i = 0; i < scenes.size(); ++i) {
    const std::vector<std::string>& ids = ids_of.at(scenes[i]);
    if (i < kResideValidationScenes) {
      const auto first = FirstOf(Order(options.seed, ids), kResideIdsPerScene);
      sides.validation.insert(first.begin(), first.end());
    } else {
      pool.insert(pool.end(), ids.begin(), ids.end());
    }
  }
  if (options.rule != SplitRule::kFull) {
    pool = FirstOf(Order(options.seed, pool),
                   options.rule == SplitRule::kPaper ? 5000 : 4500);
  }
  sides.train.insert(pool.begin(), pool.end());
  return sides;
}

Sides SplitTenth(const IdsByScene& ids_of, const SplitOptions& options) {
  std::vector<std::string> scenes = Scenes(ids_of);
  std::sort(scenes.begin(), scenes.end(), NaturalLess);
  // A block is known by its first scene.
  std::map<std::string, std::vector<std::string>> scenes_of;
  std::string block;
  for (size_t i = 0; i < scenes.size(); ++i) {
    if (static_cast<int64_t>(i) % options.scene_block == 0) block = scenes[i];
    scenes_of[block].push_back(scenes[i]);
  }
  const int64_t wanted =
      std::max<int64_t>(1, static_cast<int64_t>(scenes.size()) / 10);
  int64_t taken = 0;
  Sides sides;
  for (const std::string& first : Order(options.seed, Scenes(scenes_of))) {
    std::set<std::string>* side =
        taken < wanted ? &sides.validation : &sides.train;
    for (const std::string& scene : scenes_of.at(first)) {
      if (side == &sides.validation) ++taken;
      side->insert(ids_of.at(scene).begin(), ids_of.at(scene).end());
    }
  }
  return sides;
}

// Empty sides where there are too few scenes.
Sides SplitChallenge(const IdsByScene& ids_of, const SplitOptions& options) {
  std::vector<std::string> ids = options.complete_ids;
  if (ids.empty()) ids = Scenes(ids_of);
  const absl::StatusOr<ChallengeSplit> split =
      options.seed == 0
          ? SplitInNumberOrder(ids, kChallengeValidation, kChallengeTest)
          : SplitInSeededOrder(ids, kChallengeValidation, kChallengeTest,
                               options.seed);
  if (!split.ok()) return {};
  Sides sides;
  const auto take = [&ids_of](const std::vector<std::string>& scenes,
                              std::set<std::string>* side) {
    for (const std::string& scene : scenes) {
      const auto found = ids_of.find(scene);
      if (found == ids_of.end()) continue;
      side->insert(found->second.begin(), found->second.end());
    }
  };
  take(split->train, &sides.train);
  take(split->validation, &sides.validation);
  take(split->test, &sides.test);
  return sides;
}

SplitList ListOf(const std::vector<PairName>& pairs,
                 const std::set<std::string>& ids) {
  SplitList list;
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (ids.count(pairs[i].id) == 0) continue;
    list.indices.push_back(static_cast<int64_t>(i));
    list.text += pairs[i].id + "\n";
  }
  list.sha256 = Sha256Hex(list.text);
  return list;
}

absl::Status CheckSizes(int64_t ids, int64_t validation, int64_t test) {
  // Subtracted, as a sum might overflow.
  if (validation >= 0 && test >= 0 && validation <= ids &&
      test <= ids - validation) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(fmt::format(
      "{} different ids cannot be split into {} for validation, {} for testing "
      "and the rest for training: expected sizes of 0 or more that are {} "
      "together at most. Take smaller sizes or add pictures.",
      ids, validation, test, ids));
}

std::vector<std::string> Slice(const std::vector<std::string>& ids,
                               int64_t from, int64_t to) {
  return {ids.begin() + from, ids.begin() + to};
}

constexpr char kSmallPart[] =
    "For a small part of a set pass --split=tenth: a tenth of the scenes, at "
    "least one, is kept for validation.";

}  // namespace

std::vector<std::string> Order(uint64_t seed, std::vector<std::string> ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  std::vector<std::pair<Sha256Digest, std::string>> keyed;
  keyed.reserve(ids.size());
  for (std::string& id : ids) {
    const Sha256Digest key = Sha256(fmt::format("{}:{}", seed, id));
    keyed.emplace_back(key, std::move(id));
  }
  std::sort(keyed.begin(), keyed.end());
  for (size_t i = 0; i < ids.size(); ++i) ids[i] = std::move(keyed[i].second);
  return ids;
}

const char* SplitRuleName(SplitRule rule) {
  switch (rule) {
    case SplitRule::kPaper:
      return "paper";
    case SplitRule::kPaper4500:
      return "paper4500";
    case SplitRule::kFull:
      return "full";
    case SplitRule::kTenth:
      return "tenth";
    case SplitRule::kChallenge:
      return "challenge";
  }
  return "?";
}

SplitRule DefaultSplitRule(const std::string& dataset_name) {
  std::string release = dataset_name.substr(0, dataset_name.find('['));
  // Their numbers tell training from test, in a synthetic set as in the real.
  if (release == "synthetic_ohaze" || release == "synthetic_nhhaze") {
    release = release.substr(release.find('_') + 1);
  }
  if (release == "its" || release == "ots_beta" || release == "ots_v0") {
    return SplitRule::kPaper;
  }
  if (release == "ohaze" || release == "nhhaze" || release == "densehaze") {
    return SplitRule::kChallenge;
  }
  return SplitRule::kTenth;
}

absl::StatusOr<Split> MakeSplit(const std::vector<PairName>& pairs,
                                const std::set<std::string>& dropped_scenes,
                                const SplitOptions& options) {
  const bool is_tenth = options.rule == SplitRule::kTenth;
  if (options.scene_block < 1 || (options.scene_block > 1 && !is_tenth)) {
    return absl::InvalidArgumentError(fmt::format(
        "--scene_block={} is not possible with the split rule '{}': expected "
        "at least 1, and more than 1 for --dataset=pair alone.",
        options.scene_block, SplitRuleName(options.rule)));
  }
  const IdsByScene ids_of = IdsWithout(dropped_scenes, pairs);
  const bool is_challenge = options.rule == SplitRule::kChallenge;
  const Sides sides = is_challenge ? SplitChallenge(ids_of, options)
                      : is_tenth   ? SplitTenth(ids_of, options)
                                   : SplitReside(ids_of, options);
  const bool lacks_test = sides.test.empty() && !options.is_tested_elsewhere;
  if (is_challenge &&
      (sides.train.empty() || sides.validation.empty() || lacks_test)) {
    return absl::FailedPreconditionError(fmt::format(
        "{} scenes are too few for the split rule 'challenge', which goes by "
        "their numbers: {} to train on, {} for validation, {} to test on, "
        "expected at least one each. {}",
        ids_of.size(), sides.train.size(), sides.validation.size(),
        sides.test.size(), kSmallPart));
  }
  if (sides.train.empty() || sides.validation.empty()) {
    return absl::FailedPreconditionError(fmt::format(
        "{} scenes are too few for the split rule '{}'{}: nothing is left to "
        "train on. It takes {} for validation. {}",
        ids_of.size(), SplitRuleName(options.rule),
        is_tenth ? fmt::format(" with --scene_block={}", options.scene_block)
                 : "",
        is_tenth ? "a tenth of the scenes, at least one block,"
                 : fmt::format("{} scenes", kResideValidationScenes),
        is_tenth ? "Add scenes or lower --scene_block." : kSmallPart));
  }
  return Split{ListOf(pairs, sides.train), ListOf(pairs, sides.validation),
               ListOf(pairs, sides.test)};
}

SplitList ChallengeTestSide(const std::vector<PairName>& pairs,
                            const SplitOptions& options) {
  return ListOf(pairs, SplitChallenge(IdsWithout({}, pairs), options).test);
}

SplitList ListOfIndices(const std::vector<PairName>& pairs,
                        const std::vector<int64_t>& indices) {
  std::set<std::string> ids;
  for (const int64_t index : indices) {
    ids.insert(pairs[static_cast<size_t>(index)].id);
  }
  return ListOf(pairs, ids);
}

SplitList WholeList(const std::vector<PairName>& pairs) {
  std::set<std::string> ids;
  for (const PairName& pair : pairs) ids.insert(pair.id);
  return ListOf(pairs, ids);
}

std::string ListText(std::vector<std::string> ids) {
  std::sort(ids.begin(), ids.end());
  std::string text;
  for (const std::string& id : ids) text += id + "\n";
  return text;
}

absl::StatusOr<ChallengeSplit> SplitInNumberOrder(std::vector<std::string> ids,
                                                  int64_t validation,
                                                  int64_t test) {
  std::sort(ids.begin(), ids.end(), NaturalLess);
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  const auto n = static_cast<int64_t>(ids.size());
  BILD_RETURN_IF_ERROR(CheckSizes(n, validation, test));
  return ChallengeSplit{Slice(ids, 0, n - validation - test),
                        Slice(ids, n - validation - test, n - test),
                        Slice(ids, n - test, n)};
}

absl::StatusOr<ChallengeSplit> SplitInSeededOrder(
    const std::vector<std::string>& ids, int64_t validation, int64_t test,
    uint64_t seed) {
  const std::vector<std::string> order = Order(seed, ids);
  const auto n = static_cast<int64_t>(order.size());
  BILD_RETURN_IF_ERROR(CheckSizes(n, validation, test));
  ChallengeSplit split{Slice(order, validation + test, n),
                       Slice(order, test, validation + test),
                       Slice(order, 0, test)};
  for (auto* list : {&split.train, &split.validation, &split.test}) {
    std::sort(list->begin(), list->end());
  }
  return split;
}

}  // namespace bild
