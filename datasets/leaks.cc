#include "datasets/leaks.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <map>
#include <numeric>
#include <utility>

#include "absl/strings/str_join.h"
#include "bild/base/status.h"
#include "datasets/parallel_for.h"
#include "datasets/pixel_hash.h"
#include "datasets/reside_ids.h"
#include "fmt/format.h"

namespace bild {
namespace {

// "its" of "its[n=312]".
std::string Release(const std::string& name) {
  return name.substr(0, name.find('['));
}

bool IsSynthetic(const std::string& release) {
  return release.rfind("synthetic_", 0) == 0;
}

bool IsOts(const std::string& release) {
  return release == "ots_beta" || release == "ots_v0";
}

// A scene of a set with the place of its first pair.
using Scenes = std::map<std::string, int64_t>;

Scenes ScenesAt(const PairedDataset& dataset,
                const std::vector<int64_t>& indices) {
  Scenes scenes;
  for (const int64_t index : indices) {
    scenes.emplace(dataset.pairs()[static_cast<size_t>(index)].scene, index);
  }
  return scenes;
}

std::vector<int64_t> AllPairs(const PairedDataset& dataset) {
  std::vector<int64_t> indices(dataset.pairs().size());
  std::iota(indices.begin(), indices.end(), 0);
  return indices;
}

std::set<std::string> NamesOf(const Scenes& scenes) {
  std::set<std::string> names;
  for (const auto& entry : scenes) names.insert(entry.first);
  return names;
}

std::set<std::string> NamesOfBoth(const Scenes& scenes, const Scenes& others) {
  std::set<std::string> names;
  for (const auto& entry : scenes) {
    if (others.count(entry.first) > 0) names.insert(entry.first);
  }
  return names;
}

// The number of an NYU Depth V2 frame in a scene's name: "1400" and
// "NYU2_1400". -1 if there is none.
int64_t NyuNumber(const std::string& scene) {
  const std::string prefix = "NYU2_";
  std::string digits = scene;
  if (scene.compare(0, prefix.size(), prefix) == 0) {
    digits = scene.substr(prefix.size());
    digits = digits.substr(0, digits.find('_'));
  }
  const bool is_number = !digits.empty() && digits.size() <= 6 &&
                         std::all_of(digits.begin(), digits.end(), [](char c) {
                           return c >= '0' && c <= '9';
                         });
  return is_number ? std::atoll(digits.c_str()) : -1;
}

bool IsSotsIndoor(const std::string& release, const Scenes& tested) {
  if (release == "sots_indoor") return true;
  return release == "pair" &&
         std::all_of(tested.begin(), tested.end(), [](const auto& entry) {
           return IsSotsIndoorScene(entry.first);
         });
}

// Nothing is known of what the scenes of these are called.
bool IsComparedByPixels(const std::string& release) {
  return release == "pair" || IsSynthetic(release);
}

// Whether scenes with one name in both are one scene.
bool ShareNames(const std::string& release, const std::string& other) {
  if (IsComparedByPixels(release)) return false;
  return release == other || (IsOts(release) && IsOts(other));
}

// Scene to the hash of its clear picture.
absl::StatusOr<std::map<std::string, std::string>> ClearHashes(
    const PairedDataset& dataset, const Scenes& named) {
  const std::vector<std::pair<std::string, int64_t>> scenes(named.begin(),
                                                            named.end());
  std::vector<absl::StatusOr<std::string>> hashes(scenes.size());
  ParallelFor(static_cast<int64_t>(scenes.size()), [&](int64_t i) {
    const absl::StatusOr<ImagePair> pair = dataset.Read(scenes[i].second);
    if (pair.ok()) {
      hashes[i] = PixelHash(*pair->clear);
    } else {
      hashes[i] = pair.status();
    }
  });
  std::map<std::string, std::string> by_scene;
  for (size_t i = 0; i < scenes.size(); ++i) {
    if (!hashes[i].ok()) return hashes[i].status();
    by_scene[scenes[i].first] = *hashes[i];
  }
  return by_scene;
}

class LeakCollector {
 public:
  explicit LeakCollector(Leaks* leaks) : leaks_(leaks) {}

  void Add(const std::set<std::string>& scenes, const std::string& reason) {
    if (scenes.empty()) return;
    std::vector<std::string> shown(scenes.begin(), scenes.end());
    const size_t count = shown.size();
    if (count > 10) shown.resize(10);
    leaks_->reasons.push_back(fmt::format("{} scenes {}: {}{}", count, reason,
                                          absl::StrJoin(shown, ", "),
                                          count > 10 ? ", ..." : ""));
    leaks_->scenes.insert(scenes.begin(), scenes.end());
  }

 private:
  Leaks* leaks_;
};

}  // namespace

std::set<std::string> ScenesInSotsOutdoor(const std::set<std::string>& scenes) {
  std::set<std::string> shared;
  for (const std::string& id : SotsOutdoorIds()) {
    if (scenes.count(ResideScene(id)) > 0) shared.insert(ResideScene(id));
  }
  return shared;
}

bool IsSotsIndoorScene(const std::string& scene) {
  const int64_t number = NyuNumber(scene);
  return number >= 1400 && number <= 1449;
}

absl::StatusOr<Leaks> FindLeaks(const PairedDataset& train,
                                const PairedDataset* test,
                                const std::vector<int64_t>* tested) {
  Leaks leaks;
  LeakCollector collector(&leaks);
  const std::string release = Release(train.name());
  const Scenes scenes = ScenesAt(train, AllPairs(train));
  if (IsOts(release)) {
    collector.Add(ScenesInSotsOutdoor(NamesOf(scenes)),
                  fmt::format("of {} are in SOTS outdoor", release));
  }
  if (test == nullptr) return leaks;
  const std::string tested_release = Release(test->name());
  const Scenes tested_scenes =
      ScenesAt(*test, tested != nullptr ? *tested : AllPairs(*test));
  if (IsOts(release) && tested_release == "hsts") {
    collector.Add(NamesOfBoth(scenes, tested_scenes),
                  fmt::format("of {} are in HSTS", release));
  }
  if (!IsSynthetic(release) && !IsOts(release) &&
      IsSotsIndoor(tested_release, tested_scenes)) {
    const std::set<std::string> names = NamesOf(scenes);
    std::set<std::string> shared;
    std::copy_if(names.begin(), names.end(),
                 std::inserter(shared, shared.end()), IsSotsIndoorScene);
    collector.Add(shared, "are NYU2's 1400..1449, which are SOTS indoor");
  }
  if (ShareNames(release, tested_release)) {
    collector.Add(
        NamesOfBoth(scenes, tested_scenes),
        fmt::format("of {} are in the test set, by their names", release));
  }
  if (IsComparedByPixels(release) || IsComparedByPixels(tested_release)) {
    BILD_ASSIGN_OR_RETURN(const auto train_hashes, ClearHashes(train, scenes));
    BILD_ASSIGN_OR_RETURN(const auto test_hashes,
                          ClearHashes(*test, tested_scenes));
    std::set<std::string> hashes;
    for (const auto& entry : test_hashes) hashes.insert(entry.second);
    std::set<std::string> shared;
    for (const auto& [scene, hash] : train_hashes) {
      if (hashes.count(hash) > 0) shared.insert(scene);
    }
    collector.Add(shared,
                  "have a clear picture of the test set, pixel by pixel");
  }
  return leaks;
}

}  // namespace bild
