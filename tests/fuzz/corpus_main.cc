// Runs a harness on committed inputs, without libFuzzer: what `bazel test` and
// the sanitizers of any compiler see. Takes folders and files; options of
// libFuzzer are passed over, so that one command line fits both.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "bild/base/atomic_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

std::vector<std::string> InputPaths(int count, char** arguments) {
  std::vector<std::string> paths;
  for (int i = 1; i < count; ++i) {
    const std::string argument = arguments[i];
    if (argument.rfind('-', 0) == 0) continue;
    if (!std::filesystem::is_directory(argument)) {
      paths.push_back(argument);
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(argument)) {
      paths.push_back(entry.path().string());
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> paths = InputPaths(argc, argv);
  for (const std::string& path : paths) {
    // The last path in the log is the one that failed.
    std::printf("%s\n", path.c_str());
    std::fflush(stdout);
    const absl::StatusOr<std::string> text = bild::ReadFile(path);
    if (!text.ok()) {
      std::fprintf(stderr, "%s\n", text.status().ToString().c_str());
      return 1;
    }
    // Exactly as large as the input: a byte read beyond it is seen.
    const std::vector<uint8_t> bytes(text->begin(), text->end());
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  }
  std::printf("%zu inputs\n", paths.size());
  return paths.empty() ? 1 : 0;
}
