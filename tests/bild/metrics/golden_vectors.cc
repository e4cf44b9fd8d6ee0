#include "tests/bild/metrics/golden_vectors.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "bild/base/atomic_file.h"

namespace bild {
namespace {

constexpr char kOwnFolder[] = "tests/golden/metrics";

bool HasAnyKey(const nlohmann::json& object,
               const std::vector<std::string>& keys) {
  return std::any_of(keys.begin(), keys.end(), [&](const std::string& key) {
    return object.contains(key);
  });
}

// Every section of a vector of the metrics that holds cases.
bool IsOfMetrics(const nlohmann::json& object) {
  return HasAnyKey(object, {"formula_cases", "real_cases", "ciede2000_pairs",
                            "gaussian_11_sigma_1.5", "quantise", "pool_ratio",
                            "statistics"});
}

// A net's forward pass or its operations; a bi-level step; a split.
bool IsOfAnotherSuite(const nlohmann::json& object) {
  return HasAnyKey(object, {"net", "model", "networks", "list_file"});
}

// Tensors of a vector, generators and build files.
bool IsCompanion(const std::filesystem::path& path,
                 const std::set<std::string>& vectors_without_suffix) {
  const std::string name = path.filename().string();
  if (name == "BUILD.bazel") return true;
  if (absl::StartsWith(name, "make_") && absl::EndsWith(name, ".py")) {
    return true;
  }
  for (const std::string suffix : {".safetensors", ".params.tsv"}) {
    const std::string text = path.string();
    if (absl::EndsWith(text, suffix) &&
        vectors_without_suffix.count(
            text.substr(0, text.size() - suffix.size())) > 0) {
      return true;
    }
  }
  return false;
}

void ReadVector(const std::string& path, bool is_own_folder,
                GoldenFolder* folder) {
  const auto text = ReadFile(path);
  if (!text.ok()) {
    folder->problems.push_back(text.status().ToString());
    return;
  }
  nlohmann::json content =
      nlohmann::json::parse(*text, /*cb=*/nullptr, /*allow_exceptions=*/false);
  if (content.is_object() && IsOfMetrics(content)) {
    folder->metrics.push_back({path, std::move(content)});
  } else if (!is_own_folder && content.is_object() &&
             IsOfAnotherSuite(content)) {
    folder->of_other_suites.push_back(path);
  } else {
    folder->problems.push_back(absl::StrCat(
        path, content.is_discarded() ? ": is not JSON"
                                     : ": a vector of no known kind"));
  }
}

}  // namespace

GoldenFolder ReadGoldenFolder() {
  const char* named = std::getenv("BILD_GOLDEN_DIR");
  const bool is_own_folder = named == nullptr || *named == '\0';
  GoldenFolder folder;
  folder.path = is_own_folder ? kOwnFolder : named;

  std::vector<std::filesystem::path> paths;
  std::error_code error;
  std::filesystem::recursive_directory_iterator entry(folder.path, error);
  for (; !error && entry != std::filesystem::recursive_directory_iterator();
       entry.increment(error)) {
    if (!entry->is_directory(error)) paths.push_back(entry->path());
  }
  if (error) {
    folder.problems.push_back(
        absl::StrCat("'", folder.path,
                     "': expected a folder of vectors: ", error.message()));
    return folder;
  }
  std::sort(paths.begin(), paths.end());

  std::set<std::string> vectors_without_suffix;
  for (const auto& path : paths) {
    if (path.extension() == ".json") {
      vectors_without_suffix.insert(
          std::filesystem::path(path).replace_extension().string());
    }
  }
  for (const auto& path : paths) {
    if (path.extension() == ".json") {
      ReadVector(path.string(), is_own_folder, &folder);
    } else if (!IsCompanion(path, vectors_without_suffix)) {
      folder.problems.push_back(
          absl::StrCat(path.string(), ": a file of no known kind"));
    }
  }
  return folder;
}

}  // namespace bild
