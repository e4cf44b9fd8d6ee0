// Every net of the suite against the same net in plain PyTorch, in one process
// and in turn (docs/performance.md).
//
//   bazel run //benchmarks/parity:net_parity -- --threads=1
//     [--backbone='ffa;msbdn'] [--batch=2] [--crop_px=64] [--rounds=9]

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "ATen/Version.h"
#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "benchmarks/environment.h"
#include "benchmarks/parity/parity_case.h"
#include "bild/base/device.h"
#include "bild/base/interleaved_times.h"
#include "bild/base/program_start.h"
#include "bild/base/status.h"
#include "bild/base/torch_boundary.h"
#include "fmt/format.h"

ABSL_FLAG(std::string, backbone,
          "aodnet;dehazenet;griddehazenet;msbdn;ffa;aodnet[ddu=320]",
          "nets, separated by ';'");
ABSL_FLAG(int64_t, batch, 2, "patches in a batch");
ABSL_FLAG(int64_t, crop_px, 64, "side of a patch, px");
ABSL_FLAG(int64_t, rounds, 9, "times that each is run, in turn");
ABSL_FLAG(int64_t, warmup_rounds, 1, "rounds before those, not counted");
ABSL_FLAG(int, threads, 0, "of one operation; 0: all cores");
ABSL_FLAG(std::string, clock, "wall",
          "wall, or cpu, the time that the process was given on all cores; "
          "with --threads=1 that is a machine which others use, without them");

namespace bild {
namespace {

// float32 sums in another order. Where a loss is nearly 0 its L1 gradient can
// turn round, which the gradient's tolerance has room for.
constexpr double kOutputTolerance = 1e-4;
constexpr double kGradientTolerance = 2e-3;

absl::Status CheckFlags() {
  std::vector<std::string> problems;
  const auto at_least = [&problems](const char* name, int64_t value,
                                    int64_t least) {
    if (value < least) {
      problems.push_back(
          absl::StrCat("--", name, "=", value, ": expected at least ", least));
    }
  };
  at_least("batch", absl::GetFlag(FLAGS_batch), 1);
  at_least("crop_px", absl::GetFlag(FLAGS_crop_px), 1);
  at_least("rounds", absl::GetFlag(FLAGS_rounds), 1);
  at_least("warmup_rounds", absl::GetFlag(FLAGS_warmup_rounds), 0);
  const std::string clock = absl::GetFlag(FLAGS_clock);
  if (clock != "wall" && clock != "cpu") {
    problems.push_back(
        absl::StrCat("--clock='", clock, "': expected 'wall' or 'cpu'"));
  }
  if (problems.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(ListProblems(
      "net_parity cannot run so:", problems, "--help lists the flags."));
}

std::string Cell(const std::vector<double>& values, double scale) {
  const Quartiles quartiles = QuartilesOf(values);
  return fmt::format("{:.2f} ({:.2f}-{:.2f})", quartiles.median * scale,
                     quartiles.low * scale, quartiles.high * scale);
}

absl::Status CheckAgreement(const std::string& backbone,
                            const Disagreement& found) {
  if (found.output <= kOutputTolerance && found.plain <= kGradientTolerance &&
      found.recorded <= kGradientTolerance) {
    return absl::OkStatus();
  }
  return absl::InternalError(fmt::format(
      "'{}' and its twin are not the same net: outputs differ by {:.2g} "
      "(expected at most {:.2g}), gradients by {:.2g} and {:.2g} (at most "
      "{:.2g}). Nothing was timed.",
      backbone, found.output, kOutputTolerance, found.plain, found.recorded,
      kGradientTolerance));
}

absl::Status Measure(const std::string& name) {
  ParitySize size;
  size.batch = absl::GetFlag(FLAGS_batch);
  size.crop_px = absl::GetFlag(FLAGS_crop_px);
  BILD_ASSIGN_OR_RETURN(const auto net,
                        ParityCase::Make(name, size, at::kFloat));
  const Disagreement disagreement = net->Compare();
  BILD_RETURN_IF_ERROR(CheckAgreement(name, disagreement));

  enum Entrant : size_t { kTwin, kOurs, kTwinStep, kPlain, kRecorded };
  const std::vector<std::function<void()>> entrants = {
      [&net] { net->RunTwin(); }, [&net] { net->RunOurs(); }, net->TwinStep(),
      net->PlainStep(), net->RecordedStep()};
  const InterleavedTimes::Clock clock =
      absl::GetFlag(FLAGS_clock) == "cpu" ? ProcessorSeconds : WallSeconds;
  InterleavedTimes warm_up(entrants, clock);
  for (int64_t i = 0; i < absl::GetFlag(FLAGS_warmup_rounds); ++i) {
    warm_up.RunRound();
  }
  InterleavedTimes times(entrants, clock);
  for (int64_t i = 0; i < absl::GetFlag(FLAGS_rounds); ++i) times.RunRound();
  fmt::print("| `{}` | {:.0e}, {:.0e} | {} | {} | {} | {} | {} |\n",
             net->backbone().name(), disagreement.output,
             std::max(disagreement.plain, disagreement.recorded),
             Cell(times.Seconds(kTwin), 1e3),
             Cell(times.Ratios(kTwin, kOurs), 1),
             Cell(times.Seconds(kTwinStep), 1e3),
             Cell(times.Ratios(kTwinStep, kPlain), 1),
             Cell(times.Ratios(kTwinStep, kRecorded), 1));
  std::fflush(stdout);
  return absl::OkStatus();
}

absl::Status MeasureAll() {
  DeviceSettings wanted;
  wanted.threads = absl::GetFlag(FLAGS_threads);
  BILD_ASSIGN_OR_RETURN(const DeviceSettings settings, SetUpDevice(wanted));
  const Environment environment = LookAtEnvironment(settings);
  fmt::print(
      "{}; vector unit {}; {} threads; {} clock; float32; batch {}, crops of "
      "{} px; {} rounds after {}; malloc keeps what is freed.\n"
      "Times faster than the twin in plain PyTorch: medians and quartiles of "
      "the rounds.\n\n"
      "| net | outputs, gradients differ by | twin's forward (ms) | forward | "
      "twin's step (ms) | step, plain | step, recorded |\n"
      "| :-- | --: | --: | --: | --: | --: | --: |\n",
      environment.libraries, at::get_cpu_capability(), settings.threads,
      absl::GetFlag(FLAGS_clock), absl::GetFlag(FLAGS_batch),
      absl::GetFlag(FLAGS_crop_px), absl::GetFlag(FLAGS_rounds),
      absl::GetFlag(FLAGS_warmup_rounds));
  const std::vector<std::string> backbones =
      absl::StrSplit(absl::GetFlag(FLAGS_backbone), ';');
  for (const std::string& backbone : backbones) {
    BILD_RETURN_IF_ERROR(Measure(backbone));
  }
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  if (const auto code =
          StartProgram(argc, argv,
                       "Times the suite's nets against the same nets in plain "
                       "PyTorch, after a check that both compute the same.\n"
                       "bazel run //benchmarks/parity:net_parity -- [flags]",
                       CheckFlags))
    return *code;
  KeepMemory();
  const absl::Status done = CatchTorchErrors("net_parity", MeasureAll);
  if (done.ok()) return kDone;
  std::fprintf(stderr, "net_parity: %s\n", std::string(done.message()).c_str());
  return absl::IsInvalidArgument(done) ? kUsage : kWorldIsWrong;
}

}  // namespace
}  // namespace bild

int main(int argc, char** argv) { return bild::Main(argc, argv); }
