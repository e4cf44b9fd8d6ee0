// Writes a synthetic dehazing set in an official layout.
//
//   bazel run //datasets:synthesize -- --like=its --scenes=24 --out=DIR
//
// Without --out, into the user's cache folder, where the benchmarks look.

#include <cstdint>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "bild/base/command_line.h"
#include "bild/base/log.h"
#include "bild/base/program_start.h"
#include "bild/base/progress.h"
#include "bild/base/status.h"
#include "datasets/synthetic/synthesize.h"
#include "fmt/format.h"

ABSL_FLAG(
    std::string, like, "its",
    "Which published set to resemble: its (rooms), ots (streets), ohaze or "
    "nhhaze (gardens).");
ABSL_FLAG(int64_t, scenes, 24,
          "Training scenes: its has 10 hazy pictures each, ots 35, the others "
          "one; of the others' an eighth is for validation.");
ABSL_FLAG(int64_t, test_scenes, -1,
          "Test scenes, none of them a training scene: its has 10 hazy "
          "pictures each, ots 5, the others one. -1: a fifth of --scenes, "
          "rounded up; at most the 5 that ohaze and nhhaze have.");
ABSL_FLAG(uint64_t, seed, 1, "Seed of the scenes and their haze.");
ABSL_FLAG(std::string, size, "256x256",
          "WIDTHxHEIGHT of the hazy pictures in pixels, edges from 32 on.");
ABSL_FLAG(std::string, out, "",
          "Folder to write, new or empty. Default: the user's cache folder.");
ABSL_FLAG(int, threads, 0,
          "Threads; 0: as many as the machine has. Changes no pixel.");

namespace bild {
namespace {

absl::Status ParseSize(const std::string& text, SyntheticRequest* request) {
  const std::vector<std::string> parts = absl::StrSplit(text, 'x');
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &request->width_px) ||
      !absl::SimpleAtoi(parts[1], &request->height_px)) {
    return absl::InvalidArgumentError(fmt::format(
        "--size='{}': expected WIDTHxHEIGHT in pixels, as 256x256.", text));
  }
  return absl::OkStatus();
}

absl::StatusOr<SyntheticSet> Synthesize() {
  SyntheticRequest request;
  request.like = absl::GetFlag(FLAGS_like);
  request.scenes = absl::GetFlag(FLAGS_scenes);
  request.test_scenes = absl::GetFlag(FLAGS_test_scenes);
  request.seed = absl::GetFlag(FLAGS_seed);
  BILD_RETURN_IF_ERROR(ParseSize(absl::GetFlag(FLAGS_size), &request));
  std::string root = UserPath(absl::GetFlag(FLAGS_out));
  if (root.empty()) {
    BILD_ASSIGN_OR_RETURN(root, SyntheticCacheRoot(request));
  }
  BILD_ASSIGN_OR_RETURN(const SyntheticRequest checked,
                        CheckedRequest(request));
  Progress progress(fmt::format("synthesize {}", checked.like),
                    checked.scenes + checked.test_scenes);
  SyntheticRun run;
  run.threads = absl::GetFlag(FLAGS_threads);
  run.progress = &progress;
  return WriteSynthetic(checked, root, run);
}

int Main(int argc, char** argv) {
  if (const auto code = StartProgram(
          argc, argv,
          "Writes a seeded synthetic dehazing set in an official layout.\n"
          "  synthesize --like={its,ots,ohaze,nhhaze} --scenes=N "
          "[--test_scenes=M] [--seed=S] [--size=WxH] [--out=DIR]"))
    return *code;
  const absl::StatusOr<SyntheticSet> set = Synthesize();
  if (!set.ok()) {
    LogError("{}", std::string(set.status().message()));
    return absl::IsInvalidArgument(set.status()) ? kUsage : kWorldIsWrong;
  }
  const SyntheticRecord& record = set->record;
  const SyntheticRequest& request = record.request;
  if (set->was_there) {
    LogInfo("'{}' is complete; nothing to do.", set->root);
  }
  fmt::print(
      "dataset=synthetic_{} scenes={} test_scenes={} train_pairs={} "
      "test_pairs={} seed={} size={}x{} pixels_sha256={} was_there={} "
      "root={}\n",
      request.like, request.scenes, request.test_scenes, record.train_pairs,
      record.test_pairs, request.seed, request.width_px, request.height_px,
      record.pixels_sha256, set->was_there ? 1 : 0, set->root);
  return kDone;
}

}  // namespace
}  // namespace bild

int main(int argc, char** argv) { return bild::Main(argc, argv); }
