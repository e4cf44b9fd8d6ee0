// Flag files and command lines. An input is a flag file, and each of its lines
// an argument.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_split.h"
#include "bild/base/command_line.h"
#include "tests/fuzz/input_file.h"
#include "tests/fuzz/require.h"

ABSL_FLAG(bool, deterministic, true, "a truth");
ABSL_FLAG(int64_t, steps, 10, "an integer");
ABSL_FLAG(double, alpha, 0.5, "a number");
ABSL_FLAG(std::string, backbone, "ffa", "a text");
ABSL_FLAG(std::vector<std::string>, methods, {}, "a list");

namespace bild {
namespace {

using Settings = std::vector<FlagSetting>;

void CheckRefusal(const absl::Status& status) {
  FUZZ_REQUIRE(status.code() == absl::StatusCode::kInvalidArgument);
  FUZZ_REQUIRE(!status.message().empty());
}

// Settings that were read are written so that they read as the same.
void CheckSettings(const Settings& settings) {
  std::vector<std::string> arguments;
  std::vector<std::string> names;
  for (const FlagSetting& setting : settings) {
    FUZZ_REQUIRE(!setting.origin.empty());
    FUZZ_REQUIRE(setting.name.find('=') == std::string::npos);
    arguments.push_back("--" + setting.name + "=" + setting.value);
    names.push_back(setting.name);
  }
  const absl::StatusOr<Settings> again = ReadSettings(arguments);
  FUZZ_REQUIRE(again.ok() && again->size() == settings.size());
  for (size_t i = 0; i < settings.size(); ++i) {
    FUZZ_REQUIRE((*again)[i].name == settings[i].name);
    FUZZ_REQUIRE((*again)[i].value == settings[i].value);
  }
  FUZZ_REQUIRE(ChangedFlags(settings, settings, names).empty());
  const absl::Status applied = ApplySettings(settings);
  if (!applied.ok()) CheckRefusal(applied);
}

void CheckText(const std::string& text) {
  const InputFile file(text);
  const absl::StatusOr<Settings> from_file =
      ReadSettings({"--flagfile=" + file.path()});
  if (from_file.ok()) {
    CheckSettings(*from_file);
  } else {
    CheckRefusal(from_file.status());
  }
  // As arguments; but not one that would open a file of this machine.
  if (text.find("flagfile") != std::string::npos) return;
  const std::vector<std::string> arguments = absl::StrSplit(text, '\n');
  AsksForHelp(arguments);
  const absl::StatusOr<Settings> from_arguments = ReadSettings(arguments);
  if (from_arguments.ok()) {
    CheckSettings(*from_arguments);
  } else {
    CheckRefusal(from_arguments.status());
  }
}

}  // namespace
}  // namespace bild

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  bild::CheckText(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
