#include "benchmarks/command_line.h"

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <sstream>

#include "absl/flags/commandlineflag.h"
#include "absl/flags/reflection.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "bild/base/atomic_file.h"
#include "bild/base/status.h"

namespace bild {
namespace {

absl::CommandLineFlag* FindFlag(const std::string& name) {
  return absl::FindCommandLineFlag(name);
}

bool IsBoolean(const std::string& name) {
  const absl::CommandLineFlag* flag = FindFlag(name);
  return flag != nullptr && flag->IsOfType<bool>();
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
  if (next == nullptr || FindFlag(setting.name) == nullptr) {
    // Unknown names are reported together, later.
    return setting;
  }
  setting.value = *next;
  *took_next = true;
  return setting;
}

absl::StatusOr<std::vector<FlagSetting>> ReadFlagFile(const std::string& path) {
  BILD_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  std::vector<FlagSetting> settings;
  std::vector<std::string> problems;
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
      problems.emplace_back(setting.status().message());
    } else if (setting->name == "flagfile") {
      problems.push_back(
          absl::StrCat(origin, ": a flag file may not name another flag file"));
    } else {
      settings.push_back(*setting);
    }
  }
  if (!problems.empty()) {
    return absl::InvalidArgumentError(ListProblems(
        absl::StrCat("The flag file '", path, "' cannot be read:"), problems,
        "One setting a line, --name=value; # begins a comment line."));
  }
  return settings;
}

}  // namespace

absl::StatusOr<std::vector<FlagSetting>> ReadSettings(
    const std::vector<std::string>& arguments) {
  std::vector<FlagSetting> settings;
  for (size_t i = 0; i < arguments.size(); ++i) {
    bool took_next = false;
    const std::string* next =
        i + 1 < arguments.size() ? &arguments[i + 1] : nullptr;
    BILD_ASSIGN_OR_RETURN(
        FlagSetting setting,
        ParseOne(arguments[i], next, "the command line", &took_next));
    if (setting.name == "flagfile") {
      if (setting.value.empty() && next != nullptr) {
        setting.value = *next;
        took_next = true;
      }
      BILD_ASSIGN_OR_RETURN(const std::vector<FlagSetting> inside,
                            ReadFlagFile(UserPath(setting.value)));
      settings.insert(settings.end(), inside.begin(), inside.end());
    } else {
      settings.push_back(setting);
    }
    if (took_next) ++i;
  }
  return settings;
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

std::string LastValue(const std::vector<FlagSetting>& settings,
                      const std::string& name, const std::string& otherwise) {
  for (auto setting = settings.rbegin(); setting != settings.rend();
       ++setting) {
    if (setting->name == name) return setting->value;
  }
  return otherwise;
}

absl::StatusOr<std::string> FindRunfile(const std::string& program,
                                        const std::string& path) {
  std::vector<std::string> tried = {path};
  const char* runfiles = std::getenv("RUNFILES_DIR");
  if (runfiles != nullptr) {
    tried.push_back(absl::StrCat(runfiles, "/bild/", path));
  }
  tried.push_back(absl::StrCat(program, ".runfiles/bild/", path));
  for (const std::string& candidate : tried) {
    if (std::filesystem::exists(candidate)) return candidate;
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
