#include "datasets/layouts.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/str_join.h"
#include "bild/base/status.h"
#include "datasets/picture_names.h"
#include "fmt/format.h"

namespace bild {
namespace {

namespace fs = std::filesystem;

using Names = std::vector<std::string>;

struct LayoutRow {
  const char* layout;
  Names datasets;
  Names set_folders;        // Below data_root; "" is data_root itself.
  std::vector<Names> hazy;  // Alternatives of one or more folders; "." is the
                            // set's folder itself.
  Names clear;              // Alternatives; none: the set has no clear side.
};

const std::vector<LayoutRow>& Layouts() {
  static const Names parts = {"part1", "part2", "part3", "part4"};
  static const Names any_clear = {"clear", "GT", "gt"};
  static const Names ots = {"ots_beta", "ots_v0"};
  static const auto* const rows = new std::vector<LayoutRow>{
      // The releases as their authors pack them.
      {"official", {"its"}, {"ITS", "ITS_v2", ""}, {{"hazy"}}, {"clear"}},
      {"official", ots, {"OTS", ""}, {{"hazy"}, parts}, {"clear"}},
      {"official",
       {"sots_indoor"},
       {"SOTS/indoor", "SOTS/indoor/nyuhaze500", "SOTS/nyuhaze500", ""},
       {{"hazy"}},
       {"gt", "clear"}},
      {"official",
       {"sots_outdoor"},
       {"SOTS/outdoor", ""},
       {{"hazy"}},
       {"gt", "clear"}},
      {"official",
       {"hsts"},
       {"HSTS", ""},
       {{"synthetic/synthetic"}},
       {"synthetic/original"}},
      {"official", {"hsts"}, {""}, {{"synthetic"}}, {"original"}},
      {"official", {"hsts_real"}, {"HSTS", ""}, {{"real-world"}}, {}},
      {"official", {"rtts"}, {"RTTS", ""}, {{"JPEGImages"}}, {}},
      {"official",
       {"ohaze"},
       {"# O-HAZY NTIRE 2018", "O-HAZY NTIRE 2018", ""},
       {{"hazy"}},
       {"GT"}},
      {"official",
       {"ihaze"},
       {"# I-HAZY NTIRE 2018", "I-HAZY NTIRE 2018", ""},
       {{"hazy"}},
       {"GT"}},
      {"official", {"nhhaze"}, {"NH-HAZE", "# NH-HAZE", ""}, {{"."}}, {"."}},
      {"official",
       {"densehaze"},
       {"Dense_Haze_NTIRE19", "# Dense_Haze_NTIRE19", ""},
       {{"hazy"}},
       {"GT"}},
      // One file name on both sides, the clear picture once for each hazy one.
      {"dehazeformer",
       {"its"},
       {"RESIDE-IN/train", "train", ""},
       {{"hazy"}},
       {"GT"}},
      {"dehazeformer",
       ots,
       {"RESIDE-OUT/train", "train", ""},
       {{"hazy"}},
       {"GT"}},
      {"dehazeformer",
       {"sots_indoor"},
       {"RESIDE-IN/test", "test", ""},
       {{"hazy"}},
       {"GT"}},
      {"dehazeformer",
       {"sots_outdoor"},
       {"RESIDE-OUT/test", "test", ""},
       {{"hazy"}},
       {"GT"}},
      // A folder for each set with its name.
      {"flat-name",
       {"sots_indoor"},
       {"SOTS_indoor", ""},
       {{"hazy"}},
       any_clear},
      {"flat-name",
       {"sots_outdoor"},
       {"SOTS_outdoor", ""},
       {{"hazy"}},
       any_clear},
      {"flat-name", {"ohaze"}, {"O-HAZE", ""}, {{"hazy"}}, any_clear},
      {"flat-name", {"ihaze"}, {"I-HAZE", ""}, {{"hazy"}}, any_clear},
      {"flat-name", {"nhhaze"}, {"NH-HAZE", ""}, {{"hazy"}}, any_clear},
      {"flat-name",
       {"densehaze"},
       {"Dense-Haze", "Dense-HAZE", ""},
       {{"hazy"}},
       any_clear},
      // Where the code of published networks looks.
      {"ffa", {"its"}, {"RESIDE/ITS"}, {{"hazy"}}, {"clear"}},
      {"ffa", ots, {"RESIDE/OTS"}, {{"hazy"}}, {"clear"}},
      {"ffa", {"sots_indoor"}, {"RESIDE/SOTS/indoor"}, {{"hazy"}}, {"clear"}},
      {"ffa", {"sots_outdoor"}, {"RESIDE/SOTS/outdoor"}, {{"hazy"}}, {"clear"}},
      {"griddehazenet", {"its"}, {"train/indoor"}, {{"hazy"}}, {"clear"}},
      {"griddehazenet", ots, {"train/outdoor"}, {{"hazy"}}, {"clear"}},
      {"griddehazenet",
       {"sots_indoor"},
       {"test/SOTS/indoor"},
       {{"hazy"}},
       {"clear"}},
      {"griddehazenet",
       {"sots_outdoor"},
       {"test/SOTS/outdoor"},
       {{"hazy"}},
       {"clear"}},
      {"bild", {"its"}, {"ITS", ""}, {{"hazy/hazy"}}, {"clear/clear"}},
      {"bild", ots, {"OTS", ""}, {{"hazy/hazy"}}, {"clear/clear"}},
      {"bild",
       {"sots_indoor"},
       {"SOTS/indoor", ""},
       {{"hazy/hazy"}},
       {"clear/clear"}},
      {"bild",
       {"sots_outdoor"},
       {"SOTS/outdoor", ""},
       {{"hazy/hazy"}},
       {"clear/clear"}},
      {"bild", {"pair"}, {""}, {{"hazy/hazy"}}, {"clear/clear"}},
      {"msbdn",
       {"its", "ots_beta", "ots_v0", "sots_indoor", "sots_outdoor", "pair"},
       {""},
       {{"HR_hazy"}},
       {"HR"}},
      {"airnet",
       ots,
       {""},
       {{"synthetic/part1", "synthetic/part2", "synthetic/part3",
         "synthetic/part4"}},
       {"original"}},
      {"airnet",
       {"sots_indoor", "sots_outdoor", "pair"},
       {"test", ""},
       {{"input"}},
       {"target"}},
      {"folders", {"pair"}, {""}, {{"hazy"}}, any_clear},
  };
  return *rows;
}

bool IsFolder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

// Every path of a set begins with its root: "DATA/" would make "DATA//hazy" of
// some of them.
std::string WithoutTrailingSlashes(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

// The same folder under two names (a link, a file system that ignores case)
// counts once.
std::string RealPath(const std::string& path) {
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  return error ? path : real.string();
}

bool IsSynthetic(const std::string& set_folder) {
  fs::path folder = RealPath(set_folder);
  for (int level = 0; level < 3; ++level, folder = folder.parent_path()) {
    std::error_code ignored;
    if (fs::exists(folder / "SYNTHETIC.json", ignored)) return true;
  }
  return false;
}

std::string Describe(const SetFolders& folders) {
  return fmt::format("layout {}: {}{}{}", folders.layout,
                     absl::StrJoin(folders.hazy_folders, ", "),
                     folders.clear_folder.empty() ? "" : " with ",
                     folders.clear_folder);
}

std::string Below(const fs::path& folder, const std::string& name) {
  return name == "." ? folder.string() : (folder / name).string();
}

// Whether names of the set lie there.
bool HoldsNames(const DatasetInfo& info, const SetFolders& folders) {
  const auto listing = ListSet(folders);
  return listing.ok() && std::any_of(listing->hazy.begin(), listing->hazy.end(),
                                     [&](const PictureFile& file) {
                                       return !HazyId(info, file.stem).empty();
                                     });
}

// Whether a hazy and a clear picture there have one stem.
bool SharesAStem(const SetFolders& folders) {
  const auto listing = ListSet(folders);
  if (!listing.ok()) return false;
  std::set<std::string> stems;
  for (const PictureFile& file : listing->clear) stems.insert(file.stem);
  return std::any_of(
      listing->hazy.begin(), listing->hazy.end(),
      [&stems](const PictureFile& file) { return stems.count(file.stem) > 0; });
}

// Two layouts lay claim to some of the same folders: the row's own sign
// decides.
bool ShowsItsSign(const DatasetInfo& info, const SetFolders& folders) {
  if (folders.layout == "dehazeformer") return SharesAStem(folders);
  if (folders.clear_folder != folders.hazy_folders[0]) return true;
  const auto listing = ListSet(folders);
  return listing.ok() && !listing->clear.empty() && HoldsNames(info, folders);
}

// What one row finds, and in words what it looked for.
void Search(const DatasetInfo& info, const LayoutRow& row, const fs::path& root,
            std::vector<SetFolders>* found, Names* looked_for) {
  for (const std::string& name : row.set_folders) {
    const fs::path set_folder = name.empty() ? root : root / name;
    for (const Names& parts : row.hazy) {
      SetFolders folders;
      folders.layout = row.layout;
      folders.root = root.string();
      folders.set_folder = set_folder.string();
      for (const std::string& part : parts) {
        if (IsFolder(Below(set_folder, part))) {
          folders.hazy_folders.push_back(Below(set_folder, part));
        }
      }
      const auto add = [&] {
        const bool is_known = std::any_of(
            found->begin(), found->end(), [&](const SetFolders& other) {
              return RealPath(other.clear_folder) ==
                         RealPath(folders.clear_folder) &&
                     RealPath(other.hazy_folders[0]) ==
                         RealPath(folders.hazy_folders[0]);
            });
        if (!is_known && ShowsItsSign(info, folders)) {
          found->push_back(folders);
        }
      };
      bool has_clear = false;
      if (!folders.hazy_folders.empty()) {
        if (row.clear.empty()) {
          has_clear = true;
          add();
        }
        for (const std::string& clear : row.clear) {
          if (!IsFolder(Below(set_folder, clear))) continue;
          has_clear = true;
          folders.clear_folder = Below(set_folder, clear);
          add();
        }
      }
      if (has_clear) continue;
      std::error_code ignored;
      const bool is_a_file = !IsFolder(Below(set_folder, parts[0])) &&
                             fs::exists(Below(set_folder, parts[0]), ignored);
      looked_for->push_back(fmt::format(
          "{}{}{}{}", (set_folder / absl::StrJoin(parts, "|")).string(),
          row.clear.empty() ? "" : " with ", absl::StrJoin(row.clear, " or "),
          is_a_file ? " (the first is a file)"
          : folders.hazy_folders.empty()
              ? ""
              : " (the first is there, not so the clear pictures)"));
    }
  }
}

}  // namespace

absl::StatusOr<SetListing> ListSet(const SetFolders& folders) {
  SetListing listing;
  for (const std::string& folder : folders.hazy_folders) {
    BILD_ASSIGN_OR_RETURN(FolderListing hazy, ListPictures(folder));
    listing.ignored += hazy.ignored;
    for (PictureFile& file : hazy.pictures) {
      const bool is_clear =
          folder == folders.clear_folder && IsClearStem(file.stem);
      (is_clear ? listing.clear : listing.hazy).push_back(std::move(file));
    }
  }
  if (!folders.clear_folder.empty() &&
      folders.clear_folder != folders.hazy_folders[0]) {
    BILD_ASSIGN_OR_RETURN(FolderListing clear,
                          ListPictures(folders.clear_folder));
    listing.ignored += clear.ignored;
    listing.clear = std::move(clear.pictures);
  }
  return listing;
}

std::vector<SetFolders> FindArrangements(const DatasetInfo& info,
                                         const std::string& data_root,
                                         std::vector<std::string>* looked_for) {
  std::vector<SetFolders> found;
  Names unused;
  const std::string root = WithoutTrailingSlashes(data_root);
  for (const LayoutRow& row : Layouts()) {
    if (std::find(row.datasets.begin(), row.datasets.end(), info.name) ==
        row.datasets.end()) {
      continue;
    }
    Search(info, row, root, &found,
           looked_for != nullptr ? looked_for : &unused);
  }
  if (found.size() > 1) {
    std::vector<SetFolders> with_names;
    std::copy_if(found.begin(), found.end(), std::back_inserter(with_names),
                 [&info](const SetFolders& folders) {
                   return HoldsNames(info, folders);
                 });
    if (!with_names.empty()) found = std::move(with_names);
  }
  for (SetFolders& folders : found) {
    folders.is_synthetic = IsSynthetic(folders.set_folder);
  }
  return found;
}

absl::StatusOr<SetFolders> FindSetFolders(const DatasetInfo& info,
                                          const std::string& data_root,
                                          const std::string& root_flag) {
  const std::string& dataset = info.name;
  std::error_code error;
  const fs::file_status status = fs::status(data_root, error);
  if (!fs::exists(status)) {
    return absl::NotFoundError(fmt::format(
        "{}: there is no folder '{}' ({}={}). Expected the folder of all sets "
        "or the set's own, with hazy and clear pictures in it.",
        dataset, data_root, root_flag, data_root));
  }
  if (!fs::is_directory(status)) {
    return absl::FailedPreconditionError(
        fmt::format("{}: '{}' is a file, expected a folder ({}={}).", dataset,
                    data_root, root_flag, data_root));
  }
  Names looked_for;
  const std::vector<SetFolders> found =
      FindArrangements(info, data_root, &looked_for);
  if (found.empty()) {
    return absl::NotFoundError(ListProblems(
        fmt::format(
            "{}: no {} below {}='{}'. Looked for:", dataset,
            info.has_clear ? "hazy and clear pictures" : "hazy pictures",
            root_flag, data_root),
        looked_for,
        "Pass the folder that holds one of these, or --dataset=pair with the "
        "folder that holds hazy and clear. bazel run //datasets:doctor says "
        "what a folder looks like."));
  }
  if (found.size() > 1) {
    Names shown;
    for (const SetFolders& folders : found) shown.push_back(Describe(folders));
    return absl::FailedPreconditionError(ListProblems(
        fmt::format("{}: {} arrangements of files fit below {}='{}', expected "
                    "one:",
                    dataset, found.size(), root_flag, data_root),
        shown, "Pass the set's own folder, or move one of them away."));
  }
  return found[0];
}

}  // namespace bild
