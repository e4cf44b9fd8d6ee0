// What a step of each method costs, against plain training and against the
// floor of the bi-level problem (docs/step_cost.md).
//
//   bazel run //benchmarks:step_cost
//   bazel run //benchmarks:step_cost -- --backbone='ffa;msbdn' --threads=1
//       --benchmark_filter=/bild$ --rounds=100
//
// Google Benchmark's own flags come with --benchmark_.

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
#include "backbones/catalog.h"
#include "benchmark/benchmark.h"
#include "benchmarks/environment.h"
#include "benchmarks/micro/step_entrants.h"
#include "bild/base/command_line.h"
#include "bild/base/device.h"
#include "bild/base/interleaved_times.h"
#include "bild/base/live_bytes.h"
#include "bild/base/program_start.h"
#include "bild/base/status.h"
#include "bild/base/torch_boundary.h"
#include "bild/initialise.h"
#include "c10/core/GradMode.h"

ABSL_FLAG(std::string, backbone, "aodnet;ffa[dim=16,blocks=2]",
          "nets, separated by ';'");
ABSL_FLAG(int64_t, batch, 8, "patches in a training batch, B (3 or more)");
ABSL_FLAG(int64_t, validation_batch, 0,
          "validation patches in an outer step, M; 0: as many as --batch");
ABSL_FLAG(int64_t, crop_px, 64, "side of a patch, px");
ABSL_FLAG(int64_t, reward_memory_mib, 1024,
          "most MiB that engine 'auto' keeps for the rewards, as a run's flag");
ABSL_FLAG(int, threads, 0, "of one operation; 0: all cores");
ABSL_FLAG(int64_t, rounds, 30,
          "times that a method and what it is compared with are run in turn");
ABSL_FLAG(int64_t, warmup_rounds, 3,
          "rounds before those, not counted (1 or more: the first step also "
          "takes the optimisers' memory)");
ABSL_FLAG(std::string, clock, "wall",
          "what counters and ratios measure: wall, or cpu, the time that the "
          "process was given on all cores; with --threads=1 that is a machine "
          "which others use, without them");

