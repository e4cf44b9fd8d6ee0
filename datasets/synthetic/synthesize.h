// Writes a seeded synthetic dehazing set in an official layout, and finds or
// makes one in the user's cache.

#ifndef DATASETS_SYNTHETIC_SYNTHESIZE_H_
#define DATASETS_SYNTHETIC_SYNTHESIZE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bild/base/progress.h"
#include "datasets/synthetic/synthetic_plan.h"
#include "datasets/synthetic/synthetic_record.h"

namespace bild {

// How the work is done; nothing here changes a pixel.
struct SyntheticRun {
  int threads = 0;  // 0: as many as the machine has.
  // Counts scenes, checked.scenes + checked.test_scenes of them; may be null.
  Progress* progress = nullptr;
};

struct SyntheticSet {
  std::string root;
  SyntheticRecord record;
  bool was_there = false;  // Complete already; nothing was written.
};

// Writes the set to `root`, which appears complete or not at all. A complete
// set of the same arguments there is left alone; anything else there but an
// empty folder is FailedPrecondition. The pixels do not depend on the threads.
absl::StatusOr<SyntheticSet> WriteSynthetic(const SyntheticRequest& request,
                                            const std::string& root,
                                            const SyntheticRun& run);

// The set's place in the user's cache folder: $XDG_CACHE_HOME or $HOME/.cache,
// then bild/synthetic/v<version>/<like>-<scenes>-<test>-seed<seed>-<W>x<H>.
// FailedPrecondition where neither variable is set.
absl::StatusOr<std::string> SyntheticCacheRoot(const SyntheticRequest& request);

// The root of the set in the cache, made on first use. Processes that ask at
// once all succeed. The root is a --data_root: the readers of official layouts
// read it.
absl::StatusOr<std::string> EnsureSynthetic(const SyntheticRequest& request,
                                            const SyntheticRun& run = {});

}  // namespace bild

#endif  // DATASETS_SYNTHETIC_SYNTHESIZE_H_
