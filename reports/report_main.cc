// Writes the report of a results folder again, from its records:
//
//   ./bazelw run //reports:report -- RESULTS_DIR
//
// Standard output: report=<path of report.md>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "absl/status/status.h"
#include "reports/report.h"

namespace {

constexpr char kUsage[] =
    "usage: bazel run //reports:report -- RESULTS_DIR\n"
    "Writes report.md, report.csv and figures/ from RESULTS_DIR/records.jsonl, "
    "curves.csv and per_image.csv.\n";

// `bazel run` starts programs elsewhere; paths are meant from where the user
// typed it.
std::string FromUsersFolder(const std::string& path) {
  const char* folder = std::getenv("BUILD_WORKING_DIRECTORY");
  if (folder == nullptr) return path;
  return (std::filesystem::path(folder) / path).string();
}

}  // namespace

int main(int argc, char** argv) {
  const std::string argument = argc == 2 ? argv[1] : "";
  if (argument == "--help") {
    std::fputs(kUsage, stdout);
    return 0;
  }
  if (argument.empty() || argument[0] == '-') {
    std::fprintf(
        stderr, "Expected one results folder, found %d arguments%s%s\n%s",
        argc - 1, argument.empty() ? "" : ": ", argument.c_str(), kUsage);
    return 2;
  }
  const std::string folder = FromUsersFolder(argument);
  const absl::Status status = bild::WriteReport(folder);
  if (!status.ok()) {
    std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
    return 1;
  }
  std::printf("report=%s\n",
              (std::filesystem::path(folder) / "report.md").string().c_str());
  return 0;
}
