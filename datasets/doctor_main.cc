// Says what a folder of pictures looks like: which datasets are in it, whether
// they are whole, and what to change.
//
//   bazel run //datasets:doctor -- --data_root=DIR

#include <cstdio>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "bild/base/command_line.h"
#include "datasets/diagnosis.h"
#include "fmt/format.h"

ABSL_FLAG(std::string, data_root, "", "the folder to look at");

namespace bild {
namespace {

int Main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (AsksForHelp(arguments)) {
    fmt::print("{}",
               HelpText("Says what a folder of pictures looks like.\nbazel run "
                        "//datasets:doctor -- --data_root=DIR"));
    return 0;
  }
  const auto settings = ReadSettings(arguments);
  absl::Status usage = settings.status();
  if (usage.ok()) usage = ApplySettings(*settings);
  if (usage.ok() && absl::GetFlag(FLAGS_data_root).empty()) {
    usage = absl::InvalidArgumentError(
        "doctor: --data_root is not given, the folder to look at.");
  }
  if (!usage.ok()) {
    std::fprintf(stderr, "%s\n", std::string(usage.message()).c_str());
    return 2;
  }
  const auto findings = Diagnose(UserPath(absl::GetFlag(FLAGS_data_root)));
  if (!findings.ok()) {
    std::fprintf(stderr, "doctor: %s\n",
                 std::string(findings.status().message()).c_str());
    return 1;
  }
  int usable = 0;
  int nearly = 0;
  int unknown = 0;
  for (const Finding& finding : *findings) {
    fmt::print("{}\n", finding.folder);
    for (const std::string& words : finding.words) {
      fmt::print("  {}\n", words);
    }
    fmt::print("\n");
    usable += finding.grade == FindingGrade::kUsable;
    nearly += finding.grade == FindingGrade::kNearly;
    unknown += finding.grade == FindingGrade::kUnknown;
  }
  if (findings->empty()) fmt::print("There is no picture in it.\n");
  fmt::print("usable={} nearly={} unknown={}\n", usable, nearly, unknown);
  return 0;
}

}  // namespace
}  // namespace bild

int main(int argc, char** argv) { return bild::Main(argc, argv); }
