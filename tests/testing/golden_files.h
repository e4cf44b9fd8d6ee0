// Golden vectors: NAME.json with, where it has tensors, NAME.safetensors.

#ifndef TESTS_TESTING_GOLDEN_FILES_H_
#define TESTS_TESTING_GOLDEN_FILES_H_

#include <map>
#include <string>
#include <vector>

#include "ATen/core/Tensor.h"
#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"

namespace bild {

struct GoldenFile {
  std::string name;  // Without the ending.
  nlohmann::json json;
  std::map<std::string, at::Tensor> tensors;  // Empty without .safetensors.
};

// The folder that the environment's BILD_GOLDEN_DIR names, or
// tests/golden/<package> of this tree.
std::string GoldenFolder(const std::string& package);

// True for a vector of another suite (seen from its keys) in a folder that the
// environment named: one folder may serve all suites. In this tree's own
// folders every file must be of the suite's kind.
bool BelongsToAnotherSuite(const GoldenFile& file, const std::string& package);

// Every NAME.json of a folder, in order of name. An error names the file.
absl::StatusOr<std::vector<GoldenFile>> ReadGoldenFolder(
    const std::string& folder);

}  // namespace bild

#endif  // TESTS_TESTING_GOLDEN_FILES_H_
