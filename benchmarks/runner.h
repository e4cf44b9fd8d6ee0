// Runs a benchmark target: trains every (seed, method), scores them on the test
// set once, at the end, and writes the results folder and its report.

#ifndef BENCHMARKS_RUNNER_H_
#define BENCHMARKS_RUNNER_H_

#include <string>

#include "absl/status/statusor.h"
#include "benchmarks/run_spec.h"

namespace bild {

struct RunOutcome {
  std::string folder;     // The results folder.
  bool was_done = false;  // Nothing was left to do.
  std::string summary;    // Lines of key=value for standard output.
};

// What tells a run from every other one, and the run as this machine would make
// it ("all cores" and "auto" resolved).
struct IdentifiedRun {
  std::string identity;  // Everything that changes the result, in words.
  RunSpec effective;
};

// Sets up the device and opens the data of `spec`, with their errors; trains
// nothing and writes nothing but a synthetic set.
absl::StatusOr<IdentifiedRun> IdentifyRun(const RunSpec& spec);

// `spec` is valid. Work that an earlier process finished in the folder is not
// done again; half a training run goes on from its checkpoint.
absl::StatusOr<RunOutcome> RunBenchmark(const RunSpec& spec);

}  // namespace bild

#endif  // BENCHMARKS_RUNNER_H_
