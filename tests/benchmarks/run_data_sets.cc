#include "tests/benchmarks/run_data_sets.h"

#include "tests/datasets/pictures.h"

namespace bild {

void WriteScenes(const std::string& root, int scenes, int64_t salt) {
  for (int scene = 0; scene < scenes; ++scene) {
    const std::string name = "s" + std::to_string(10 + scene);
    const int64_t own = salt + 10 * scene;
    WritePicture(root + "/clear/" + name + ".png", PatternImage(24, 20, own));
    for (int k = 1; k <= 2; ++k) {
      WritePicture(root + "/hazy/" + name + "_" + std::to_string(k) + ".png",
                   PatternImage(24, 20, own + k));
    }
  }
}

DataSpec PairSpec(const std::string& data_root, const std::string& test_root) {
  DataSpec spec;
  spec.dataset = "pair";
  spec.data_root = data_root;
  spec.test_root = test_root;
  return spec;
}

absl::StatusOr<RunData> Open(const DataSpec& spec, int64_t crop_px) {
  RunDataOptions options;
  options.image_cache_mib = 16;
  options.validation_pictures = 3;
  options.crop_px = crop_px;
  return OpenRunData(spec, options);
}

std::set<std::string> Scenes(const PairedDataset& dataset,
                             const std::vector<int64_t>& indices) {
  std::set<std::string> scenes;
  for (const int64_t index : indices) {
    scenes.insert(dataset.pairs()[static_cast<size_t>(index)].scene);
  }
  return scenes;
}

}  // namespace bild
