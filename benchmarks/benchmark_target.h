// What a benchmark target is called after. Every target brings its own names
// (benchmark_target.cc); the program around them is compiled once for all.

#ifndef BENCHMARKS_BENCHMARK_TARGET_H_
#define BENCHMARKS_BENCHMARK_TARGET_H_

namespace bild {

extern const char* const kTargetDataset;   // Of //datasets:catalog.
extern const char* const kTargetBackbone;  // Of //backbones:catalog.

}  // namespace bild

#endif  // BENCHMARKS_BENCHMARK_TARGET_H_
