// Everything that can be known about a set of files: what `verify` does after
// the names and headers (folder_draft.h).

#ifndef DATASETS_VERIFICATION_H_
#define DATASETS_VERIFICATION_H_

#include <cstdint>
#include <optional>
#include <string>

#include "bild/base/progress.h"
#include "datasets/dataset_info.h"
#include "datasets/folder_draft.h"
#include "datasets/image_header.h"
#include "datasets/layouts.h"
#include "datasets/manifest.h"
#include "datasets/problem_report.h"

namespace bild {

struct VerifyOptions {
  ImageRules reading;
  // Hashes, alignment and the release's probes as well.
  bool is_deep = false;
  // Hashes alone, for a manifest.
  bool wants_hashes = false;
  // Counts files, VerifySteps(draft) of them; may be null.
  Progress* progress = nullptr;
};

struct Verification {
  ProblemReport problems;  // The draft's first.
  ProblemReport warnings;
  int64_t files = 0;
  int64_t decoded_files = 0;  // Whole, from the first row to the last.
  int64_t scenes = 0;
  // Only with is_deep.
  int64_t compared_pairs = 0;     // That alignment was looked for in.
  int64_t misaligned_pairs = 0;   // Best shift other than (0, 0).
  int64_t probes = 0;             // Of the release that could be compared.
  int64_t matching_probes = 0;    // Of them, within kProbeToleranceDb.
  std::optional<double> psnr_db;  // Mean PSNR(hazy, clear) over all pairs.
  // Only with hashes: of all files that decode.
  Manifest manifest;
};

// How many files are decoded.
int64_t VerifySteps(const FolderDraft& draft);

// Decodes every picture, in parallel, and collects every problem. Nothing is
// written.
Verification Verify(const DatasetInfo& info, const SetFolders& folders,
                    const FolderDraft& draft, const VerifyOptions& options);

}  // namespace bild

#endif  // DATASETS_VERIFICATION_H_
