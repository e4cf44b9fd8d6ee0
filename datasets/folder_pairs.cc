#include "datasets/folder_pairs.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "bild/base/natural_order.h"
#include "bild/base/status.h"
#include "datasets/border_rule.h"
#include "datasets/folder_draft.h"
#include "datasets/image_reader.h"
#include "datasets/parallel_for.h"
#include "datasets/pixel_hash.h"
#include "datasets/problem_report.h"
#include "datasets/within_memory.h"
#include "fmt/format.h"

namespace bild {
namespace {

class FolderPairs : public PairedDataset {
 public:
  FolderPairs(FolderDraft draft, const ImageRules& reading)
      : name_(std::move(draft.name)),
        layout_(std::move(draft.layout)),
        invalid_reasons_(std::move(draft.invalid_reasons)),
        pairs_(std::move(draft.pairs)),
        sizes_(std::move(draft.sizes)),
        reading_(reading) {}

  const std::string& name() const override { return name_; }
  const std::string& layout() const override { return layout_; }
  const std::vector<std::string>& invalid_reasons() const override {
    return invalid_reasons_;
  }
  const std::vector<PairName>& pairs() const override { return pairs_; }

  absl::StatusOr<ImageSize> ReadSize(int64_t index) const override {
    return sizes_.at(static_cast<size_t>(index));
  }

  absl::StatusOr<ImagePair> Read(int64_t index) const override {
    const PairName& pair = pairs_.at(static_cast<size_t>(index));
    ImagePair images;
    absl::StatusOr<Image> read_hazy = ReadImage(pair.hazy_path, reading_);
    if (!read_hazy.ok()) return WithClear(pair, read_hazy.status());
    Image hazy = *std::move(read_hazy);
    const ImageSize hazy_size{hazy.width_px, hazy.height_px};
    images.hazy = std::make_shared<const Image>(std::move(hazy));
    images.clear = ClearInUse(pair.clear_path, hazy_size);
    if (images.clear != nullptr) return images;

    BILD_ASSIGN_OR_RETURN(Image clear, ReadImage(pair.clear_path, reading_));
    switch (CompareSizes(hazy_size, {clear.width_px, clear.height_px})) {
      case BorderFit::kEqual:
        break;
      case BorderFit::kBorder: {
        BILD_ASSIGN_OR_RETURN(
            clear, WithinMemory(pair.clear_path, [&clear] {
              return absl::StatusOr<Image>(WithoutBorder(clear));
            }));
        break;
      }
      case BorderFit::kMismatch:
        return absl::FailedPreconditionError(fmt::format(
            "{}: '{}' is {}x{} and its clear picture '{}' {}x{}: the files "
            "changed since the set was opened.",
            name_, pair.hazy_path, hazy_size.width_px, hazy_size.height_px,
            pair.clear_path, clear.width_px, clear.height_px));
    }
    images.clear = std::make_shared<const Image>(std::move(clear));
    const std::lock_guard<std::mutex> lock(mutex_);
    clear_in_use_[pair.clear_path] = images.clear;
    return images;
  }

  absl::StatusOr<PairView> ViewPart(int64_t index,
                                    const ImageWindow& window) const override {
    const auto place = static_cast<size_t>(index);
    const PairName& pair = pairs_.at(place);
    const ImageSize& size = sizes_.at(place);
    const auto of_hazy =
        [&](const ImageSize& found) -> absl::StatusOr<ImageWindow> {
      if (found == size) return window;
      return Changed(pair, size, found);
    };
    const auto of_clear =
        [&](const ImageSize& found) -> absl::StatusOr<ImageWindow> {
      ImageWindow shifted = window;
      switch (CompareSizes(size, found)) {
        case BorderFit::kEqual:
          break;
        case BorderFit::kBorder:
          shifted.x_px += kBorderPx;
          shifted.y_px += kBorderPx;
          break;
        case BorderFit::kMismatch:
          return Changed(pair, size, found);
      }
      return shifted;
    };
    auto images = std::make_shared<std::pair<Image, Image>>();
    BILD_ASSIGN_OR_RETURN(images->first,
                          ReadImageWindow(pair.hazy_path, reading_, of_hazy));
    BILD_ASSIGN_OR_RETURN(images->second,
                          ReadImageWindow(pair.clear_path, reading_, of_clear));
    PairView view{ViewOf(images->first), ViewOf(images->second), window.x_px,
                  window.y_px, nullptr};
    view.owner = std::move(images);
    return view;
  }

