#include "benchmarks/ablation_runner.h"

#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "benchmarks/results_folder.h"
#include "bild/base/atomic_file.h"
#include "bild/base/log.h"
#include "bild/base/sha256.h"
#include "bild/base/status.h"
#include "reports/ablation_report.h"

namespace bild {
namespace {

bool Exists(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

// The lines of a run's summary under the run's name. The hazy input is the same
// in all of them and stands there once.
std::string Named(const std::string& variant, const std::string& summary,
                  bool is_first) {
  std::string text;
  for (const std::string& line : std::vector<std::string>(
           absl::StrSplit(summary, '\n', absl::SkipEmpty()))) {
    const bool is_input = absl::StrContains(line, " method=input ");
    if (is_input && !is_first) continue;
    absl::StrAppend(&text, "variant=", is_input ? "any" : variant, " ", line,
                    "\n");
  }
  return text;
}

absl::Status CheckHalfDone(const RunSpec& base, const std::string& folder) {
  if (base.run.resume || !Exists(folder + "/variants")) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat("'", folder,
                   "' holds a half-done ablation. Continue it with --resume, "
                   "or choose another --out."));
}

}  // namespace

absl::StatusOr<RunOutcome> RunAblation(const Ablation& ablation,
                                       const RunSpec& base) {
  const AblationPlan& plan = ablation.plan;
  BILD_ASSIGN_OR_RETURN(const IdentifiedRun identified, IdentifyRun(base));
  std::string identity = identified.identity;
  for (const AblationVariant& variant : plan.variants) {
    absl::StrAppend(&identity, " variant=", variant.name);
  }
  RunOutcome outcome;
  outcome.folder =
      base.run.out.empty()
          ? DefaultResultsFolder(plan.target, Sha256Hex(identity).substr(0, 12))
          : base.run.out;
  const std::string& folder = outcome.folder;
  BILD_ASSIGN_OR_RETURN(const ResultsLock lock,
                        ResultsLock::Take(folder, identity));
  outcome.was_done = Exists(folder + "/report.md");
  if (!outcome.was_done) {
    BILD_RETURN_IF_ERROR(CheckHalfDone(base, folder));
    BILD_RETURN_IF_ERROR(WriteFileAtomically(
        folder + "/config.flags", ConfigFlagsText(identified.effective)));
  }
  AblationPlan finished = plan;
  finished.variants.clear();
  for (size_t i = 0; i < plan.variants.size(); ++i) {
    const std::string& name = plan.variants[i].name;
    if (!outcome.was_done) {
      LogInfo("{}: run {} of {}, {}", plan.target, i + 1, plan.variants.size(),
              name);
    }
    RunSpec spec = ablation.runs[i];
    spec.run.out = absl::StrCat(folder, "/variants/", name);
    spec.run.resume = true;
    if (outcome.was_done && !IsFinished(spec.run.out)) continue;
    const auto done = RunBenchmark(spec);
    // A training that cannot go on is a finding about this run, not the end of
    // the others.
    if (absl::IsFailedPrecondition(done.status())) {
      const std::string message(done.status().message());
      LogError("{}: {}", name, message);
      finished.left_out.push_back(absl::StrCat(name, ": ", message));
      continue;
    }
    if (!done.ok()) {
      return absl::Status(
          done.status().code(),
          absl::StrCat(name, ": ", std::string(done.status().message())));
    }
    finished.variants.push_back(plan.variants[i]);
    absl::StrAppend(&outcome.summary,
                    Named(name, done->summary,
                          /*is_first=*/finished.variants.size() == 1));
  }
  if (finished.variants.empty()) {
    return absl::FailedPreconditionError(ListProblems(
        absl::StrCat(plan.target, ": none of its runs could be finished:"),
        finished.left_out, ""));
  }
  if (!outcome.was_done) {
    BILD_RETURN_IF_ERROR(WriteAblationReport(finished, folder));
  }
  return outcome;
}

}  // namespace bild
