// Runs an ablation: every run of it as an ordinary benchmark run in a folder of
// its own, then the report over them.

#ifndef BENCHMARKS_ABLATION_RUNNER_H_
#define BENCHMARKS_ABLATION_RUNNER_H_

#include "absl/status/statusor.h"
#include "benchmarks/ablations.h"
#include "benchmarks/run_spec.h"
#include "benchmarks/runner.h"

namespace bild {

// `base` is what the ablation was made around, under the ablation's own target.
// Its folder (base.run.out, or results/<target>/<id>) gets config.flags,
// variants/<name>/ with a results folder for each run, report.md, report.csv,
// seeds.csv and figures/. Runs that an earlier process finished are not made
// again, and half of one goes on from its checkpoint. A run whose training
// cannot go on (FailedPrecondition) is named in the report, which is over the
// others; with none left that is the error.
absl::StatusOr<RunOutcome> RunAblation(const Ablation& ablation,
                                       const RunSpec& base);

}  // namespace bild

#endif  // BENCHMARKS_ABLATION_RUNNER_H_
