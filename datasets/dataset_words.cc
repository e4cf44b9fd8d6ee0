#include "datasets/dataset_words.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "datasets/catalog.h"
#include "datasets/leaks.h"
#include "datasets/picture_names.h"
#include "datasets/shell_word.h"
#include "fmt/format.h"

namespace bild {
namespace {

std::string Count(size_t n) { return WithThousands(static_cast<int64_t>(n)); }

// "1 pair", "13,990 pairs".
std::string CountOf(size_t n, const std::string& noun) {
  return Count(n) + " " + noun + (n == 1 ? "" : "s");
}

// "620x460", or "3 sizes, most often 550x413, from 400x300 to 600x450".
std::string SizesInWords(const std::vector<ImageSize>& sizes) {
  // By number of pixels first.
  std::map<std::pair<int64_t, int64_t>, size_t> counts;
  const auto key = [](const ImageSize& size) {
    return std::make_pair(size.width_px * size.height_px, size.width_px);
  };
  for (const ImageSize& size : sizes) ++counts[key(size)];
  if (counts.empty()) return "of unknown size";
  const auto text = [](const std::pair<int64_t, int64_t>& size) {
    return fmt::format("{}x{}", size.second, size.first / size.second);
  };
  if (counts.size() == 1) return "of " + text(counts.begin()->first);
  const auto most = std::max_element(
      counts.begin(), counts.end(),
      [](const auto& a, const auto& b) { return a.second < b.second; });
  return fmt::format("of {} sizes, most often {}, from {} to {}", counts.size(),
                     text(most->first), text(counts.begin()->first),
                     text(counts.rbegin()->first));
}

std::vector<ImageSize> ClearSizes(const FolderDraft& draft) {
  std::set<std::string> seen;
  std::vector<ImageSize> sizes;
  for (const PairName& pair : draft.pairs) {
    const auto file = draft.files.find(pair.clear_path);
    if (file != draft.files.end() && seen.insert(pair.clear_path).second) {
      sizes.push_back({file->second.width_px, file->second.height_px});
    }
  }
  return sizes;
}

std::string IdentityInWords(const DatasetInfo& info, const FolderDraft& draft,
                            size_t scenes) {
  std::string text = fmt::format(
      "{}{}: {}. Layout '{}', {} of {}.",
      draft.is_synthetic ? "A synthetic set shaped like " : "", info.name,
      info.description, draft.layout, CountOf(draft.pairs.size(), "pair"),
      CountOf(scenes, "scene"));
  if (draft.is_synthetic || info.name_rule == NameRule::kAnyPair) return text;
  if (draft.name != info.name) {
    text += fmt::format(" Not complete: {}.", draft.invalid_reasons.empty()
                                                  ? draft.name
                                                  : draft.invalid_reasons[0]);
  } else if (draft.unknown_ids.empty()) {
    text += " Complete.";
  }
  return text;
}

std::string PicturesInWords(const DatasetInfo& info, const FolderDraft& draft) {
  std::string text =
      fmt::format("{} {}", CountOf(draft.listing.hazy.size(), "hazy picture"),
                  SizesInWords(draft.sizes));
  if (!info.has_clear) return text + ", no clear ones.";
  text +=
      fmt::format(", {} {}: ", CountOf(draft.listing.clear.size(), "clear one"),
                  SizesInWords(ClearSizes(draft)));
  if (draft.border_pairs == 0) return text + "nothing is cut off.";
  return text + fmt::format(
                    "10 px will be cut from each side of the clear picture "
                    "for {} of {} pairs.",
                    Count(static_cast<size_t>(draft.border_pairs)),
                    Count(draft.pairs.size()));
}

std::string LeaksInWords(const DatasetInfo& info, const FolderDraft& draft,
                         const std::set<std::string>& scenes) {
  if (draft.is_synthetic) {
    return "Leak filter: training scenes with a clear picture of the test set "
           "are dropped.";
  }
  if (!info.has_clear) {
    return "Without clear pictures it can be restored and looked at, not "
           "trained on or scored.";
  }
  const bool is_test_set = info.name == "sots_indoor" ||
                           info.name == "sots_outdoor" || info.name == "hsts" ||
                           info.name == "ihaze";
  if (is_test_set) {
    return info.name == "ihaze"
               ? "A test set; nothing that can be trained on shares its scenes."
               : "A test set: its scenes are dropped from what is trained on.";
  }
  if (info.name_rule == NameRule::kChallengeNumber) {
    return "Trained, validated and tested on by number; no scene is on two "
           "sides.";
  }
  if (info.name == "ots_beta" || info.name == "ots_v0") {
    const std::set<std::string> shared = ScenesInSotsOutdoor(scenes);
    size_t pictures = 0;
    for (const PairName& pair : draft.pairs)
      pictures += shared.count(pair.scene);
    return fmt::format(
        "Leak filter: {} of the {} scenes ({} pictures) are in SOTS outdoor "
        "and are dropped; {} scenes, {} pictures remain.",
        Count(shared.size()), Count(scenes.size()), Count(pictures),
        Count(scenes.size() - shared.size()),
        Count(draft.pairs.size() - pictures));
  }
  const auto indoor =
      std::count_if(scenes.begin(), scenes.end(), IsSotsIndoorScene);
  std::string text = fmt::format(
      "Leak filter: {} of the {} scenes are SOTS indoor's and are dropped "
      "where that is tested",
      indoor, Count(scenes.size()));
  if (info.name_rule == NameRule::kAnyPair) {
    text += "; so are scenes with a clear picture of the --test_root";
    const bool is_nyu = std::all_of(
        scenes.begin(), scenes.end(),
        [](const std::string& scene) { return scene.rfind("NYU2_", 0) == 0; });
    if (is_nyu && !scenes.empty()) {
      text +=
          ". Neighbouring NYU2 numbers are often frames of one room: keep them "
          "together with --scene_block=4";
    }
  }
  return text + ".";
}

std::string FlagsInWords(const DatasetInfo& info, const SetFolders& folders,
                         const FolderDraft& draft) {
  // Layouts that are known by the folders around them open from further out.
  std::string root = folders.set_folder;
  std::vector<std::string> unused;
  const std::vector<SetFolders> inner = FindArrangements(info, root, &unused);
  const bool opens_from_inside =
      inner.size() == 1 && inner[0].hazy_folders == folders.hazy_folders;
  if (!opens_from_inside) root = folders.root;
  const bool is_partial = draft.name != info.name && !draft.is_synthetic &&
                          info.name_rule != NameRule::kAnyPair;
  return fmt::format("To use it{}: --dataset={} --data_root={}{}",
                     draft.problems.groups().empty() ? "" : " then", info.name,
                     ShellWord(root), is_partial ? " --allow_partial" : "");
}

}  // namespace

std::vector<std::string> DescribeSet(const DatasetInfo& info,
                                     const SetFolders& folders,
                                     const FolderDraft& draft) {
  std::set<std::string> scenes;
  for (const PairName& pair : draft.pairs) scenes.insert(pair.scene);
  std::vector<std::string> words = {IdentityInWords(info, draft, scenes.size()),
                                    PicturesInWords(info, draft),
                                    LeaksInWords(info, draft, scenes)};
  for (const ProblemGroup& group : draft.warnings.groups()) {
    if (group.kind == "border") continue;
    words.push_back("Note: " + group.headline + " " +
                    (group.lines.size() == 1 ? group.lines[0] : ""));
  }
  for (const ProblemGroup& group : draft.problems.groups()) {
    std::string text = "To change: " + group.headline;
    for (size_t i = 0; i < std::min<size_t>(3, group.lines.size()); ++i) {
      text += "\n    " + group.lines[i];
    }
    if (group.lines.size() > 3) {
      text += fmt::format("\n    ... {} in all", Count(group.lines.size()));
    }
    if (!group.advice.empty()) text += "\n    " + group.advice;
    words.push_back(text);
  }
  if (!draft.unknown_ids.empty()) {
    words.push_back(fmt::format(
        "It has the names of {} and other pictures: a package of another "
        "release, as the ITS of about 110,000. --dataset=pair opens it.",
        info.name));
  }
  if (!draft.missing_ids.empty() && !draft.is_synthetic) {
    words.push_back("Missing: " + ShortList(draft.missing_ids) + ".");
  }
  words.push_back(FlagsInWords(info, folders, draft));
  return words;
}

std::vector<std::string> DescribeLoosePictures(
    const std::vector<PictureFile>& pictures) {
  std::vector<std::string> words = {fmt::format(
      "{} that {} to no set here, as '{}'.",
      CountOf(pictures.size(), "picture"),
      pictures.size() == 1 ? "belongs" : "belong", pictures[0].stem)};
  for (const DatasetInfo& info : Datasets()) {
    if (info.complete_ids == nullptr) continue;
    const std::vector<std::string> all = info.complete_ids();
    const std::set<std::string> ids(all.begin(), all.end());
    std::set<std::string> scenes;
    for (const std::string& id : all) scenes.insert(SceneOf(info, id));
    size_t hazy = 0;
    size_t clear = 0;
    for (const PictureFile& file : pictures) {
      const bool is_clear = info.name_rule == NameRule::kChallengeNumber
                                ? IsClearStem(file.stem)
                                : ids.count(HazyId(info, file.stem)) == 0;
      if (is_clear) {
        clear += scenes.count(ClearKey(info, file.stem));
      } else {
        hazy += ids.count(HazyId(info, file.stem));
      }
    }
    if (2 * hazy > pictures.size()) {
      words.push_back(fmt::format(
          "{} of them have names of hazy pictures of {}, but no clear pictures "
          "lie beside them; expected a folder clear, gt or GT beside a folder "
          "hazy, or another known layout.",
          Count(hazy), info.name));
    } else if (2 * clear > pictures.size()) {
      words.push_back(fmt::format(
          "{} of them have names of clear pictures of {}: beside a folder hazy "
          "they would be called {}.",
          Count(clear), info.name,
          info.name == "its" ? "clear" : "clear or gt"));
    }
  }
  return words;
}

}  // namespace bild
