#include "datasets/folder_pairs.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>
#include <utility>

#include "bild/base/status.h"
#include "datasets/border_rule.h"
#include "datasets/image_header.h"
#include "datasets/image_reader.h"
#include "datasets/natural_order.h"
#include "datasets/pairing.h"
#include "datasets/parallel_for.h"
#include "datasets/pixel_hash.h"
#include "datasets/problem_report.h"
#include "fmt/format.h"

namespace bild {
namespace {

// 13990 as "13,990".
std::string WithThousands(size_t n) {
  std::string digits = std::to_string(n);
  for (int64_t at = static_cast<int64_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<size_t>(at), ",");
  }
  return digits;
}

// "7_3, 7_4 and 12 more"; the first ten.
std::string ShortList(const std::vector<std::string>& ids) {
  constexpr size_t kShown = 10;
  std::string text;
  for (size_t i = 0; i < std::min(kShown, ids.size()); ++i) {
    text += (i == 0 ? "" : ", ") + ids[i];
  }
  if (ids.size() > kShown) {
    text += fmt::format(" and {} more", WithThousands(ids.size() - kShown));
  }
  return text;
}

class FolderPairs : public PairedDataset {
 public:
  FolderPairs(std::string name, std::string layout,
              std::vector<std::string> invalid_reasons,
              std::vector<PairName> pairs, std::vector<ImageSize> sizes)
      : name_(std::move(name)),
        layout_(std::move(layout)),
        invalid_reasons_(std::move(invalid_reasons)),
        pairs_(std::move(pairs)),
        sizes_(std::move(sizes)) {}

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
    BILD_ASSIGN_OR_RETURN(Image hazy, ReadImage(pair.hazy_path));
    const ImageSize hazy_size{hazy.width_px, hazy.height_px};
    images.hazy = std::make_shared<const Image>(std::move(hazy));
    images.clear = ClearInUse(pair.clear_path, hazy_size);
    if (images.clear != nullptr) return images;

