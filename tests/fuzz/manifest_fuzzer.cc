// The list of a set's files with their sizes and hashes.

#include <cstddef>
#include <cstdint>
#include <string>

#include "datasets/manifest.h"
#include "tests/fuzz/require.h"

namespace bild {
namespace {

void CheckText(const std::string& text) {
  const absl::StatusOr<Manifest> manifest = ParseManifest(text, "f");
  if (!manifest.ok()) {
    FUZZ_REQUIRE(manifest.status().code() ==
                     absl::StatusCode::kInvalidArgument ||
                 manifest.status().code() == absl::StatusCode::kDataLoss);
    FUZZ_REQUIRE(!manifest.status().message().empty());
    return;
  }
  for (size_t i = 1; i < manifest->rows.size(); ++i) {
    FUZZ_REQUIRE(manifest->rows[i - 1].path < manifest->rows[i].path);
  }
  for (const ManifestRow& row : manifest->rows) {
    FUZZ_REQUIRE(row.bytes >= 0 && row.width_px >= 0 && row.height_px >= 0);
  }
  // What was read is written so that it reads as the same.
  const std::string written = ManifestText(*manifest);
  const absl::StatusOr<Manifest> again = ParseManifest(written, "f");
  FUZZ_REQUIRE(again.ok());
  FUZZ_REQUIRE(ManifestText(*again) == written);
  // A set is what its own manifest says.
  ProblemReport problems;
  ProblemReport warnings;
  CompareManifests(*manifest, *again, &problems, &warnings);
  FUZZ_REQUIRE(problems.status().ok() && warnings.status().ok());
}

}  // namespace
}  // namespace bild

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  bild::CheckText(text);
  // So that a few bytes reach the rows.
  bild::CheckText("# bild-manifest 1 pair folders\n" + text);
  return 0;
}
