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
#include "bild/base/log.h"
#include "bild/base/program_start.h"
#include "datasets/diagnosis.h"
#include "datasets/image_reader.h"
#include "fmt/format.h"

ABSL_FLAG(std::string, data_root, "", "the folder to look at");
ABSL_FLAG(bool, allow_decoder_mismatch, false,
          "go on with an image decoder that differs from the reference");

namespace bild {
namespace {

absl::Status CheckUsage() {
  if (!absl::GetFlag(FLAGS_data_root).empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "doctor: --data_root is not given, the folder to look at.");
}

int Main(int argc, char** argv) {
  if (const auto code =
          StartProgram(argc, argv,
                       "Says what a folder of pictures looks like.\n"
                       "bazel run //datasets:doctor -- --data_root=DIR",
                       CheckUsage))
    return *code;
  // Pictures with an alpha channel are decoded.
  if (const absl::Status decoder = CheckDecoder(); !decoder.ok()) {
    if (!absl::GetFlag(FLAGS_allow_decoder_mismatch)) {
      std::fprintf(stderr, "doctor: %s\n",
                   std::string(decoder.message()).c_str());
      return kWorldIsWrong;
    }
    LogWarning("{}", std::string(decoder.message()));
  }
  const auto findings = Diagnose(UserPath(absl::GetFlag(FLAGS_data_root)));
  if (!findings.ok()) {
    std::fprintf(stderr, "doctor: %s\n",
                 std::string(findings.status().message()).c_str());
    return kWorldIsWrong;
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
  return kDone;
}

}  // namespace
}  // namespace bild

int main(int argc, char** argv) { return bild::Main(argc, argv); }
