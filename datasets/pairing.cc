#include "datasets/pairing.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <system_error>

#include "bild/base/status.h"
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

std::vector<std::string> Fields(const std::string& stem) {
  std::vector<std::string> fields(1);
  for (const char c : stem) {
    if (c == '_') {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  return fields;
}

bool IsInteger(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c >= '0' && c <= '9';
  });
}

// Digits with at most one point among them: "0.90179", "1".
bool IsDecimal(const std::string& text) {
  const size_t point = text.find('.');
  if (point == std::string::npos) return IsInteger(text);
  return IsInteger(text.substr(0, point)) && IsInteger(text.substr(point + 1));
}

std::string WithoutSuffix(const std::string& stem) {
  for (const std::string suffix : {"_hazy", "_haze", "_GT", "_gt", "_clear"}) {
    if (stem.size() > suffix.size() &&
        stem.compare(stem.size() - suffix.size(), suffix.size(), suffix) == 0) {
      return stem.substr(0, stem.size() - suffix.size());
    }
  }
  return stem;
}

const char* NameForm(NameRule rule) {
  switch (rule) {
    case NameRule::kSceneAndNumber:
      return "<scene>_<number>, or with the airlight after it, as 1_1_0.90179";
    case NameRule::kSceneAirlightBeta:
      return "<scene>_<airlight>_<beta>, as 0025_0.8_0.04";
    case NameRule::kAnyPair:
      return "any";
  }
  return "";
}

// The id in a hazy picture's stem; empty if the stem does not read.
std::string HazyId(NameRule rule, const std::string& stem) {
  if (rule == NameRule::kAnyPair) return WithoutSuffix(stem);
  const std::vector<std::string> fields = Fields(stem);
  if (fields.size() < 2 || !IsInteger(fields[0])) return "";
  if (rule == NameRule::kSceneAndNumber) {
    const bool reads =
        IsInteger(fields[1]) &&
        (fields.size() == 2 || (fields.size() == 3 && IsDecimal(fields[2])));
    return reads ? fields[0] + "_" + fields[1] : "";
  }
  return fields.size() == 3 && IsDecimal(fields[1]) && IsDecimal(fields[2])
             ? stem
             : "";
}

// A clear picture's key: what HazyId's scene is looked up by.
std::string ClearKey(NameRule rule, const std::string& stem) {
  return rule == NameRule::kAnyPair ? WithoutSuffix(stem) : stem;
}

using FilesByKey = std::map<std::string, std::vector<const PictureFile*>>;

// The key of the clear picture of `id`, or empty.
std::string FindClear(NameRule rule, const std::string& id,
                      const FilesByKey& clear) {
  if (rule != NameRule::kAnyPair) {
    const std::string scene = id.substr(0, id.find('_'));
    return clear.count(scene) > 0 ? scene : "";
  }
  if (clear.count(id) > 0) return id;
  for (size_t end = id.rfind('_'); end != std::string::npos && end > 0;
       end = id.rfind('_', end - 1)) {
    const std::string prefix = id.substr(0, end);
    if (clear.count(prefix) > 0) return prefix;
  }
  return "";
}

std::string WantedClear(NameRule rule, const std::string& id) {
  if (rule != NameRule::kAnyPair) return id.substr(0, id.find('_')) + ".*";
  return fmt::format("{}.*, or a stem that '{}' continues after a '_'", id, id);
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
    clear_by_key[ClearKey(info.name_rule, file.stem)].push_back(&file);
  }
  FilesByKey hazy_by_id;
  std::vector<std::string> unread;
  for (const PictureFile& file : hazy) {
    const std::string id = HazyId(info.name_rule, file.stem);
    if (id.empty()) {
      unread.push_back(fmt::format("'{}'", file.path));
    } else {
      hazy_by_id[id].push_back(&file);
    }
  }
  problems->Add(absl::StatusCode::kInvalidArgument,
                fmt::format("{}: {} hazy pictures whose names do not read as "
                            "{}:",
                            info.name, unread.size(), NameForm(info.name_rule)),
                unread,
                "Is this another dataset? --dataset=pair takes any names.");
  const std::vector<std::string> two_hazy = TwoFilesForOne(hazy_by_id);
  problems->Add(absl::StatusCode::kAlreadyExists,
                fmt::format("{}: {} ids with two files, expected one hazy "
                            "picture for each id:",
                            info.name, two_hazy.size()),
                two_hazy, "Move one of each away.");
  const std::vector<std::string> two_clear = TwoFilesForOne(clear_by_key);
  problems->Add(absl::StatusCode::kAlreadyExists,
                fmt::format("{}: {} scenes with two files, expected one clear "
                            "picture for each scene:",
                            info.name, two_clear.size()),
                two_clear, "Move one of each away.");

  Pairing pairing;
  std::map<std::string, bool> is_used;
  std::vector<std::string> unpaired;
  for (const auto& [id, files] : hazy_by_id) {
    const std::string key = FindClear(info.name_rule, id, clear_by_key);
    if (key.empty()) {
      unpaired.push_back(fmt::format("'{}': no clear picture {}",
                                     files[0]->path,
                                     WantedClear(info.name_rule, id)));
      continue;
    }
    is_used[key] = true;
    pairing.pairs.push_back(
        {id, key, files[0]->path, clear_by_key.at(key)[0]->path});
  }
  problems->Add(absl::StatusCode::kNotFound,
                fmt::format("{}: {} of {} hazy pictures have no clear partner:",
                            info.name, unpaired.size(), hazy.size()),
                unpaired, "Add the clear pictures or move the hazy ones away.");
  for (const auto& [key, files] : clear_by_key) {
    if (is_used.count(key) == 0) {
      pairing.unused_clear.push_back(files[0]->path);
    }
  }
  return pairing;
}

}  // namespace bild
