// Packs a dataset into a memory-mapped cache, so that training decodes nothing.
//
//   bazel run //datasets:pack -- --dataset=its --data_root=DIR --output=CACHE
//   bazel run //datasets:pack -- --dataset=its --output=CACHE --check [--deep]
//
// Writes CACHE/its.index and CACHE/its.pixels. A packing that was killed or
// interrupted goes on at the next call. Standard output ends with one line
// key=value. Exit code 0: the cache is whole (or was already), 1: it is not, 2:
// a wrong call.

#include <cstdio>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "bild/base/command_line.h"
#include "bild/base/log.h"
#include "bild/base/program_start.h"
#include "bild/base/progress.h"
#include "bild/base/status.h"
#include "bild/base/stop_signal.h"
#include "datasets/cache_sources.h"
#include "datasets/cache_writer.h"
#include "datasets/cached_pairs.h"
#include "datasets/catalog.h"
#include "fmt/format.h"

ABSL_FLAG(std::string, dataset, "", "a dataset, as in its or pair");
ABSL_FLAG(std::string, data_root, "",
          "the folder of all datasets, or the set's own");
ABSL_FLAG(std::string, output, "",
          "folder of caches, which --cache= of the benchmarks takes; several "
          "sets may lie in one");
ABSL_FLAG(bool, allow_partial, false,
          "take a named set with fewer files than its release");
ABSL_FLAG(bool, expand_grey, false,
          "take grey and palette pictures, expanded to three channels");
ABSL_FLAG(bool, depth16, false,
          "take PNG with 16 bits a channel; --dataset=pair only");
ABSL_FLAG(bool, allow_decoder_mismatch, false,
          "go on with an image decoder that differs from the reference");
ABSL_FLAG(bool, check, false,
          "pack nothing: compare the cache with its sources' sizes and times");
ABSL_FLAG(bool, deep, false,
          "with --check: hash every stored picture and every source file too");

namespace bild {
namespace {

absl::Status CheckUsage() {
  std::vector<std::string> problems;
  const std::string set = absl::GetFlag(FLAGS_dataset);
  if (set.empty()) {
    problems.emplace_back("--dataset is not given");
  } else {
    const auto found = FindDataset(set);
    const absl::Status usable =
        found.ok() ? CheckScorableSet(*found) : found.status();
    if (!usable.ok()) problems.emplace_back(usable.message());
  }
  if (absl::GetFlag(FLAGS_data_root).empty() && !absl::GetFlag(FLAGS_check)) {
    problems.emplace_back("--data_root is not given");
  }
  if (absl::GetFlag(FLAGS_output).empty()) {
    problems.emplace_back("--output is not given");
  }
  if (absl::GetFlag(FLAGS_depth16) && set != "pair") {
    problems.emplace_back("--depth16 is for --dataset=pair");
  }
  if (absl::GetFlag(FLAGS_deep) && !absl::GetFlag(FLAGS_check)) {
    problems.emplace_back("--deep goes with --check");
  }
  if (problems.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      ListProblems("pack cannot run so:", problems, "--help lists the flags."));
}

ImageRules Reading() {
  return {absl::GetFlag(FLAGS_expand_grey), absl::GetFlag(FLAGS_depth16)};
}

std::string Summary(const CacheIndex& index, const std::string& folder) {
  return fmt::format(
      "dataset={} layout={} pairs={} images={} bytes={} manifest_sha256={} "
      "index={}",
      index.name, index.layout, index.pairs.size(), index.images.size(),
      index.data_bytes, index.manifest_sha256,
      CacheIndexPath(folder, index.set));
}

absl::StatusOr<std::string> Pack() {
  PackRequest request;
  request.set = absl::GetFlag(FLAGS_dataset);
  request.data_root = UserPath(absl::GetFlag(FLAGS_data_root));
  request.output = UserPath(absl::GetFlag(FLAGS_output));
  request.allow_partial = absl::GetFlag(FLAGS_allow_partial);
  request.reading = Reading();
  request.allow_decoder_mismatch = absl::GetFlag(FLAGS_allow_decoder_mismatch);
  BILD_ASSIGN_OR_RETURN(const PackPlan plan, PlanCache(request));
  for (const std::string& note : plan.index.notes) LogInfo("{}", note);
  LogInfo("{}: {} pictures, {:.2f} GiB", plan.index.name,
          plan.index.images.size(),
          static_cast<double>(plan.index.data_bytes) / (1 << 30));
  Progress progress("pack " + plan.index.name,
                    static_cast<int64_t>(plan.index.images.size()));
  const StopSignals stop;
  BILD_ASSIGN_OR_RETURN(const PackOutcome outcome,
                        WriteCache(plan, &progress, StopSignals::WasAsked));
  if (outcome.was_done) {
    LogInfo("{}: packed already, nothing to do.", plan.index.name);
  } else {
    progress.Finish();
  }
  return fmt::format("{} resumed={} verdict=ok",
                     Summary(outcome.index, plan.output),
                     outcome.resumed_images);
}

absl::StatusOr<std::string> Check() {
  CacheRequest request;
  request.folder = UserPath(absl::GetFlag(FLAGS_output));
  request.folder_flag = "--output";
  request.set = absl::GetFlag(FLAGS_dataset);
  request.allow_partial = true;
  request.reading = Reading();
  std::vector<std::string> notes;
  request.notes = &notes;
  BILD_ASSIGN_OR_RETURN(const auto cache, CachedPairs::Open(request));
  for (const std::string& note : notes) LogInfo("{}", note);
  const CacheIndex& index = cache->index();
  if (absl::GetFlag(FLAGS_deep)) {
    BILD_RETURN_IF_ERROR(cache->CheckPixels());
    const absl::Status sources =
        CompareWithSources(index, /*hashes_them=*/true);
    if (!sources.ok() && !absl::IsNotFound(sources)) {
      return absl::Status(
          sources.code(),
          fmt::format("{} Pack it again: {}", std::string(sources.message()),
                      PackCommand(index, request.folder)));
    }
  }
  return fmt::format("{} deep={} verdict=ok", Summary(index, request.folder),
                     absl::GetFlag(FLAGS_deep) ? 1 : 0);
}

int Main(int argc, char** argv) {
  if (const auto code =
          StartProgram(argc, argv,
                       "Packs a dataset into a memory-mapped cache.\n"
                       "bazel run //datasets:pack -- --dataset= "
                       "--data_root= --output= [flags]",
                       CheckUsage))
    return *code;
  const absl::StatusOr<std::string> summary =
      absl::GetFlag(FLAGS_check) ? Check() : Pack();
  if (!summary.ok()) {
    std::fprintf(stderr, "pack: %s\n",
                 std::string(summary.status().message()).c_str());
    if (absl::IsCancelled(summary.status())) StopSignals::EndBySignal();
    return kWorldIsWrong;
  }
  fmt::print("{}\n", *summary);
  return kDone;
}

}  // namespace
}  // namespace bild

int main(int argc, char** argv) { return bild::Main(argc, argv); }
