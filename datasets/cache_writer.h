// Packs a dataset: decodes every picture once into a cache (cache_index.h) that
// cached_pairs.h reads.

#ifndef DATASETS_CACHE_WRITER_H_
#define DATASETS_CACHE_WRITER_H_

#include <cstdint>
#include <functional>

#include "absl/status/statusor.h"
#include "bild/base/progress.h"
#include "datasets/cache_index.h"
#include "datasets/cache_plan.h"

namespace bild {

struct PackOutcome {
  CacheIndex index;
  bool was_done = false;       // The very cache was there already.
  int64_t resumed_images = 0;  // That an earlier packing had left.
};

// Decodes what is missing, in parallel, and puts the cache in place: pixels
// into SET.pixels.partial, every 64 pictures synced and noted in SET.journal;
// at the end the index is written and synced, then both are renamed, the index
// first. Until then an older cache of the set stays as it was. A packing that
// was killed, between the two renames as well, goes on at the next call with
// the same files; an index without the pixels of its packing is refused by
// whoever opens it. Pictures that do not decode are an error that lists all of
// them; then, and on any error of the disk, nothing of this packing is left.
// FailedPrecondition while another process packs the same set there.
//
// `wants_stop` is asked between the sixty-fours: Cancelled, and what is done
// stays. `progress` counts plan.index.images; both may be null.
absl::StatusOr<PackOutcome> WriteCache(const PackPlan& plan, Progress* progress,
                                       const std::function<bool()>& wants_stop);

}  // namespace bild

#endif  // DATASETS_CACHE_WRITER_H_
