// The ablations: which runs each of them is made of, and what its report asks.
// An ablation is a list of ordinary runs; nothing here trains.

#ifndef BENCHMARKS_ABLATIONS_H_
#define BENCHMARKS_ABLATIONS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "benchmarks/run_spec.h"
#include "reports/ablation_plan.h"

namespace bild {

// An ablation of one configuration. Run i is variant i of the plan; its spec
// has the target of the ordinary benchmark program that makes the same run, and
// no folder of its own yet.
struct Ablation {
  AblationPlan plan;
  std::vector<RunSpec> runs;
};

// "ablation_alpha", ... in the order of the documentation.
std::vector<std::string> AblationNames();

// One line for --help; `name` is one of AblationNames().
std::string AblationQuestion(const std::string& name);

// The ablation `name` of AblationNames() around `base`. InvalidArgument lists
// what is wrong with any of its runs, as ValidateRunSpec does.
absl::StatusOr<Ablation> MakeAblation(const std::string& name,
                                      const RunSpec& base);

}  // namespace bild

#endif  // BENCHMARKS_ABLATIONS_H_
