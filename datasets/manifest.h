// A manifest: every file of a set with its size and hashes, so that two copies
// can be compared without having both.
//
//   # bild-manifest 1 <dataset> <layout>
//   path<tab>bytes<tab>sha256<tab>width<tab>height<tab>pixels_sha256
//
// Rows are sorted bytewise by path, which is relative to the set's folder. In a
// path a tab is written \t, a line feed \n and a backslash \\. The SHA-256 of
// the text is the manifest hash.

#ifndef DATASETS_MANIFEST_H_
#define DATASETS_MANIFEST_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "datasets/problem_report.h"

namespace bild {

struct ManifestRow {
  std::string path;
  int64_t bytes = 0;
  std::string sha256;
  int64_t width_px = 0;
  int64_t height_px = 0;
  std::string pixels_sha256;
};

struct Manifest {
  std::string dataset;
  std::string layout;
  std::vector<ManifestRow> rows;  // Sorted by path, each path once.
};

// `path` relative to the set's folder, as a row has it; as it is where it does
// not lie in there. Both as they were found, one below the other.
std::string PathInSet(const std::string& path, const std::string& set_folder);

std::string ManifestText(const Manifest& manifest);

// Strict: every line that does not read is reported, with its number, at once.
// `name` names the file in messages.
absl::StatusOr<Manifest> ParseManifest(const std::string& text,
                                       const std::string& name);

// What differs between the set `found` and the manifest `wanted`: files that
// are missing, that are too many, that hold other pixels, into `problems`;
// files that were re-encoded without loss, and another layout, into `warnings`.
void CompareManifests(const Manifest& wanted, const Manifest& found,
                      ProblemReport* problems, ProblemReport* warnings);

}  // namespace bild

#endif  // DATASETS_MANIFEST_H_
