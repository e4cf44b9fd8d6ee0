#include "benchmarks/environment.h"

#include <sys/resource.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>

#include "ATen/Version.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "opencv2/core/version.hpp"
#include "torch/headeronly/version.h"

namespace bild {
namespace {

// The root of this suite's working tree, where this process can tell: what
// `bazel run` names, or the folder it was started in.
std::string WorkingTree() {
  const char* workspace = std::getenv("BUILD_WORKSPACE_DIRECTORY");
  const std::string folder = workspace == nullptr ? "." : workspace;
  std::ifstream file(folder + "/WORKSPACE");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  // Another repository's commit would be worse than none.
  return text.find("workspace(name = \"bild\")") == std::string::npos ? ""
                                                                      : folder;
}

// What a git command prints in `folder`; empty optional where it fails.
std::optional<std::string> Git(const std::string& folder,
                               const std::string& arguments) {
  ::setenv("BILD_GIT_FOLDER", folder.c_str(), /*overwrite=*/1);
  // The folder goes through the environment, so its name needs no quoting.
  const std::string command =
      absl::StrCat("git -C \"$BILD_GIT_FOLDER\" ", arguments, " 2>/dev/null");
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return std::nullopt;
  std::string text;
  std::array<char, 4096> buffer;
  size_t count = 0;
  while ((count = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0) {
    text.append(buffer.data(), count);
  }
  if (::pclose(pipe) != 0) return std::nullopt;
  return text;
}

std::string Processor() {
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  while (std::getline(file, line)) {
    const size_t colon = line.find(':');
    if (line.rfind("model name", 0) == 0 && colon != std::string::npos) {
      return std::string(absl::StripAsciiWhitespace(line.substr(colon + 1)));
    }
  }
  return "unknown";
}

std::string NowUtc() {
  const std::time_t now = std::time(nullptr);
  std::tm utc;
  ::gmtime_r(&now, &utc);
  std::array<char, 32> text;
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text.data();
}

}  // namespace

Environment LookAtEnvironment(const DeviceSettings& settings) {
  Environment environment;
  const std::string tree = WorkingTree();
  const auto commit = tree.empty() ? std::nullopt : Git(tree, "rev-parse HEAD");
  if (commit.has_value()) {
    environment.commit = std::string(absl::StripAsciiWhitespace(*commit));
    const auto changes = Git(tree, "status --porcelain");
    environment.is_dirty = !changes.has_value() || !changes->empty();
  }
  environment.libraries = absl::StrCat("LibTorch ", TORCH_VERSION, ", OpenCV ",
                                       CV_VERSION, ", g++ ", __VERSION__);
  environment.processor = Processor();
  environment.device = settings.device.str();
  environment.threads = settings.threads;
  environment.started_at = NowUtc();
  return environment;
}

std::string EnvironmentJson(const Environment& environment) {
  const nlohmann::ordered_json json = {
      {"commit", environment.commit},
      {"dirty", environment.is_dirty},
      {"libraries", environment.libraries},
      {"processor", environment.processor},
      {"device", environment.device},
      {"threads", environment.threads},
      {"started_at", environment.started_at},
      {"compute", at::get_cpu_capability()},
      {"mkldnn", at::get_mkldnn_version()},
  };
  return json.dump(1) + "\n";
}

double PeakMemoryMib() {
  rusage usage;
  if (::getrusage(RUSAGE_SELF, &usage) != 0) return 0.0;
  return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

}  // namespace bild
