// What every net costs, as a table.
//
//   bazel run //backbones:describe -- --backbone=all --size=256x256
//     [--repeats=5] [--clock=wall|cpu] [--csv=FILE] [--records=FILE]

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "backbones/catalog.h"
#include "backbones/cost.h"
#include "bild/base/atomic_file.h"
#include "bild/base/command_line.h"
#include "bild/base/device.h"
#include "bild/base/interleaved_times.h"
#include "bild/base/live_bytes.h"
#include "bild/base/log.h"
#include "bild/base/program_start.h"
#include "bild/base/status.h"
#include "bild/base/torch_boundary.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"

ABSL_FLAG(std::string, backbone, "all",
          "nets, separated by ';', as in 'aodnet;ffa[dim=16,blocks=2]'; all: "
          "every published one");
ABSL_FLAG(std::string, size, "256x256", "WIDTHxHEIGHT of the picture, px");
ABSL_FLAG(int64_t, repeats, 5, "timed passes, after one to warm up");
ABSL_FLAG(int, threads, 0, "of one operation; 0: all cores");
ABSL_FLAG(
    std::string, clock, "wall",
    "wall, or cpu, the time that the process was given on all cores; with "
    "--threads=1 that is a machine which others use, without them");
ABSL_FLAG(std::string, csv, "", "file to write the table to as CSV");
ABSL_FLAG(std::string, records, "",
          "file to write one JSON object a line to, full precision");

