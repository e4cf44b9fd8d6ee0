// Finds and reads the golden vectors of the metrics.

#ifndef TESTS_BILD_METRICS_GOLDEN_VECTORS_H_
#define TESTS_BILD_METRICS_GOLDEN_VECTORS_H_

#include <string>
#include <vector>

#include "nlohmann/json.hpp"

namespace bild {

struct GoldenVector {
  std::string path;
  nlohmann::json content;
};

struct GoldenFolder {
  std::string path;
  std::vector<GoldenVector> metrics;  // Sorted by path.
  // Vectors of other suites' kinds (a backbone, a step, splits): not ours to
  // read. Only a folder that the user names may hold such.
  std::vector<std::string> of_other_suites;
  // One line per file that is of no known kind, or that cannot be read.
  std::vector<std::string> problems;
};

// Reads tests/golden/metrics, or the folder that BILD_GOLDEN_DIR names, with
// all that lies below it. What a JSON file is, is seen from its keys. Beside
// vectors a folder may hold their tensors (NAME.safetensors, NAME.params.tsv),
// generators (make_*.py) and BUILD.bazel.
GoldenFolder ReadGoldenFolder();

}  // namespace bild

#endif  // TESTS_BILD_METRICS_GOLDEN_VECTORS_H_