namespace bild {
namespace {

// What was asked for.
struct Request {
  std::vector<std::string> backbones;
  StepSize size;
  int64_t rounds = 0;
  int64_t warmup_rounds = 0;
  InterleavedTimes::Clock clock;
};

// A benchmark that failed, in a run of many.
bool has_failed = false;

void Fail(benchmark::State& state, const absl::Status& status) {
  has_failed = true;
  state.SkipWithError(std::string(status.message()).c_str());
}

// NAME, NAME_low and NAME_high: the median and the quartiles of the rounds.
void Count(benchmark::State& state, const std::string& name,
           const Quartiles& values) {
  state.counters[name] = values.median;
  state.counters[name + "_low"] = values.low;
  state.counters[name + "_high"] = values.high;
}

void CountMilliseconds(benchmark::State& state,
                       const std::vector<double>& seconds) {
  const Quartiles quartiles = QuartilesOf(seconds);
  Count(state, "ms",
        {quartiles.low * 1e3, quartiles.median * 1e3, quartiles.high * 1e3});
}

// Of one step, from those of a call.
std::vector<double> Each(std::vector<double> values, double steps) {
  for (double& value : values) value /= steps;
  return values;
}

double Fastest(const std::vector<double>& seconds) {
  return *std::min_element(seconds.begin(), seconds.end());
}

int64_t PeakBytes(const std::function<void()>& code) {
  const LiveBytesScope scope;
  code();
  return scope.PeakAboveStart();
}

using Entrants = std::vector<std::function<void()>>;

void WarmUp(const Entrants& entrants, const Request& request) {
  InterleavedTimes times(entrants, request.clock);
  for (int64_t i = 0; i < request.warmup_rounds; ++i) times.RunRound();
}

// Google Benchmark's own columns, Time and CPU, are of the entrant `measured`
// alone.
InterleavedTimes MeasureRounds(benchmark::State& state, Entrants entrants,
                               size_t measured, const Request& request) {
  entrants[measured] = [&state, step = entrants[measured]] {
    state.ResumeTiming();
    step();
    state.PauseTiming();
  };
  InterleavedTimes times(entrants, request.clock);
  // An iteration is a round, and all rounds come at once. Asking for a number
  // of iterations when registering would add it to the benchmark's name.
  while (state.KeepRunningBatch(request.rounds)) {
    state.PauseTiming();
    for (int64_t i = 0; i < request.rounds; ++i) times.RunRound();
    state.ResumeTiming();
  }
  return times;
}

constexpr double kMib = 1024.0 * 1024.0;

absl::Status MeasureStep(benchmark::State& state, const std::string& backbone,
                         const std::string& name, const Request& request) {
  BILD_ASSIGN_OR_RETURN(const auto plain,
                        MakeStep(backbone, kPlainAutograd, request.size));
  BILD_ASSIGN_OR_RETURN(const auto floor,
                        MakeStep(backbone, kFloor, request.size));
  BILD_ASSIGN_OR_RETURN(const auto step,
                        MakeStep(backbone, name, request.size));
  constexpr size_t kPlainPlace = 0;
  constexpr size_t kFloorPlace = 1;
  constexpr size_t kStepPlace = 2;
  const Entrants entrants = {plain.run, floor.run, step.run};

  WarmUp(entrants, request);
  const auto floor_bytes = static_cast<double>(PeakBytes(floor.run));
  const auto step_bytes = static_cast<double>(PeakBytes(step.run));
  const InterleavedTimes times =
      MeasureRounds(state, entrants, kStepPlace, request);
  const double steps = static_cast<double>(step.steps);
  CountMilliseconds(state, Each(times.Seconds(kStepPlace), steps));
  Count(state, "ratio_to_plain",
        QuartilesOf(Each(times.Ratios(kStepPlace, kPlainPlace), steps)));
  Count(state, "ratio_to_floor",
        QuartilesOf(Each(times.Ratios(kStepPlace, kFloorPlace), steps)));
  // The two fastest ones, of whatever rounds: for a machine in use.
  state.counters["best_ratio_to_floor"] = Fastest(times.Seconds(kStepPlace)) /
                                          steps /
                                          Fastest(times.Seconds(kFloorPlace));
  state.SetLabel(step.engine);
  state.counters["live_mib"] = step_bytes / kMib;
  state.counters["live_ratio"] = step_bytes / floor_bytes;
  return absl::OkStatus();
}

absl::Status MeasureForward(benchmark::State& state,
                            const std::string& backbone_name,
                            const Request& request) {
  BILD_ASSIGN_OR_RETURN(const auto backbone,
                        MakeBackbone(backbone_name, at::kFloat));
  InitialiseParameters(backbone->parameters(), /*seed=*/1, kBackboneNet,
                       Initialisation::kFanIn);
  const at::Tensor input =
      NoisePatches(*backbone, request.size.batch, request.size.crop_px, 0)
          .hazy_input;
  const at::NoGradGuard no_grad;
  const std::function<void()> forward = [&] {
    benchmark::DoNotOptimize(backbone->Forward(input).const_data_ptr());
  };
  WarmUp({forward}, request);
  const auto bytes = static_cast<double>(PeakBytes(forward));
  const InterleavedTimes times =
      MeasureRounds(state, {forward}, /*measured=*/0, request);
  CountMilliseconds(state, times.Seconds(0));
  state.counters["live_mib"] = bytes / kMib;
  return absl::OkStatus();
}

// Where a `bild` step's time goes.
absl::Status MeasureSplit(benchmark::State& state, const std::string& backbone,
                          const Request& request) {
  BILD_ASSIGN_OR_RETURN(const SplitStep step,
                        MakeSplitStep(backbone, request.size));
  for (int64_t i = 0; i < request.warmup_rounds; ++i) step(request.clock);
  std::vector<StepParts> rounds;
  while (state.KeepRunningBatch(request.rounds)) {
    for (int64_t i = 0; i < request.rounds; ++i) {
      rounds.push_back(step(request.clock));
    }
  }
  const auto count = [&](const std::string& name, double StepParts::*part) {
    std::vector<double> milliseconds;
    for (const StepParts& parts : rounds) {
      milliseconds.push_back(parts.*part * 1e3);
    }
    Count(state, name + "_ms", QuartilesOf(milliseconds));
  };
  count("phi_forward", &StepParts::phi_forward);
  count("inner", &StepParts::inner);
  count("validation", &StepParts::validation);
  count("rewards", &StepParts::rewards);
  count("phi_backward", &StepParts::phi_backward);
  return absl::OkStatus();
}

void Register(const std::string& name,
              std::function<absl::Status(benchmark::State&)> measure) {
  benchmark::RegisterBenchmark(name.c_str(), [name,
                                              measure = std::move(measure)](
                                                 benchmark::State& state) {
    const absl::Status status =
        CatchTorchErrors(name, [&] { return measure(state); });
    if (!status.ok()) Fail(state, status);
  })->Unit(benchmark::kMillisecond);
}

void RegisterAll(const Request& request) {
  for (const std::string& backbone : request.backbones) {
    Register(absl::StrCat("forward/", backbone), [=](benchmark::State& state) {
      return MeasureForward(state, backbone, request);
    });
    Register(absl::StrCat("split/", backbone), [=](benchmark::State& state) {
      return MeasureSplit(state, backbone, request);
    });
    for (const std::string& step : StepNames()) {
      Register(absl::StrCat("step/", backbone, "/", step),
               [=](benchmark::State& state) {
                 return MeasureStep(state, backbone, step, request);
               });
    }
  }
}

absl::StatusOr<Request> ReadRequest() {
  Request request;
  request.backbones = absl::StrSplit(absl::GetFlag(FLAGS_backbone), ';');
  for (const std::string& backbone : request.backbones) {
    BILD_RETURN_IF_ERROR(MakeBackbone(backbone, at::kFloat).status());
  }
  request.size.reward_memory_mib = absl::GetFlag(FLAGS_reward_memory_mib);
  request.size.batch = absl::GetFlag(FLAGS_batch);
  request.size.validation_batch = absl::GetFlag(FLAGS_validation_batch);
  if (request.size.validation_batch == 0) {
    request.size.validation_batch = request.size.batch;
  }
  request.size.crop_px = absl::GetFlag(FLAGS_crop_px);
  request.rounds = absl::GetFlag(FLAGS_rounds);
  request.warmup_rounds = absl::GetFlag(FLAGS_warmup_rounds);
  const std::string clock = absl::GetFlag(FLAGS_clock);
  if (clock == "wall") {
    request.clock = WallSeconds;
  } else if (clock == "cpu") {
    request.clock = ProcessorSeconds;
  } else {
    return absl::InvalidArgumentError(
        absl::StrCat("--clock='", clock, "': expected 'wall' or 'cpu'."));
  }
  if (request.rounds < 1 || request.warmup_rounds < 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--rounds=", request.rounds, " --warmup_rounds=", request.warmup_rounds,
        ": expected at least 1 of each."));
  }
  BILD_RETURN_IF_ERROR(CheckStepSize(request.size));
  return request;
}

