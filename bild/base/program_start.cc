#include "bild/base/program_start.h"

#include <cstdio>
#include <vector>

#include "bild/base/command_line.h"

namespace bild {

std::optional<int> StartProgram(int argc, char** argv, const std::string& about,
                                const std::function<absl::Status()>& check) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (AsksForHelp(arguments)) {
    std::printf("%s", HelpText(about).c_str());
    return kDone;
  }
  const auto settings = ReadSettings(arguments);
  absl::Status usage = settings.status();
  if (usage.ok()) usage = ApplySettings(*settings);
  if (usage.ok() && check) usage = check();
  if (usage.ok()) return std::nullopt;
  std::fprintf(stderr, "%s\n", std::string(usage.message()).c_str());
  return kUsage;
}

}  // namespace bild