 private:
  // What is wrong with the hazy picture of a pair, and with the clear one where
  // that cannot be read either: a user repairs both at once.
  absl::Status WithClear(const PairName& pair, const absl::Status& hazy) const {
    const absl::Status clear = ReadImage(pair.clear_path, reading_).status();
    if (clear.ok()) return hazy;
    return absl::Status(hazy.code(), fmt::format("{} And its clear picture: {}",
                                                 std::string(hazy.message()),
                                                 std::string(clear.message())));
  }

  absl::Status Changed(const PairName& pair, const ImageSize& expected,
                       const ImageSize& found) const {
    return absl::FailedPreconditionError(fmt::format(
        "{}: '{}' was {}x{} when the set was opened, and of it and its clear "
        "picture '{}' one is {}x{} now: the files changed.",
        name_, pair.hazy_path, expected.width_px, expected.height_px,
        pair.clear_path, found.width_px, found.height_px));
  }

  // The clear picture of a scene is shared by its hazy ones: as long as someone
  // holds it, it is not decoded again. Null if nobody does.
  std::shared_ptr<const Image> ClearInUse(const std::string& path,
                                          const ImageSize& hazy_size) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = clear_in_use_.find(path);
    if (found == clear_in_use_.end()) return nullptr;
    std::shared_ptr<const Image> clear = found->second.lock();
    if (clear == nullptr) return nullptr;
    const bool fits = ImageSize{clear->width_px, clear->height_px} == hazy_size;
    return fits ? clear : nullptr;
  }

  std::string name_;
  std::string layout_;
  std::vector<std::string> invalid_reasons_;
  std::vector<PairName> pairs_;
  std::vector<ImageSize> sizes_;  // Of the hazy pictures.
  ImageRules reading_;
  mutable std::mutex mutex_;
  mutable std::unordered_map<std::string, std::weak_ptr<const Image>>
      clear_in_use_;
};

// Gives pairs whose clear pictures have equal pixels one scene, named after the
// first of their clear pictures in natural order.
void MergeScenesOfEqualPixels(const DatasetInfo& info,
                              const ImageRules& reading,
                              std::vector<PairName>* pairs,
                              ProblemReport* problems) {
  std::map<std::string, std::string> path_of_scene;
  for (const PairName& pair : *pairs) {
    path_of_scene[pair.scene] = pair.clear_path;
  }
  std::vector<std::string> scenes;
  for (const auto& entry : path_of_scene) scenes.push_back(entry.first);
  std::sort(scenes.begin(), scenes.end(), NaturalLess);
  std::vector<absl::StatusOr<std::string>> hashes(scenes.size());
  ParallelFor(static_cast<int64_t>(scenes.size()), [&](int64_t i) {
    const absl::StatusOr<Image> image =
        ReadImage(path_of_scene.at(scenes[i]), reading);
    if (image.ok()) {
      hashes[i] = PixelHash(*image);
    } else {
      hashes[i] = image.status();
    }
  });
  std::map<std::string, std::string> scene_of_hash;
  std::map<std::string, std::string> merged;
  std::vector<std::string> unusable;
  for (size_t i = 0; i < scenes.size(); ++i) {
    if (!hashes[i].ok()) {
      unusable.emplace_back(hashes[i].status().message());
      continue;
    }
    merged[scenes[i]] =
        scene_of_hash.emplace(*hashes[i], scenes[i]).first->second;
  }
  problems->Add("decode", absl::StatusCode::kDataLoss,
                fmt::format("{}: {} of {} clear pictures do not decode:",
                            info.name, unusable.size(), scenes.size()),
                unusable, "Get these files again.");
  if (!unusable.empty()) return;
  for (PairName& pair : *pairs) pair.scene = merged.at(pair.scene);
}

}  // namespace

absl::StatusOr<std::unique_ptr<PairedDataset>> OpenFolderPairs(
    const DatasetInfo& info, const SetFolders& folders,
    const FolderPairsOptions& options) {
  BILD_ASSIGN_OR_RETURN(
      FolderDraft draft,
      DraftFolder(info, folders, {options.allow_partial, options.reading}));
  if (options.notes != nullptr) {
    for (const ProblemGroup& group : draft.warnings.groups()) {
      options.notes->push_back(group.Text());
    }
  }
  if (info.name_rule == NameRule::kAnyPair && draft.problems.status().ok()) {
    MergeScenesOfEqualPixels(info, options.reading, &draft.pairs,
                             &draft.problems);
  }
  BILD_RETURN_IF_ERROR(draft.problems.status());
  return std::make_unique<FolderPairs>(std::move(draft), options.reading);
}

}  // namespace bild
