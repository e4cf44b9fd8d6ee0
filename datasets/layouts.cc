#include "datasets/layouts.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_join.h"
#include "bild/base/status.h"
#include "fmt/format.h"

namespace bild {
namespace {

namespace fs = std::filesystem;

using Names = std::vector<std::string>;

struct LayoutRow {
  const char* layout;
  const char* dataset;
  Names set_folders;        // Below data_root; "" is data_root itself.
  std::vector<Names> hazy;  // Alternatives of one or more folders.
  Names clear;              // Alternatives.
};

const std::vector<LayoutRow>& Layouts() {
  static const auto* const rows = new std::vector<LayoutRow>{
      {"official", "its", {"ITS", "ITS_v2", ""}, {{"hazy"}}, {"clear"}},
      {"official",
       "ots_beta",
       {"OTS", ""},
       {{"hazy"}, {"part1", "part2", "part3", "part4"}},
       {"clear"}},
      {"official",
       "sots_indoor",
       {"SOTS/indoor", "SOTS/indoor/nyuhaze500", "SOTS/nyuhaze500", ""},
       {{"hazy"}},
       {"gt", "clear"}},
      {"official",
       "sots_outdoor",
       {"SOTS/outdoor", ""},
       {{"hazy"}},
       {"gt", "clear"}},
      {"flat-name",
       "sots_indoor",
       {"SOTS_indoor"},
       {{"hazy"}},
       {"clear", "GT", "gt"}},
      {"flat-name",
       "sots_outdoor",
       {"SOTS_outdoor"},
       {{"hazy"}},
       {"clear", "GT", "gt"}},
      {"ffa", "its", {"RESIDE/ITS"}, {{"hazy"}}, {"clear"}},
      {"ffa", "ots_beta", {"RESIDE/OTS"}, {{"hazy"}}, {"clear"}},
      {"ffa", "sots_indoor", {"RESIDE/SOTS/indoor"}, {{"hazy"}}, {"clear"}},
      {"ffa", "sots_outdoor", {"RESIDE/SOTS/outdoor"}, {{"hazy"}}, {"clear"}},
      {"folders", "pair", {""}, {{"hazy"}}, {"clear", "gt", "GT"}},
  };
  return *rows;
}

bool IsFolder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
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
  return fmt::format("layout {}: {} with {}", folders.layout,
                     absl::StrJoin(folders.hazy_folders, ", "),
                     folders.clear_folder);
}

// What one row finds, and in words what it looked for.
void Search(const LayoutRow& row, const fs::path& root,
            std::vector<SetFolders>* found, Names* looked_for) {
  for (const std::string& name : row.set_folders) {
    const fs::path set_folder = name.empty() ? root : root / name;
    for (const Names& parts : row.hazy) {
      SetFolders folders;
      folders.layout = row.layout;
      folders.set_folder = set_folder.string();
      for (const std::string& part : parts) {
        if (IsFolder(set_folder / part)) {
          folders.hazy_folders.push_back((set_folder / part).string());
        }
      }
      bool has_clear = false;
      for (const std::string& clear : row.clear) {
        if (folders.hazy_folders.empty() || !IsFolder(set_folder / clear)) {
          continue;
        }
        has_clear = true;
        folders.clear_folder = (set_folder / clear).string();
        const bool is_known = std::any_of(
            found->begin(), found->end(), [&](const SetFolders& other) {
              return RealPath(other.clear_folder) ==
                         RealPath(folders.clear_folder) &&
                     RealPath(other.hazy_folders[0]) ==
                         RealPath(folders.hazy_folders[0]);
            });
        if (!is_known) found->push_back(folders);
      }
      if (has_clear) continue;
      looked_for->push_back(fmt::format(
          "{} with {}{}", (set_folder / absl::StrJoin(parts, "|")).string(),
          absl::StrJoin(row.clear, " or "),
          folders.hazy_folders.empty() ? ""
                                       : " (the first is there, not so the "
                                         "clear pictures)"));
    }
  }
}

}  // namespace

absl::StatusOr<SetFolders> FindSetFolders(const std::string& dataset,
                                          const std::string& data_root,
                                          const std::string& root_flag) {
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
  std::vector<SetFolders> found;
  Names looked_for;
  for (const LayoutRow& row : Layouts()) {
    if (row.dataset == dataset) Search(row, data_root, &found, &looked_for);
  }
  if (found.empty()) {
    return absl::NotFoundError(ListProblems(
        fmt::format("{}: no hazy and clear pictures below {}='{}'. Looked for:",
                    dataset, root_flag, data_root),
        looked_for,
        "Pass the folder that holds one of these, or --dataset=pair with the "
        "folder that holds hazy and clear."));
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
  found[0].is_synthetic = IsSynthetic(found[0].set_folder);
  return found[0];
}

}  // namespace bild