namespace bild {
namespace {

constexpr int kDone = 0;
constexpr int kWorldIsWrong = 1;
constexpr int kUsage = 2;
constexpr int64_t kLargestSidePx = 16384;

struct Request {
  std::vector<std::string> backbones;
  int64_t width_px = 0;
  int64_t height_px = 0;
};

struct Row {
  std::string backbone;
  ForwardCost cost;
};

absl::StatusOr<Request> ReadRequest() {
  Request request;
  std::vector<std::string> problems;
  const std::string text = absl::GetFlag(FLAGS_backbone);
  if (text == "all") {
    for (const BackboneInfo& info : BackboneCatalog()) {
      request.backbones.push_back(info.name);
    }
  } else {
    request.backbones = absl::StrSplit(text, ';');
  }
  for (const std::string& backbone : request.backbones) {
    const auto made =
        MakeBackbone(backbone, at::TensorOptions().device(at::kMeta));
    if (!made.ok()) problems.emplace_back(made.status().message());
  }
  const std::string size = absl::GetFlag(FLAGS_size);
  const std::vector<std::string> sides = absl::StrSplit(size, 'x');
  if (sides.size() != 2 || !absl::SimpleAtoi(sides[0], &request.width_px) ||
      !absl::SimpleAtoi(sides[1], &request.height_px) || request.width_px < 1 ||
      request.height_px < 1 || request.width_px > kLargestSidePx ||
      request.height_px > kLargestSidePx) {
    problems.push_back(absl::StrCat("--size='", size,
                                    "': expected WIDTHxHEIGHT, each from 1 to ",
                                    kLargestSidePx, ", as in 256x256"));
  }
  if (absl::GetFlag(FLAGS_repeats) < 1) {
    problems.push_back(absl::StrCat("--repeats=", absl::GetFlag(FLAGS_repeats),
                                    ": expected at least 1"));
  }
  const std::string clock = absl::GetFlag(FLAGS_clock);
  if (clock != "wall" && clock != "cpu") {
    problems.push_back(
        absl::StrCat("--clock='", clock, "': expected 'wall' or 'cpu'"));
  }
  if (problems.empty()) return request;
  return absl::InvalidArgumentError(ListProblems(
      "describe cannot run so:", problems, "--help lists the flags."));
}

nlohmann::ordered_json RecordOf(const Request& request, int threads,
                                const Row& row) {
  return {{"backbone", row.backbone},
          {"width_px", request.width_px},
          {"height_px", request.height_px},
          {"threads", threads},
          {"repeats", absl::GetFlag(FLAGS_repeats)},
          {"clock", absl::GetFlag(FLAGS_clock)},
          {"parameters", row.cost.parameters},
          {"multiply_adds", row.cost.multiply_adds},
          {"seconds_low", row.cost.seconds.low},
          {"seconds_median", row.cost.seconds.median},
          {"seconds_high", row.cost.seconds.high},
          {"peak_live_bytes", row.cost.peak_live_bytes}};
}

std::string TableLine(const Row& row) {
  const ForwardCost& cost = row.cost;
  return fmt::format("| {} | {} | {:.4f} | {:.1f} ({:.1f}-{:.1f}) | {:.1f} |\n",
                     row.backbone, cost.parameters,
                     static_cast<double>(cost.multiply_adds) * 1e-9,
                     cost.seconds.median * 1e3, cost.seconds.low * 1e3,
                     cost.seconds.high * 1e3,
                     static_cast<double>(cost.peak_live_bytes) / 1048576.0);
}

absl::Status WriteFiles(const std::vector<nlohmann::ordered_json>& records) {
  std::string csv;
  std::string lines;
  for (const auto& record : records) {
    if (csv.empty()) {
      for (const auto& [key, value] : record.items()) {
        absl::StrAppend(&csv, csv.empty() ? "" : ",", key);
      }
      csv += '\n';
    }
    std::string line;
    for (const auto& [key, value] : record.items()) {
      // A backbone's options hold commas: quoted as RFC 4180 asks.
      absl::StrAppend(&line, line.empty() ? "" : ",", value.dump());
    }
    absl::StrAppend(&csv, line, "\n");
    absl::StrAppend(&lines, record.dump(), "\n");
  }
  if (const std::string path = absl::GetFlag(FLAGS_csv); !path.empty()) {
    BILD_RETURN_IF_ERROR(WriteFileAtomically(UserPath(path), csv));
  }
  if (const std::string path = absl::GetFlag(FLAGS_records); !path.empty()) {
    BILD_RETURN_IF_ERROR(WriteFileAtomically(UserPath(path), lines));
  }
  return absl::OkStatus();
}

absl::Status Describe(const Request& request) {
  DeviceSettings wanted;
  wanted.threads = absl::GetFlag(FLAGS_threads);
  BILD_ASSIGN_OR_RETURN(const DeviceSettings device, SetUpDevice(wanted));
  InstallLiveBytes();
  const bool is_wall = absl::GetFlag(FLAGS_clock) == "wall";
  std::vector<nlohmann::ordered_json> records;
  std::string table = fmt::format(
      "One picture of {}x{} px, float32, {} thread{}. {}: median (quartiles) "
      "of {} passes. Tensors: the most bytes alive at once, beside picture and "
      "parameters.\n\n| backbone | parameters | multiply-adds (G) | {} (ms) | "
      "tensors (MiB) |\n| --- | ---: | ---: | ---: | ---: |\n",
      request.width_px, request.height_px, device.threads,
      device.threads == 1 ? "" : "s", is_wall ? "Latency" : "Processor time",
      absl::GetFlag(FLAGS_repeats), is_wall ? "latency" : "processor time");
  for (const std::string& spec : request.backbones) {
    LogInfo("{} ...", spec);
    BILD_ASSIGN_OR_RETURN(const std::unique_ptr<Backbone> backbone,
                          MakeBackbone(spec, at::kFloat));
    Row row;
    row.backbone = backbone->name();
    row.cost = MeasureForward(*backbone, request.height_px, request.width_px,
                              absl::GetFlag(FLAGS_repeats),
                              is_wall ? WallSeconds : ProcessorSeconds);
    table += TableLine(row);
    records.push_back(RecordOf(request, device.threads, row));
  }
  BILD_RETURN_IF_ERROR(WriteFiles(records));
  std::printf("%s", table.c_str());
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  Request request;
  if (const auto code = StartProgram(
          argc, argv,
          "Parameters, multiply-adds, time and memory of a forward pass.\n"
          "bazel run //backbones:describe -- --backbone=all --size=256x256 "
          "[flags]",
          [&request] {
            auto read = ReadRequest();
            if (read.ok()) request = std::move(read).value();
            return read.status();
          }))
    return *code;
  KeepMemory();
  const absl::Status done =
      CatchTorchErrors("describing", [&request] { return Describe(request); });
  if (!done.ok()) {
    std::fprintf(stderr, "describe: %s\n", std::string(done.message()).c_str());
    return kWorldIsWrong;
  }
  return kDone;
}

}  // namespace
}  // namespace bild

int main(int argc, char** argv) { return bild::Main(argc, argv); }
