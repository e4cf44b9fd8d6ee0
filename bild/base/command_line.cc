#include "bild/base/command_line.h"

#include <cstdlib>
#include <filesystem>
#include <map>
#include <sstream>
#include <system_error>

#include "absl/flags/commandlineflag.h"
#include "absl/flags/reflection.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "bild/base/atomic_file.h"
#include "bild/base/status.h"

namespace bild {
namespace {

// Abseil's own flags (--fromenv, --undefok, ...) may be linked in; nothing here
// does what they promise.
bool IsOurs(const absl::CommandLineFlag& flag) {
  return flag.Filename().find("absl/flags/") == std::string::npos;
}

absl::CommandLineFlag* FindFlag(const std::string& name) {
  absl::CommandLineFlag* flag = absl::FindCommandLineFlag(name);
  return flag != nullptr && IsOurs(*flag) ? flag : nullptr;
}

bool IsBoolean(const std::string& name) {
  const absl::CommandLineFlag* flag = FindFlag(name);
  return flag != nullptr && flag->IsOfType<bool>();
}

bool NeedsValue(const std::string& name) {
  return name == "flagfile" || (FindFlag(name) != nullptr && !IsBoolean(name));
}

// "--name=value" and its like; `next` is the following argument, null where a
// value must stand with its flag. Sets `took_next`.
absl::StatusOr<FlagSetting> ParseOne(const std::string& text,
                                     const std::string* next,
                                     const std::string& origin,
                                     bool* took_next) {
  *took_next = false;
  const size_t dashes = text.rfind("--", 0) == 0  ? 2
                        : text.rfind('-', 0) == 0 ? 1
                                                  : 0;
  if (dashes == 0 || text.size() == dashes) {
    return absl::InvalidArgumentError(absl::StrCat(
        origin, ": '", text, "' is no flag; expected --name=value"));
  }
  const size_t equals = text.find('=');
  FlagSetting setting{
      text.substr(dashes, equals == std::string::npos ? std::string::npos
                                                      : equals - dashes),
      "", origin};
  if (equals != std::string::npos) {
    setting.value = text.substr(equals + 1);
    return setting;
  }
  if (IsBoolean(setting.name)) {
    setting.value = "true";
    return setting;
  }
  if (setting.name.rfind("no", 0) == 0 && IsBoolean(setting.name.substr(2))) {
    setting.name = setting.name.substr(2);
    setting.value = "false";
    return setting;
  }
  // A value that begins with two dashes is a flag whose value was forgotten
  // before it; --name=--value says otherwise.
  if (next != nullptr && next->rfind("--", 0) != 0) {
    // Unknown names take it too, so that they are reported and not their value.
    setting.value = *next;
    *took_next = true;
  } else if (NeedsValue(setting.name)) {
    return absl::InvalidArgumentError(absl::StrCat(origin, ": --", setting.name,
                                                   " has no value; expected --",
                                                   setting.name, "=value"));
  }
  return setting;
}

// The settings of a flag file; what cannot be read goes into `problems`.
std::vector<FlagSetting> ReadFlagFile(const std::string& text,
                                      const std::string& path,
                                      std::vector<std::string>* problems) {
  std::vector<FlagSetting> settings;
  std::istringstream lines(text);
  std::string line;
  const std::string file = std::filesystem::path(path).filename().string();
  for (int64_t number = 1; std::getline(lines, line); ++number) {
    line = std::string(absl::StripAsciiWhitespace(line));
    if (line.empty() || line[0] == '#') continue;
    bool took_next = false;
    const std::string origin = absl::StrCat(file, ":", number);
    const auto setting = ParseOne(line, nullptr, origin, &took_next);
    if (!setting.ok()) {
      problems->emplace_back(setting.status().message());
    } else if (setting->name == "flagfile") {
      problems->push_back(
          absl::StrCat(origin, ": a flag file may not name another flag file"));
    } else {
      settings.push_back(*setting);
    }
  }
  return settings;
}

}  // namespace

absl::StatusOr<std::vector<FlagSetting>> ReadSettings(
    const std::vector<std::string>& arguments) {
  std::vector<FlagSetting> settings;
  std::vector<std::string> problems;
  for (size_t i = 0; i < arguments.size(); ++i) {
    bool took_next = false;
    const std::string* next =
        i + 1 < arguments.size() ? &arguments[i + 1] : nullptr;
    const absl::StatusOr<FlagSetting> setting =
        ParseOne(arguments[i], next, "the command line", &took_next);
    if (took_next) ++i;
    if (!setting.ok()) {
      problems.emplace_back(setting.status().message());
      continue;
    }
    if (setting->name != "flagfile") {
      settings.push_back(*setting);
      continue;
    }
    const std::string path = UserPath(setting->value);
    BILD_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
    const std::vector<FlagSetting> inside = ReadFlagFile(text, path, &problems);
    settings.insert(settings.end(), inside.begin(), inside.end());
  }
  if (problems.empty()) return settings;
  return absl::InvalidArgumentError(ListProblems(
      "These settings cannot be read:", problems,
      "In a flag file: one --name=value a line, # begins a comment line."));
}

absl::Status ApplySettings(const std::vector<FlagSetting>& settings) {
  std::vector<std::string> problems;
  for (const FlagSetting& setting : settings) {
    absl::CommandLineFlag* flag = FindFlag(setting.name);
    std::string error;
    if (flag == nullptr) {
      problems.push_back(
          absl::StrCat(setting.origin, ": unknown flag --", setting.name));
    } else if (!flag->ParseFrom(setting.value, &error)) {
      problems.push_back(absl::StrCat(setting.origin, ": --", setting.name,
                                      "='", setting.value,
                                      "' cannot be read: ", error));
    }
  }
  if (problems.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(ListProblems(
      "These settings do not hold:", problems, "--help lists the flags."));
}

bool AsksForHelp(const std::vector<std::string>& arguments) {
  for (const std::string& argument : arguments) {
    if (argument == "--help" || argument == "-help" || argument == "-h") {
      return true;
    }
  }
  return false;
}

std::string HelpText(const std::string& usage) {
  std::map<std::string, const absl::CommandLineFlag*> flags;
  for (const auto& [name, flag] : absl::GetAllFlags()) {
    if (IsOurs(*flag)) flags[std::string(name)] = flag;
  }
  std::string text = absl::StrCat(usage, "\n\nFlags, with their defaults:\n");
  for (const auto& [name, flag] : flags) {
    absl::StrAppend(&text, "  --", name, "=", flag->DefaultValue(), "\n      ",
                    flag->Help(), "\n");
  }
  absl::StrAppend(&text,
                  "  --flagfile=PATH\n      settings, one a line, # begins a "
                  "comment line\n");
  return text;
}

std::string LastValue(const std::vector<FlagSetting>& settings,
                      const std::string& name, const std::string& otherwise) {
  for (auto setting = settings.rbegin(); setting != settings.rend();
       ++setting) {
    if (setting->name == name) return setting->value;
  }
  return otherwise;
}

std::vector<std::string> ChangedFlags(const std::vector<FlagSetting>& recipe,
                                      const std::vector<FlagSetting>& all,
                                      const std::vector<std::string>& names) {
  std::vector<std::string> changes;
  for (const std::string& name : names) {
    const absl::CommandLineFlag* flag = FindFlag(name);
    const std::string before =
        LastValue(recipe, name, flag == nullptr ? "" : flag->DefaultValue());
    const std::string after = LastValue(all, name, before);
    double before_number = 0.0;
    double after_number = 0.0;
    const bool is_same =
        before == after || (absl::SimpleAtod(before, &before_number) &&
                            absl::SimpleAtod(after, &after_number) &&
                            before_number == after_number);
    if (!is_same) {
      changes.push_back(
          absl::StrCat("--", name, "=", after, " instead of ", before));
    }
  }
  return changes;
}

absl::StatusOr<std::string> FindRunfile(const std::string& program,
                                        const std::string& path) {
  std::vector<std::string> tried;
  const char* runfiles = std::getenv("RUNFILES_DIR");
  if (runfiles != nullptr) {
    tried.push_back(absl::StrCat(runfiles, "/bild/", path));
  }
  tried.push_back(absl::StrCat(program, ".runfiles/bild/", path));
  // The folder of this process, which under `bazel run` and `bazel test` is
  // that of the program's files.
  tried.push_back(path);
  for (const std::string& candidate : tried) {
    std::error_code error;
    if (!std::filesystem::exists(candidate, error)) continue;
    // Absolute: a relative path would be taken for one that the user typed.
    const auto absolute = std::filesystem::absolute(candidate, error);
    if (!error) return absolute.string();
  }
  return absl::NotFoundError(ListProblems(
      absl::StrCat("'", path, "' of this suite was not found. Tried:"), tried,
      "Start the program with `bazel run`, or from the root of the tree."));
}

std::string UserPath(const std::string& path) {
  const char* folder = std::getenv("BUILD_WORKING_DIRECTORY");
  if (path.empty() || path[0] == '/' || folder == nullptr) return path;
  return (std::filesystem::path(folder) / path).lexically_normal().string();
}

}  // namespace bild
