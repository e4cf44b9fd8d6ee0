#include "datasets/pairing.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <system_error>

#include "bild/base/status.h"
#include "datasets/picture_names.h"
#include "fmt/format.h"

namespace bild {
namespace {

namespace fs = std::filesystem;

bool HasPictureExtension(const fs::path& path) {
  std::string extension = path.extension().string();
  for (char& c : extension) {
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return extension == ".png" || extension == ".jpg" || extension == ".jpeg" ||
         extension == ".bmp";
}

using FilesByKey = std::map<std::string, std::vector<const PictureFile*>>;

// The key of the clear picture of `id`, or empty.
std::string FindClear(const DatasetInfo& info, const std::string& id,
                      const FilesByKey& clear) {
  if (info.name_rule != NameRule::kAnyPair) {
    const std::string scene = SceneOf(info, id);
    if (clear.count(scene) > 0) return scene;
    return clear.count(id) > 0 ? id : "";
  }
  if (clear.count(id) > 0) return id;
  for (size_t end = id.rfind('_'); end != std::string::npos && end > 0;
       end = id.rfind('_', end - 1)) {
    const std::string prefix = id.substr(0, end);
    if (clear.count(prefix) > 0) return prefix;
  }
  return "";
}

std::string WantedClear(const DatasetInfo& info, const std::string& id) {
  switch (info.name_rule) {
    case NameRule::kAnyPair:
      return fmt::format("{}.*, or a stem that '{}' continues after a '_'", id,
                         id);
    case NameRule::kChallengeNumber:
      return fmt::format(
          "{}_{}GT.*", id,
          info.challenge_word.empty() ? "" : info.challenge_word + "_");
    default:
      return SceneOf(info, id) + ".*";
  }
}

// The hazy pictures that a clear one with this key was looked for.
std::string WantedHazy(const DatasetInfo& info, const std::string& key) {
  switch (info.name_rule) {
    case NameRule::kStem:
      return key + ".*";
    case NameRule::kChallengeNumber:
      return fmt::format(
          "{}_{}hazy.*", key,
          info.challenge_word.empty() ? "" : info.challenge_word + "_");
    case NameRule::kAnyPair:
      return fmt::format("{}.* or {}_*", key, key);
    default:
      return key + "_*";
  }
}

// Keys with more than one file, as lines; those files are in nobody's pair.
std::vector<std::string> TwoFilesForOne(const FilesByKey& files) {
  std::vector<std::string> lines;
  for (const auto& [key, entries] : files) {
    if (entries.size() < 2) continue;
    std::string line = key + ":";
    for (const PictureFile* file : entries) {
      line += fmt::format(" '{}'", file->path);
    }
    lines.push_back(line);
  }
  return lines;
}

}  // namespace

absl::StatusOr<FolderListing> ListPictures(const std::string& folder) {
  FolderListing listing;
  std::vector<std::string> with_newline;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const fs::path& path = entry->path();
    const std::string name = path.filename().string();
    // Names with a leading point are an operating system's own.
    if (name[0] == '.' || !HasPictureExtension(path)) {
      ++listing.ignored;
      continue;
    }
    if (name.find_first_of("\n\r") != std::string::npos) {
      std::string shown = name;
      std::replace(shown.begin(), shown.end(), '\n', '?');
      std::replace(shown.begin(), shown.end(), '\r', '?');
      with_newline.push_back(fmt::format("'{}' in '{}'", shown, folder));
      continue;
    }
    listing.pictures.push_back({path.string(), path.stem().string()});
  }
  if (error) {
    const std::string text = fmt::format("Cannot list the folder '{}': {}.",
                                         folder, error.message());
    return error == std::errc::permission_denied
               ? absl::PermissionDeniedError(text + " Change its rights.")
               : absl::NotFoundError(text);
  }
  if (!with_newline.empty()) {
    std::sort(with_newline.begin(), with_newline.end());
    return absl::InvalidArgumentError(ListProblems(
        "File names with a line break in them (shown as ?), which no list of "
        "ids can hold:",
        with_newline, "Rename them."));
  }
  std::sort(listing.pictures.begin(), listing.pictures.end(),
            [](const PictureFile& a, const PictureFile& b) {
              return a.path < b.path;
            });
  return listing;
}

Pairing PairPictures(const DatasetInfo& info,
                     const std::vector<PictureFile>& hazy,
                     const std::vector<PictureFile>& clear,
                     ProblemReport* problems) {
  FilesByKey clear_by_key;
  for (const PictureFile& file : clear) {
    clear_by_key[ClearKey(info, file.stem)].push_back(&file);
  }
  FilesByKey hazy_by_id;
  std::vector<std::string> unread;
  for (const PictureFile& file : hazy) {
    const std::string id = HazyId(info, file.stem);
    if (id.empty()) {
      unread.push_back(fmt::format("'{}'", file.path));
    } else {
      hazy_by_id[id].push_back(&file);
    }
  }
  problems->Add("names", absl::StatusCode::kInvalidArgument,
                fmt::format("{}: {} hazy pictures whose names do not read as "
                            "{}:",
                            info.name, unread.size(), HazyNameForm(info)),
                unread,
                "Is this another dataset? --dataset=pair takes any names.");
  const std::vector<std::string> two_hazy = TwoFilesForOne(hazy_by_id);
  problems->Add("double", absl::StatusCode::kAlreadyExists,
                fmt::format("{}: {} ids with two files, expected one hazy "
                            "picture for each id:",
                            info.name, two_hazy.size()),
                two_hazy, "Move one of each away.");
  const std::vector<std::string> two_clear = TwoFilesForOne(clear_by_key);
  problems->Add("double", absl::StatusCode::kAlreadyExists,
                fmt::format("{}: {} scenes with two files, expected one clear "
                            "picture for each scene:",
                            info.name, two_clear.size()),
                two_clear, "Move one of each away.");

  Pairing pairing;
  std::map<std::string, bool> is_used;
  std::vector<std::string> unpaired;
  for (const auto& [id, files] : hazy_by_id) {
    if (!info.has_clear) {
      pairing.pairs.push_back({id, id, files[0]->path, ""});
      continue;
    }
    const std::string key = FindClear(info, id, clear_by_key);
    if (key.empty()) {
      unpaired.push_back(fmt::format("'{}': no clear picture {}",
                                     files[0]->path, WantedClear(info, id)));
      continue;
    }
    is_used[key] = true;
    pairing.pairs.push_back(
        {id, info.name_rule == NameRule::kAnyPair ? key : SceneOf(info, id),
         files[0]->path, clear_by_key.at(key)[0]->path});
  }
  problems->Add("unpaired", absl::StatusCode::kNotFound,
                fmt::format("{}: {} of {} hazy pictures have no clear partner:",
                            info.name, unpaired.size(), hazy.size()),
                unpaired, "Add the clear pictures or move the hazy ones away.");
  for (const auto& [key, files] : clear_by_key) {
    if (is_used.count(key) == 0) {
      pairing.unused_clear.push_back(fmt::format(
          "'{}': no hazy picture {}", files[0]->path, WantedHazy(info, key)));
    }
  }
  return pairing;
}

}  // namespace bild
