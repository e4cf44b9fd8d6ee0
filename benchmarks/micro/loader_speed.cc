// Times the loading of patches, on demand: the partner of
// benchmarks/parity/loader.py, which times PyTorch's DataLoader in between.
//
//   loader_speed SET ROOT CACHE CROP BATCH WORKERS
//
// SET is a dataset, ROOT its folder; CACHE is a folder of packed caches, or "-"
// to read the files. Every line on standard input is a number of batches to
// make; the answer is a line "wall_seconds cpu_seconds mean": the time between
// asking for the first and having the last, that of the processor in all
// threads, and the mean of all values of the hazy patches. Nothing is kept from
// one picture to the next (no --image_cache_mib).

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ATen/ops/mean.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "benchmarks/set_source.h"
#include "bild/base/status.h"
#include "datasets/patch_sampler.h"
#include "datasets/prefetch.h"
#include "fmt/format.h"

namespace bild {
namespace {

constexpr char kUsage[] =
    "usage: loader_speed SET ROOT CACHE|- CROP BATCH WORKERS\n";

double ProcessSeconds() {
  std::timespec now;
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) +
         1e-9 * static_cast<double>(now.tv_nsec);
}

absl::StatusOr<std::unique_ptr<PatchBatches>> MakeLoader(
    const std::vector<std::string>& words) {
  SetSource source;
  source.set = words[0];
  source.data_root = words[1];
  if (words[2] != "-") source.cache = words[2];
  source.allow_partial = true;
  BILD_ASSIGN_OR_RETURN(OpenedSet opened, OpenSet(source));
  const std::shared_ptr<const PairedDataset> dataset =
      std::move(opened.dataset);
  PatchSamplerOptions options;
  PrefetchOptions prefetch;
  if (!absl::SimpleAtoi(words[3], &options.crop_px) ||
      !absl::SimpleAtoi(words[4], &options.batch_size) ||
      !absl::SimpleAtoi(words[5], &prefetch.workers) || prefetch.workers < 0) {
    return absl::InvalidArgumentError(kUsage);
  }
  options.augmentation = {true, true};
  std::vector<int64_t> indices(dataset->pairs().size());
  for (size_t i = 0; i < indices.size(); ++i) {
    indices[i] = static_cast<int64_t>(i);
  }
  BILD_ASSIGN_OR_RETURN(auto sampler,
                        MakePatchSampler(dataset, std::move(indices), options));
  return Prefetch(std::move(sampler), prefetch);
}

absl::Status Answer(PatchBatches* loader, int64_t first, int64_t count) {
  const auto start = std::chrono::steady_clock::now();
  const double start_cpu_s = ProcessSeconds();
  double wall_s = 0.0;
  double cpu_s = 0.0;
  double sum = 0.0;
  for (int64_t n = first; n < first + count; ++n) {
    BILD_ASSIGN_OR_RETURN(const PatchBatch batch, loader->Batch(n));
    // The reading of the values is the consumer's affair.
    const auto pause = std::chrono::steady_clock::now();
    const double pause_cpu_s = ProcessSeconds();
    sum += batch.hazy01.mean().item<double>();
    wall_s -=
        std::chrono::duration<double>(std::chrono::steady_clock::now() - pause)
            .count();
    cpu_s -= ProcessSeconds() - pause_cpu_s;
  }
  wall_s +=
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
          .count();
  cpu_s += ProcessSeconds() - start_cpu_s;
  std::cout << fmt::format("{} {} {}", wall_s, cpu_s,
                           sum / static_cast<double>(count))
            << std::endl;
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() != 6) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  auto loader = MakeLoader(words);
  if (!loader.ok()) {
    std::fprintf(stderr, "loader_speed: %s\n",
                 std::string(loader.status().message()).c_str());
    return 1;
  }
  std::string line;
  int64_t next = 0;
  while (std::getline(std::cin, line)) {
    int64_t count = 0;
    if (!absl::SimpleAtoi(line, &count) || count < 1) {
      std::fputs(kUsage, stderr);
      return 2;
    }
    const absl::Status answered = Answer(loader->get(), next, count);
    if (!answered.ok()) {
      std::fprintf(stderr, "loader_speed: %s\n",
                   std::string(answered.message()).c_str());
      return 1;
    }
    next += count;
  }
  return 0;
}

}  // namespace
}  // namespace bild

int main(int argc, char** argv) { return bild::Main(argc, argv); }
