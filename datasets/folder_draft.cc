#include "datasets/folder_draft.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "bild/base/natural_order.h"
#include "bild/base/status.h"
#include "datasets/border_rule.h"
#include "datasets/image_reader.h"
#include "datasets/pairing.h"
#include "datasets/parallel_for.h"
#include "datasets/reside_ids.h"
#include "fmt/format.h"

namespace bild {
namespace {

// Headers of the pairs' files into draft->files, with what is wrong with them.
void InspectFiles(const DatasetInfo& info, const ImageRules& reading,
                  FolderDraft* draft) {
  std::set<std::string> distinct;
  for (const PairName& pair : draft->pairs) {
    distinct.insert(pair.hazy_path);
    if (info.has_clear) distinct.insert(pair.clear_path);
  }
  const std::vector<std::string> paths(distinct.begin(), distinct.end());
  std::vector<absl::StatusOr<ImageHeader>> headers(paths.size());
  ParallelFor(static_cast<int64_t>(paths.size()), [&](int64_t i) {
    headers[i] = InspectImage(paths[i], reading);
    if (!headers[i].ok() || !headers[i]->has_alpha) return;
    // Whether alpha is 255 everywhere only the pixels tell.
    const absl::StatusOr<Image> image = ReadImage(paths[i], reading);
    if (!image.ok()) headers[i] = image.status();
  });
  std::vector<std::string> unusable;
  std::vector<std::string> opaque;
  std::vector<std::string> misnamed;
  std::vector<std::string> expanded;
  absl::StatusCode code = absl::StatusCode::kOk;
  for (size_t i = 0; i < paths.size(); ++i) {
    if (!headers[i].ok()) {
      if (unusable.empty()) code = headers[i].status().code();
      unusable.emplace_back(headers[i].status().message());
      continue;
    }
    draft->files[paths[i]] = *headers[i];
    const std::string quoted = fmt::format("'{}'", paths[i]);
    if (headers[i]->has_alpha) opaque.push_back(quoted);
    if (headers[i]->is_grey || headers[i]->is_palette) {
      expanded.push_back(quoted);
    }
    if (!ExtensionFits(paths[i], headers[i]->format)) {
      misnamed.push_back(quoted + " is a " +
                         std::string(ImageFormatName(headers[i]->format)));
    }
  }
  draft->problems.Add("unusable", code,
                      fmt::format("{}: {} of {} pictures cannot be used:",
                                  info.name, unusable.size(), paths.size()),
                      unusable, "Get these files again or convert them.");
  draft->warnings.Add(
      "alpha", absl::StatusCode::kOk,
      fmt::format("{}: {} pictures have an alpha channel, 255 everywhere: "
                  "dropped",
                  info.name, opaque.size()),
      opaque, "");
  draft->warnings.Add(
      "misnamed", absl::StatusCode::kOk,
      fmt::format("{}: {} pictures have another format than their name says "
                  "and are read all the same:",
                  info.name, misnamed.size()),
      misnamed, "");
  draft->warnings.Add(
      "expanded", absl::StatusCode::kOk,
      fmt::format("{}: {} grey or palette pictures are expanded to three "
                  "channels (--expand_grey):",
                  info.name, expanded.size()),
      expanded, "");
  if (!expanded.empty()) {
    draft->invalid_reasons.push_back(
        fmt::format("{} grey or palette pictures expanded (--expand_grey)",
                    expanded.size()));
  }
}

// Applies the border rule to sizes.
void CheckSizes(const DatasetInfo& info, FolderDraft* draft) {
  std::vector<std::string> mismatches;
  for (const PairName& pair : draft->pairs) {
    const auto hazy = draft->files.find(pair.hazy_path);
    if (hazy == draft->files.end()) continue;
    const ImageSize hazy_size{hazy->second.width_px, hazy->second.height_px};
    if (!info.has_clear) {
      draft->sizes.push_back(hazy_size);
      continue;
    }
    const auto clear = draft->files.find(pair.clear_path);
    if (clear == draft->files.end()) continue;
    const ImageSize clear_size{clear->second.width_px, clear->second.height_px};
    const BorderFit fit = CompareSizes(hazy_size, clear_size);
    if (fit == BorderFit::kBorder) ++draft->border_pairs;
    if (fit == BorderFit::kMismatch) {
      mismatches.push_back(fmt::format(
          "{}: '{}' is {}x{}, '{}' is {}x{}", pair.id, pair.hazy_path,
          hazy_size.width_px, hazy_size.height_px, pair.clear_path,
          clear_size.width_px, clear_size.height_px));
    }
    draft->sizes.push_back(hazy_size);
  }
  int64_t resized_count = 0;
  std::map<std::string, int64_t> resized;
  for (size_t i = 0; i < draft->sizes.size() && info.smallest_px > 0; ++i) {
    const ImageSize& size = draft->sizes[i];
    const int64_t pixels = size.width_px * size.height_px;
    if (pixels < info.smallest_px || pixels > info.largest_px) {
      ++resized_count;
      ++resized[fmt::format("{}x{}", size.width_px, size.height_px)];
    }
  }
  std::vector<std::string> sizes;
  for (const auto& [size, count] : resized) {
    sizes.push_back(fmt::format("{} of {}", count, size));
  }
  if (!draft->is_synthetic) {
    draft->warnings.Add(
        "resized", absl::StatusCode::kOk,
        fmt::format("{}: {} of {} hazy pictures are larger or smaller than the "
                    "published ones; their scores are another set's:",
                    info.name, resized_count, draft->pairs.size()),
        sizes, "");
  }
  draft->problems.Add(
      "sizes", absl::StatusCode::kFailedPrecondition,
      fmt::format("{}: {} of {} pairs differ in size, expected equal sizes or "
                  "a clear picture 20 px wider and higher:",
                  info.name, mismatches.size(), draft->pairs.size()),
      mismatches, "Nothing is resized: get the pictures that belong together.");
}

// Compares the ids with a complete copy's.
void CheckComplete(const DatasetInfo& info, bool allow_partial,
                   FolderDraft* draft) {
  std::set<std::string> found;
  std::set<std::string> scenes;
  for (const PairName& pair : draft->pairs) {
    found.insert(pair.id);
    scenes.insert(pair.scene);
  }
  const std::set<std::string> wanted = CompleteIds(info, scenes);
  if (!wanted.empty()) {
    std::set_difference(wanted.begin(), wanted.end(), found.begin(),
                        found.end(), std::back_inserter(draft->missing_ids));
    std::set_difference(found.begin(), found.end(), wanted.begin(),
                        wanted.end(), std::back_inserter(draft->unknown_ids));
  }
  std::sort(draft->missing_ids.begin(), draft->missing_ids.end(), NaturalLess);
  const int64_t complete = info.complete_ids != nullptr
                               ? static_cast<int64_t>(wanted.size())
                               : info.complete_pairs;
  const auto known =
      static_cast<int64_t>(found.size() - draft->unknown_ids.size());
  const bool is_partial = known < complete;
  const bool is_other = !draft->unknown_ids.empty() || known > complete;
  const std::string counts =
      fmt::format("{} of {}", WithThousands(known), WithThousands(complete));
  std::string text = fmt::format("{}: {}", info.name, counts);
  if (!draft->missing_ids.empty()) {
    text += "; missing " + ShortList(draft->missing_ids);
  }
  if (info.complete_ids == nullptr &&
      info.name_rule == NameRule::kSceneAirlightBeta) {
    text += fmt::format("; {} of {} scenes",
                        WithThousands(static_cast<int64_t>(scenes.size())),
                        WithThousands(info.complete_scenes));
  }
  if (!draft->unknown_ids.empty()) {
    text += fmt::format(
        "; {} that the release does not have: {}",
        WithThousands(static_cast<int64_t>(draft->unknown_ids.size())),
        ShortList(draft->unknown_ids));
  }
  if (is_other || (is_partial && !allow_partial)) {
    draft->problems.Add(
        "count", absl::StatusCode::kFailedPrecondition, text,
        {is_other ? "this is another release; --dataset=pair takes any names"
                  : "complete the copy, or pass --allow_partial: its rows are "
                    "then INVALID for every published protocol"},
        "");
  }
  if (is_partial) {
    draft->name = fmt::format("{}[n={}]", info.name, draft->pairs.size());
    draft->invalid_reasons.push_back("partial: " + counts + " pairs");
  }
}

}  // namespace

std::set<std::string> CompleteIds(const DatasetInfo& info,
                                  const std::set<std::string>& scenes) {
  std::vector<std::string> ids;
  if (info.complete_ids != nullptr) {
    ids = info.complete_ids();
  } else if (info.name_rule == NameRule::kSceneAirlightBeta) {
    for (const std::string& scene : scenes) {
      const std::vector<std::string> own = OtsIdsOfScene(scene);
      ids.insert(ids.end(), own.begin(), own.end());
    }
  }
  return {ids.begin(), ids.end()};
}

std::string WithThousands(int64_t n) {
  std::string digits = std::to_string(n);
  for (int64_t at = static_cast<int64_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<size_t>(at), ",");
  }
  return digits;
}