void DescribeRun(const DeviceSettings& settings, const Request& request) {
  const Environment environment = LookAtEnvironment(settings);
  benchmark::AddCustomContext(
      "commit", absl::StrCat(environment.commit,
                             environment.is_dirty ? ", changed" : ""));
  benchmark::AddCustomContext("libraries", environment.libraries);
  benchmark::AddCustomContext("vector_unit", at::get_cpu_capability());
  benchmark::AddCustomContext("threads", absl::StrCat(settings.threads));
  benchmark::AddCustomContext("clock", absl::GetFlag(FLAGS_clock));
  benchmark::AddCustomContext("malloc",
                              "keeps what is freed (mallopt: no mmap, no trim, "
                              "256 MiB of padding)");
  benchmark::AddCustomContext("dtype", "float32");
  benchmark::AddCustomContext("batch", absl::StrCat(request.size.batch));
  benchmark::AddCustomContext("validation_batch",
                              absl::StrCat(request.size.validation_batch));
  benchmark::AddCustomContext("reward_memory_mib",
                              absl::StrCat(request.size.reward_memory_mib));
  benchmark::AddCustomContext("crop_px", absl::StrCat(request.size.crop_px));
  benchmark::AddCustomContext(
      "rounds", absl::StrCat(request.rounds, " after ", request.warmup_rounds));
  benchmark::AddCustomContext(
      "ratios", "medians over the rounds; _low and _high are quartiles");
}

constexpr char kUsageText[] =
    "Times whole training steps against plain training and against the floor "
    "of the bi-level problem.\n"
    "bazel run //benchmarks:step_cost -- [flags] [--benchmark_filter=REGEX] "
    "[--benchmark_format=json] [--benchmark_out=FILE]\n";

int Main(int argc, char** argv) {
  if (AsksForHelp(std::vector<std::string>(argv + 1, argv + argc))) {
    std::printf("%s", HelpText(kUsageText).c_str());
    return kDone;
  }
  // Counters as columns, unless the user says otherwise.
  std::string tabular = "--benchmark_counters_tabular=true";
  std::vector<char*> arguments(argv, argv + argc);
  arguments.insert(arguments.begin() + 1, tabular.data());
  argc = static_cast<int>(arguments.size());
  arguments.push_back(nullptr);
  benchmark::Initialize(&argc, arguments.data());
  const auto settings = ReadSettings(std::vector<std::string>(
      arguments.begin() + 1, arguments.begin() + argc));
  absl::Status usage = settings.status();
  if (usage.ok()) usage = ApplySettings(*settings);
  Request request;
  if (usage.ok()) {
    auto read = ReadRequest();
    usage = read.status();
    if (read.ok()) request = *read;
  }
  if (!usage.ok()) {
    std::fprintf(stderr, "%s\n", std::string(usage.message()).c_str());
    return kUsage;
  }

  KeepMemory();
  InstallLiveBytes();
  DeviceSettings wanted;
  wanted.threads = absl::GetFlag(FLAGS_threads);
  const auto device = SetUpDevice(wanted);
  if (!device.ok()) {
    std::fprintf(stderr, "%s\n",
                 std::string(device.status().message()).c_str());
    return kUsage;
  }
  DescribeRun(*device, request);
  RegisterAll(request);
  const bool has_any = benchmark::RunSpecifiedBenchmarks() > 0;
  benchmark::Shutdown();
  if (!has_any) return kUsage;
  return has_failed ? kWorldIsWrong : kDone;
}

}  // namespace
}  // namespace bild

int main(int argc, char** argv) { return bild::Main(argc, argv); }
