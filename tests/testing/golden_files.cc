#include "tests/testing/golden_files.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "backbones/safetensors.h"
#include "bild/base/atomic_file.h"
#include "bild/base/status.h"

namespace bild {

std::string GoldenFolder(const std::string& package) {
  const char* given = std::getenv("BILD_GOLDEN_DIR");
  if (given != nullptr && *given != '\0') return given;
  return absl::StrCat("tests/golden/", package);
}

bool BelongsToAnotherSuite(const GoldenFile& file, const std::string& package) {
  if (GoldenFolder(package) == absl::StrCat("tests/golden/", package)) {
    return false;
  }
  // Keys that only one suite's files have.
  const std::map<std::string, std::vector<std::string>> keys = {
      {"backbones", {"net", "picture", "definition"}},
      {"bild", {"cases", "jvp_log_weights"}},
      {"metrics", {"formula_cases"}},
      {"datasets", {"list_file"}}};
  for (const auto& [suite, names] : keys) {
    for (const std::string& name : names) {
      if (file.json.contains(name)) return suite != package;
    }
  }
  return false;
}

absl::StatusOr<std::vector<GoldenFile>> ReadGoldenFolder(
    const std::string& folder) {
  std::vector<std::filesystem::path> paths;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".json") paths.push_back(entry.path());
  }
  if (error || paths.empty()) {
    return absl::NotFoundError(absl::StrCat(
        "golden folder '", folder, "': no .json file found",
        error ? absl::StrCat(" (", error.message(), ")") : std::string()));
  }
  std::sort(paths.begin(), paths.end());
  std::vector<GoldenFile> files;
  for (const auto& path : paths) {
    GoldenFile file;
    file.name = path.stem().string();
    BILD_ASSIGN_OR_RETURN(const std::string text, ReadFile(path.string()));
    file.json =
        nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (file.json.is_discarded()) {
      return absl::DataLossError(
          absl::StrCat("golden file '", path.string(), "' is not JSON"));
    }
    std::filesystem::path tensors = path;
    tensors.replace_extension(".safetensors");
    if (std::filesystem::exists(tensors)) {
      BILD_ASSIGN_OR_RETURN(const SafetensorsFile read,
                            ReadSafetensors(tensors.string()));
      for (const NamedTensor& tensor : read.tensors) {
        file.tensors[tensor.name] = tensor.value;
      }
    }
    files.push_back(std::move(file));
  }
  return files;
}

}  // namespace bild
