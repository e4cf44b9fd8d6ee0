// A dataset in memory, made by formula, that counts what is asked of it.

#ifndef TESTS_DATASETS_MEMORY_DATASET_H_
#define TESTS_DATASETS_MEMORY_DATASET_H_

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "datasets/paired_dataset.h"
#include "tests/datasets/pictures.h"

namespace bild {

class MemoryDataset : public PairedDataset {
 public:
  // `pairs` must be sorted by id. Pictures are 24x20 unless `sizes` names the
  // pair's id. The clear picture is a function of the scene's name, or of what
  // `same_clear` maps it to.
  MemoryDataset(std::string name, std::vector<PairName> pairs)
      : name_(std::move(name)), pairs_(std::move(pairs)) {}

  std::map<std::string, ImageSize> sizes;
  std::map<std::string, std::string> same_clear;
  std::string fail_on_id;  // Read of this pair is an error.
  std::string folder_layout = "memory";
  mutable std::atomic<int> reads{0};

  const std::string& name() const override { return name_; }
  const std::string& layout() const override { return folder_layout; }
  const std::vector<std::string>& invalid_reasons() const override {
    return reasons_;
  }
  const std::vector<PairName>& pairs() const override { return pairs_; }

  absl::StatusOr<ImagePair> Read(int64_t index) const override {
    ++reads;
    const PairName& pair = pairs_.at(static_cast<size_t>(index));
    if (pair.id == fail_on_id) {
      return absl::DataLossError("'" + pair.hazy_path + "' is damaged");
    }
    const auto size = sizes.find(pair.id);
    const ImageSize own =
        size == sizes.end() ? ImageSize{24, 20} : size->second;
    const auto same = same_clear.find(pair.scene);
    const std::string& clear =
        same == same_clear.end() ? pair.scene : same->second;
    ImagePair images;
    images.hazy = std::make_shared<const Image>(
        PatternImage(own.width_px, own.height_px, Salt(pair.id) + 100));
    images.clear = std::make_shared<const Image>(
        PatternImage(own.width_px, own.height_px, Salt(clear)));
    return images;
  }

  static int64_t Salt(const std::string& text) {
    int64_t salt = 7;
    for (const char c : text) salt = (salt * 31 + c) % 65521;
    return salt;
  }

 private:
  std::string name_;
  std::vector<std::string> reasons_;
  std::vector<PairName> pairs_;
};

// `scenes` scenes "s<i>" with `per_scene` pairs "s<i>_<k>" each; i and k have
// two digits, so that the pairs are sorted.
inline std::vector<PairName> NumberedPairs(int scenes, int per_scene) {
  std::vector<PairName> pairs;
  for (int i = 0; i < scenes; ++i) {
    for (int k = 0; k < per_scene; ++k) {
      const std::string scene = "s" + std::to_string(10 + i);
      const std::string id = scene + "_" + std::to_string(10 + k);
      pairs.push_back(
          {id, scene, "hazy/" + id + ".png", "clear/" + scene + ".png"});
    }
  }
  return pairs;
}

}  // namespace bild

#endif  // TESTS_DATASETS_MEMORY_DATASET_H_
