#include "benchmarks/benchmark_target.h"

#ifndef BILD_DATASET
#error "bild_benchmark() defines BILD_DATASET and BILD_BACKBONE"
#endif

namespace bild {

const char* const kTargetDataset = BILD_DATASET;
const char* const kTargetBackbone = BILD_BACKBONE;

}  // namespace bild