std::string ShortList(const std::vector<std::string>& ids) {
  constexpr size_t kShown = 10;
  std::string text;
  for (size_t i = 0; i < std::min(kShown, ids.size()); ++i) {
    text += (i == 0 ? "" : ", ") + ids[i];
  }
  if (ids.size() > kShown) {
    text += fmt::format(" and {} more",
                        WithThousands(static_cast<int64_t>(ids.size()) -
                                      static_cast<int64_t>(kShown)));
  }
  return text;
}

absl::StatusOr<FolderDraft> DraftFolder(const DatasetInfo& info,
                                        const SetFolders& folders,
                                        const DraftOptions& options) {
  if (options.reading.depth16 && info.name_rule != NameRule::kAnyPair) {
    return absl::InvalidArgumentError(fmt::format(
        "{}: --depth16 is for --dataset=pair: no published set has 16 bits a "
        "channel.",
        info.name));
  }
  FolderDraft draft;
  draft.name = info.name;
  draft.layout = folders.layout;
  draft.is_synthetic = folders.is_synthetic;
  BILD_ASSIGN_OR_RETURN(draft.listing, ListSet(folders));
  if (draft.listing.hazy.empty()) {
    return absl::NotFoundError(fmt::format(
        "{}: no picture in '{}', expected .png, .jpg, .jpeg or .bmp files.",
        info.name, folders.hazy_folders[0]));
  }
  if (draft.listing.ignored > 0) {
    draft.warnings.Add(
        "ignored", absl::StatusCode::kOk,
        fmt::format("{}: {} files or folders that are no pictures were ignored",
                    info.name, draft.listing.ignored),
        {folders.set_folder}, "");
  }
  Pairing pairing = PairPictures(info, draft.listing.hazy, draft.listing.clear,
                                 &draft.problems);
  draft.pairs = std::move(pairing.pairs);
  draft.warnings.Add("unused", absl::StatusCode::kOk,
                     fmt::format("{}: {} clear pictures belong to no hazy one:",
                                 info.name, pairing.unused_clear.size()),
                     pairing.unused_clear, "");
  if (folders.is_synthetic) {
    draft.name = info.synthetic_name;
    draft.invalid_reasons.push_back("synthetic");
  } else if (info.complete_ids != nullptr || info.complete_pairs > 0) {
    CheckComplete(info, options.allow_partial, &draft);
  }
  InspectFiles(info, options.reading, &draft);
  CheckSizes(info, &draft);
  if (draft.border_pairs > 0) {
    draft.warnings.Add(
        "border", absl::StatusCode::kOk,
        fmt::format("{}: border rule: 10 px cut from each side of the clear "
                    "picture for {} of {} pairs",
                    info.name, draft.border_pairs, draft.pairs.size()),
        {folders.clear_folder}, "");
  }
  return draft;
}

}  // namespace bild
