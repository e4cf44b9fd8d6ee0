#include "benchmarks/ablation_runner.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "benchmarks/process_pool.h"
#include "benchmarks/results_folder.h"
#include "bild/base/atomic_file.h"
#include "bild/base/log.h"
#include "bild/base/progress.h"
#include "bild/base/sha256.h"
#include "bild/base/status.h"
#include "bild/base/stop_signal.h"
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

// The spec of a run in its place below the ablation's folder.
RunSpec PlacedRun(const Ablation& ablation, size_t i,
                  const std::string& folder) {
  RunSpec spec = ablation.runs[i];
  spec.run.out =
      absl::StrCat(folder, "/variants/", ablation.plan.variants[i].name);
  spec.run.resume = true;
  return spec;
}

// Makes the runs that are not finished, several at once. One that fails is left
// as it is: who makes it again after this gets its error.
absl::Status RunInProcesses(const Ablation& ablation, const std::string& folder,
                            const RunSpec& base,
                            const AblationProcesses& processes) {
  const std::string& target = ablation.plan.target;
  std::error_code error;
  const std::string place = std::filesystem::absolute(folder, error).string();
  std::vector<PooledProgram> programs;
  for (size_t i = 0; i < ablation.runs.size(); ++i) {
    if (IsFinished(PlacedRun(ablation, i, folder).run.out)) continue;
    PooledProgram program;
    program.name = ablation.plan.variants[i].name;
    program.path = "/proc/self/exe";
    program.arguments = processes.command;
    // The last setting of a flag wins.
    program.arguments.push_back(absl::StrCat("--variant=", program.name));
    program.arguments.push_back(absl::StrCat("--out=", place));
    program.arguments.push_back(absl::StrCat("--threads=", base.run.threads));
    programs.push_back(std::move(program));
  }
  const auto count = static_cast<int64_t>(programs.size());
  if (count < 2) return absl::OkStatus();
  LogInfo("{}: {} runs, {} at once; each has its log in variants/*/log.txt",
          target, count, std::min(processes.at_once, count));
  Progress progress(target + " runs", count);
  int64_t done = 0;
  ProcessPoolOptions options;
  options.at_once = processes.at_once;
  options.waiting = [&] { progress.Update(done); };
  options.ended = [&](const PooledProgram& program, bool succeeded) {
    // Then it ended as it should, and is not done.
    if (!succeeded && StopSignals::WasAsked()) return;
    ++done;
    if (succeeded) {
      LogInfo("{}: {} of {} done, {}", target, done, count, program.name);
    } else {
      LogWarning("{}: {} did not end well", target, program.name);
    }
    progress.Update(done);
  };
  const absl::Status status = RunPrograms(programs, options);
  if (absl::IsCancelled(status)) {
    return absl::CancelledError(absl::StrCat(
        "stopped with ", done, " of ", count, " runs done. The same command",
        base.run.out.empty() ? "" : " with --resume",
        " goes on where each run was."));
  }
  if (status.ok()) progress.Finish();
  return status;
}

}  // namespace

absl::StatusOr<RunSpec> VariantAlone(const Ablation& ablation,
                                     const RunSpec& base,
                                     const std::string& variant) {
  std::vector<std::string> names;
  for (const AblationVariant& known : ablation.plan.variants) {
    names.push_back(known.name);
  }
  const auto found = std::find(names.begin(), names.end(), variant);
  if (found == names.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--variant=", variant, ": expected one of\n  ",
                     absl::StrJoin(names, "\n  ")));
  }
  // The ablation would take results that were there before it for others'.
  if (base.run.out.empty() || !Exists(base.run.out + "/config.flags")) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--variant=", variant,
        ": expected --out to name the folder of an ablation that was begun, "
        "found '",
        base.run.out, "'."));
  }
  const auto i = static_cast<size_t>(found - names.begin());
  return PlacedRun(ablation, i, base.run.out);
}

absl::StatusOr<RunOutcome> RunAblation(const Ablation& ablation,
                                       const RunSpec& base,
                                       const AblationProcesses& processes) {
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
  if (!outcome.was_done && processes.at_once > 1) {
    BILD_RETURN_IF_ERROR(
        RunInProcesses(ablation, folder, identified.effective, processes));
  }
  AblationPlan finished = plan;
  finished.variants.clear();
  for (size_t i = 0; i < plan.variants.size(); ++i) {
    const std::string& name = plan.variants[i].name;
    const RunSpec spec = PlacedRun(ablation, i, folder);
    const bool is_finished = IsFinished(spec.run.out);
    if (outcome.was_done && !is_finished) continue;
    if (!is_finished) {
      LogInfo("{}: run {} of {}, {}", plan.target, i + 1, plan.variants.size(),
              name);
    }
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
