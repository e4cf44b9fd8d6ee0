#include "benchmarks/benchmark_target.h"

#ifndef BILD_DATASET
#error "bild_benchmark.bzl defines BILD_DATASET and its like"
#endif

namespace bild {

const char* const kTargetDataset = BILD_DATASET;
const char* const kTargetBackbone = BILD_BACKBONE;
const char* const kTargetAblation = BILD_ABLATION;

}  // namespace bild