    BILD_ASSIGN_OR_RETURN(Image clear, ReadImage(pair.clear_path));
    switch (CompareSizes(hazy_size, {clear.width_px, clear.height_px})) {
      case BorderFit::kEqual:
        break;
      case BorderFit::kBorder:
        clear = WithoutBorder(clear);
        break;
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

 private:
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
  mutable std::mutex mutex_;
  mutable std::unordered_map<std::string, std::weak_ptr<const Image>>
      clear_in_use_;
};

// Header of each distinct file among the pairs; unusable files go into
// `problems` and are not in the result.
std::map<std::string, ImageHeader> InspectAll(
    const DatasetInfo& info, const std::vector<PairName>& pairs,
    ProblemReport* problems, std::vector<std::string>* notes) {
  std::set<std::string> distinct;
  for (const PairName& pair : pairs) {
    distinct.insert(pair.hazy_path);
    distinct.insert(pair.clear_path);
  }
  const std::vector<std::string> paths(distinct.begin(), distinct.end());
  std::vector<absl::StatusOr<ImageHeader>> headers(paths.size());
  ParallelFor(static_cast<int64_t>(paths.size()), [&](int64_t i) {
    headers[i] = InspectImage(paths[i]);
    if (!headers[i].ok() || !headers[i]->has_alpha) return;
    // Whether alpha is 255 everywhere only the pixels tell.
    const absl::StatusOr<Image> image = ReadImage(paths[i]);
    if (!image.ok()) headers[i] = image.status();
  });
  std::map<std::string, ImageHeader> usable;
  std::vector<std::string> unusable;
  absl::StatusCode code = absl::StatusCode::kOk;
  size_t opaque = 0;
  std::vector<std::string> misnamed;
  for (size_t i = 0; i < paths.size(); ++i) {
    if (!headers[i].ok()) {
      if (unusable.empty()) code = headers[i].status().code();
      unusable.emplace_back(headers[i].status().message());
      continue;
    }
    usable[paths[i]] = *headers[i];
    if (headers[i]->has_alpha) ++opaque;
    if (!ExtensionFits(paths[i], headers[i]->format)) {
      misnamed.push_back(fmt::format("'{}' is a {}", paths[i],
                                     ImageFormatName(headers[i]->format)));
    }
  }
  problems->Add(code,
                fmt::format("{}: {} of {} pictures cannot be used:", info.name,
                            unusable.size(), paths.size()),
                unusable, "Get these files again or convert them.");
  if (opaque > 0) {
    notes->push_back(fmt::format(
        "{}: {} pictures have an alpha channel, 255 everywhere: dropped",
        info.name, opaque));
  }
  if (!misnamed.empty()) {
    notes->push_back(ListProblems(
        fmt::format("{}: {} pictures have another format than their name says "
                    "and are read all the same:",
                    info.name, misnamed.size()),
        misnamed, ""));
  }
  return usable;
}

// Applies the border rule to sizes. Gives the hazy pictures' sizes.
std::vector<ImageSize> CheckSizes(
    const DatasetInfo& info, const std::vector<PairName>& pairs,
    const std::map<std::string, ImageHeader>& headers, ProblemReport* problems,
    std::vector<std::string>* notes) {
  std::vector<ImageSize> sizes;
  std::vector<std::string> mismatches;
  size_t with_border = 0;
  for (const PairName& pair : pairs) {
    const auto hazy = headers.find(pair.hazy_path);
    const auto clear = headers.find(pair.clear_path);
    if (hazy == headers.end() || clear == headers.end()) continue;
    const ImageSize hazy_size{hazy->second.width_px, hazy->second.height_px};
    const ImageSize clear_size{clear->second.width_px, clear->second.height_px};
    const BorderFit fit = CompareSizes(hazy_size, clear_size);
    if (fit == BorderFit::kBorder) ++with_border;
    if (fit == BorderFit::kMismatch) {
      mismatches.push_back(fmt::format(
          "{}: '{}' is {}x{}, '{}' is {}x{}", pair.id, pair.hazy_path,
          hazy_size.width_px, hazy_size.height_px, pair.clear_path,
          clear_size.width_px, clear_size.height_px));
    }
    sizes.push_back(hazy_size);
  }
  problems->Add(
      absl::StatusCode::kFailedPrecondition,
      fmt::format("{}: {} of {} pairs differ in size, expected equal sizes or "
                  "a clear picture 20 px wider and higher:",
                  info.name, mismatches.size(), pairs.size()),
      mismatches, "Nothing is resized: get the pictures that belong together.");
  if (with_border > 0) {
    notes->push_back(fmt::format(
        "{}: border rule: 10 px cut from each side of the clear picture for {} "
        "of {} pairs",
        info.name, with_border, pairs.size()));
  }
  return sizes;
}

// Compares the ids with a complete copy's. Gives "" or why the set is partial.
std::string CheckComplete(const DatasetInfo& info,
                          const std::vector<PairName>& pairs,
                          bool allow_partial, ProblemReport* problems) {
  const std::vector<std::string> complete = info.complete_ids();
  const std::set<std::string> wanted(complete.begin(), complete.end());
  std::set<std::string> found;
  std::vector<std::string> unknown;
  for (const PairName& pair : pairs) {
    found.insert(pair.id);
    if (wanted.count(pair.id) == 0) unknown.push_back(pair.id);
  }
  std::vector<std::string> missing;
  for (const std::string& id : complete) {
    if (found.count(id) == 0) missing.push_back(id);
  }
  const std::string counts =
      fmt::format("{} of {}", WithThousands(pairs.size() - unknown.size()),
                  WithThousands(complete.size()));
  std::string text = fmt::format("{}: {}", info.name, counts);
  if (!missing.empty()) text += "; missing " + ShortList(missing);
  if (!unknown.empty()) {
    text += fmt::format("; {} that the release does not have: {}",
                        WithThousands(unknown.size()), ShortList(unknown));
  }
  if (!unknown.empty() || (!missing.empty() && !allow_partial)) {
    problems->Add(absl::StatusCode::kFailedPrecondition, text,
                  {unknown.empty()
                       ? "complete the copy, or pass --allow_partial: its rows "
                         "are then INVALID for every published protocol"
                       : "this is another release; --dataset=pair takes any "
                         "names"},
                  "");
  }
  return missing.empty() ? "" : "partial: " + counts + " pairs";
}

// Gives pairs whose clear pictures have equal pixels one scene, named after the
// first of their clear pictures in natural order.
void MergeScenesOfEqualPixels(const DatasetInfo& info,
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
    const absl::StatusOr<Image> image = ReadImage(path_of_scene.at(scenes[i]));
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
  problems->Add(absl::StatusCode::kDataLoss,
                fmt::format("{}: {} of {} clear pictures do not decode:",
                            info.name, unusable.size(), scenes.size()),
                unusable, "Get these files again.");
  if (!unusable.empty()) return;
  for (PairName& pair : *pairs) pair.scene = merged.at(pair.scene);
}

absl::StatusOr<std::vector<PictureFile>> ListHazy(const DatasetInfo& info,
                                                  const SetFolders& folders,
                                                  int64_t* ignored) {
  std::vector<PictureFile> hazy;
  for (const std::string& folder : folders.hazy_folders) {
    BILD_ASSIGN_OR_RETURN(const FolderListing listing, ListPictures(folder));
    hazy.insert(hazy.end(), listing.pictures.begin(), listing.pictures.end());
    *ignored += listing.ignored;
  }
  if (hazy.empty()) {
    return absl::NotFoundError(fmt::format(
        "{}: no picture in '{}', expected .png, .jpg, .jpeg or .bmp files.",
        info.name, folders.hazy_folders[0]));
  }
  return hazy;
}

}  // namespace

absl::StatusOr<std::unique_ptr<PairedDataset>> OpenFolderPairs(
    const DatasetInfo& info, const SetFolders& folders,
    const FolderPairsOptions& options) {
  std::vector<std::string> unwanted;
  std::vector<std::string>* notes =
      options.notes != nullptr ? options.notes : &unwanted;
  int64_t ignored = 0;
  BILD_ASSIGN_OR_RETURN(const std::vector<PictureFile> hazy,
                        ListHazy(info, folders, &ignored));
  BILD_ASSIGN_OR_RETURN(const FolderListing clear,
                        ListPictures(folders.clear_folder));
  ignored += clear.ignored;
  if (ignored > 0) {
    notes->push_back(
        fmt::format("{}: {} files or folders that are no pictures were ignored",
                    info.name, ignored));
  }

  ProblemReport problems;
  Pairing pairing = PairPictures(info, hazy, clear.pictures, &problems);
  if (!pairing.unused_clear.empty()) {
    notes->push_back(ListProblems(
        fmt::format("{}: {} clear pictures belong to no hazy one:", info.name,
                    pairing.unused_clear.size()),
        pairing.unused_clear, ""));
  }
  std::string name = info.name;
  std::vector<std::string> reasons;
  if (folders.is_synthetic) {
    name = info.synthetic_name;
    reasons.push_back("synthetic");
  } else if (info.complete_ids != nullptr) {
    const std::string partial =
        CheckComplete(info, pairing.pairs, options.allow_partial, &problems);
    if (!partial.empty()) {
      name = fmt::format("{}[n={}]", info.name, pairing.pairs.size());
      reasons.push_back(partial);
    }
  }
  const std::map<std::string, ImageHeader> headers =
      InspectAll(info, pairing.pairs, &problems, notes);
  std::vector<ImageSize> sizes =
      CheckSizes(info, pairing.pairs, headers, &problems, notes);
  if (info.name_rule == NameRule::kAnyPair && problems.status().ok()) {
    MergeScenesOfEqualPixels(info, &pairing.pairs, &problems);
  }
  BILD_RETURN_IF_ERROR(problems.status());
  return std::make_unique<FolderPairs>(
      std::move(name), folders.layout, std::move(reasons),
      std::move(pairing.pairs), std::move(sizes));
}

}  // namespace bild
