// What a benchmark target is called after. Every target brings its own names
// (benchmark_target.cc); the program around them is compiled once for all.

#ifndef BENCHMARKS_BENCHMARK_TARGET_H_
#define BENCHMARKS_BENCHMARK_TARGET_H_

namespace bild {

extern const char* const kTargetDataset;   // Of //datasets:catalog.
extern const char* const kTargetBackbone;  // Of //backbones:catalog.
// Of //benchmarks:ablations, which then takes any dataset and net; empty for a
// target that trains one configuration.
extern const char* const kTargetAblation;

}  // namespace bild

#endif  // BENCHMARKS_BENCHMARK_TARGET_H_
