// Command lines and recipes, strictly: every unknown flag and every value that
// cannot be read is reported at once, with the file and line it stands in.

#ifndef BILD_BASE_COMMAND_LINE_H_
#define BILD_BASE_COMMAND_LINE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace bild {

// One setting and where it was written.
struct FlagSetting {
  std::string name;  // Without dashes.
  std::string value;
  std::string origin;  // "the command line", "quick_ffa.flags:12".
};

// Splits arguments (without the program's name) into settings: --name=value,
// --name value, --name, --noname. A --flagfile=PATH is replaced by the settings
// of that file: one a line, # begins a comment line. A file may not name
// another. InvalidArgument lists everything that is no setting, NotFound for a
// missing file.
absl::StatusOr<std::vector<FlagSetting>> ReadSettings(
    const std::vector<std::string>& arguments);

// Sets the program's flags, in order: the last setting of a flag wins.
// InvalidArgument lists every unknown flag and unreadable value.
absl::Status ApplySettings(const std::vector<FlagSetting>& settings);

// Whether --help is among the arguments, and what to print then: `usage` and
// every flag of the program with its default.
bool AsksForHelp(const std::vector<std::string>& arguments);
std::string HelpText(const std::string& usage);

// The value that the settings end up giving a flag, or `otherwise`.
std::string LastValue(const std::vector<FlagSetting>& settings,
                      const std::string& name, const std::string& otherwise);

// Which of the flags `names` the settings `all` leave at another value than
// `recipe` alone would, as "--steps=10 instead of 500000". Numbers are compared
// as numbers.
std::vector<std::string> ChangedFlags(const std::vector<FlagSetting>& recipe,
                                      const std::vector<FlagSetting>& all,
                                      const std::vector<std::string>& names);

// The absolute path of a file of this tree, as `bazel run`, `bazel test` and
// the plain binary see it. NotFound names the places that were tried.
absl::StatusOr<std::string> FindRunfile(const std::string& program,
                                        const std::string& path);

// A path as the user typed it, seen from where the user typed it: `bazel run`
// starts programs in another folder. Absolute paths stay.
std::string UserPath(const std::string& path);

}  // namespace bild

#endif  // BILD_BASE_COMMAND_LINE_H_
