#include "datasets/leaks.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <map>
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

std::set<std::string> ScenesOf(const PairedDataset& dataset) {
  std::set<std::string> scenes;
  for (const PairName& pair : dataset.pairs()) scenes.insert(pair.scene);
  return scenes;
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

bool IsSotsIndoor(const PairedDataset& test) {
  const std::string release = Release(test.name());
  if (IsSynthetic(release)) return false;
  const std::set<std::string> scenes = ScenesOf(test);
  return release == "sots_indoor" ||
         std::all_of(scenes.begin(), scenes.end(), IsSotsIndoorScene);
}

// Scene to the hash of its clear picture.
absl::StatusOr<std::map<std::string, std::string>> ClearHashes(
    const PairedDataset& dataset) {
  std::map<std::string, int64_t> first_pair;
  for (size_t i = 0; i < dataset.pairs().size(); ++i) {
    first_pair.emplace(dataset.pairs()[i].scene, static_cast<int64_t>(i));
  }
  const std::vector<std::pair<std::string, int64_t>> scenes(first_pair.begin(),
                                                            first_pair.end());
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
                                const PairedDataset* test) {
  Leaks leaks;
  LeakCollector collector(&leaks);
  const std::string release = Release(train.name());
  const std::set<std::string> scenes = ScenesOf(train);
  const bool is_ots = release == "ots_beta" || release == "ots_v0";
  if (is_ots) {
    collector.Add(ScenesInSotsOutdoor(scenes),
                  fmt::format("of {} are in SOTS outdoor", release));
  }
  if (test == nullptr) return leaks;
  const std::string tested_release = Release(test->name());
  if (is_ots && tested_release == "hsts") {
    std::set<std::string> shared;
    for (const std::string& scene : ScenesOf(*test)) {
      if (scenes.count(scene) > 0) shared.insert(scene);
    }
    collector.Add(shared, fmt::format("of {} are in HSTS", release));
  }
  if (!IsSynthetic(release) && !is_ots && IsSotsIndoor(*test)) {
    std::set<std::string> shared;
    std::copy_if(scenes.begin(), scenes.end(),
                 std::inserter(shared, shared.end()), IsSotsIndoorScene);
    collector.Add(shared, "are NYU2's 1400..1449, which are SOTS indoor");
  }
  if (release == "pair" || tested_release == "pair" || IsSynthetic(release)) {
    BILD_ASSIGN_OR_RETURN(const auto train_hashes, ClearHashes(train));
    BILD_ASSIGN_OR_RETURN(const auto test_hashes, ClearHashes(*test));
    std::set<std::string> tested;
    for (const auto& entry : test_hashes) tested.insert(entry.second);
    std::set<std::string> shared;
    for (const auto& [scene, hash] : train_hashes) {
      if (tested.count(hash) > 0) shared.insert(scene);
    }
    collector.Add(shared,
                  "have a clear picture of the test set, pixel by pixel");
  }
  return leaks;
}

}  // namespace bild
