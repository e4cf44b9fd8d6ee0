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

// Gives what `source` gives, whatever the number of workers: batch n is a
// function of n alone, and an error comes out where its own batch is asked for.
// Any order of requests is right; rising ones find their batch waiting.
// Thread-safe. The destructor waits for the batches that are being computed.
std::unique_ptr<PatchBatches> Prefetch(std::unique_ptr<PatchBatches> source,
                                       const PrefetchOptions& options);

}  // namespace bild

#endif  // DATASETS_PREFETCH_H_
