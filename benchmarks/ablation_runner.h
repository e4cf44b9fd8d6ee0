// Runs an ablation: every run of it as an ordinary benchmark run in a folder of
// its own, then the report over them.

#ifndef BENCHMARKS_ABLATION_RUNNER_H_
#define BENCHMARKS_ABLATION_RUNNER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "benchmarks/ablations.h"
#include "benchmarks/run_spec.h"
#include "benchmarks/runner.h"

namespace bild {

// How many runs are made at once, each in a process of its own.
struct AblationProcesses {
  int64_t at_once = 1;
  // The command line of this program, which starts itself again for a run:
  // with the folder and --variant.
  std::vector<std::string> command;
};

// `base` is what the ablation was made around, under the ablation's own target.
// Its folder (base.run.out, or results/<target>/<id>) gets config.flags,
// variants/<name>/ with a results folder for each run, report.md, report.csv,
// seeds.csv and figures/. Runs that an earlier process finished are not made
// again, and half of one goes on from its checkpoint. A run whose training
// cannot go on (FailedPrecondition) is named in the report, which is over the
// others; with none left that is the error. The results do not depend on
// `processes`.
absl::StatusOr<RunOutcome> RunAblation(const Ablation& ablation,
                                       const RunSpec& base,
                                       const AblationProcesses& processes);

// The run `variant` of the ablation alone, for RunBenchmark: its folder is
// variants/<variant> of base.run.out, where RunAblation finds it done.
// InvalidArgument where the ablation has no such run or was not begun there.
absl::StatusOr<RunSpec> VariantAlone(const Ablation& ablation,
                                     const RunSpec& base,
                                     const std::string& variant);

}  // namespace bild

#endif  // BENCHMARKS_ABLATION_RUNNER_H_
