// Patch batches computed ahead by threads.

#ifndef DATASETS_PREFETCH_H_
#define DATASETS_PREFETCH_H_

#include <cstdint>
#include <memory>

#include "datasets/patch_batches.h"

namespace bild {

struct PrefetchOptions {
  int64_t workers = 1;  // 0: compute in the caller's thread when asked.
  int64_t ahead = 4;    // Batches n, ..., n + ahead - 1 are worked on.
};

// Gives what `source` gives, whatever the number of workers (ahead_queue.h): at
// most `ahead` batches wait, an error comes out where its own batch is asked
// for, and the destructor waits for the batches that are being computed.
// Thread-safe.
std::unique_ptr<PatchBatches> Prefetch(std::unique_ptr<PatchBatches> source,
                                       const PrefetchOptions& options);

}  // namespace bild

#endif  // DATASETS_PREFETCH_H_
