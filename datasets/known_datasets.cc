#include "datasets/known_datasets.h"

#include "absl/strings/str_join.h"
#include "datasets/challenge_ids.h"
#include "datasets/reside_ids.h"
#include "fmt/format.h"

namespace bild {
namespace {

constexpr char kReside[] =
    "Li et al., Benchmarking Single-Image Dehazing and Beyond, IEEE TIP 2019 "
    "(RESIDE)";

template <typename Row>
absl::StatusOr<Row> FindRow(const std::vector<Row>& rows,
                            const std::string& name, const char* kind) {
  std::vector<std::string> known;
  for (const Row& row : rows) {
    if (row.name == name) return row;
    known.push_back(row.name);
  }
  return absl::NotFoundError(fmt::format("Unknown {} '{}'. Known: {}.", kind,
                                         name, absl::StrJoin(known, ", ")));
}

}  // namespace

const std::vector<DatasetInfo>& Datasets() {
  static const auto* const rows = new std::vector<DatasetInfo>{
      {"its", "synthetic_its", NameRule::kSceneAndNumber, ItsIds,
       "RESIDE's indoor training set: 1,399 scenes with 10 hazes each", kReside,
       "", 0, 0, true, 620 * 460, 620 * 460},
      {"ots_beta", "synthetic_ots", NameRule::kSceneAirlightBeta, OtsBetaIds,
       "RESIDE's outdoor training set, beta release: 2,061 scenes with 35 "
       "hazes each",
       kReside},
      {"ots_v0", "synthetic_ots", NameRule::kSceneAirlightBeta, nullptr,
       "RESIDE's outdoor training set, first release: 8,970 scenes with 35 "
       "hazes each",
       kReside, "", kOtsV0Pairs, kOtsV0Scenes},
      {"sots_indoor", "synthetic_sots_indoor", NameRule::kSceneAndNumber,
       SotsIndoorIds, "RESIDE's indoor test set: 50 scenes with 10 hazes each",
       kReside, "", 0, 0, true, 620 * 460, 620 * 460},
      {"sots_outdoor", "synthetic_sots_outdoor", NameRule::kSceneAirlightBeta,
       SotsOutdoorIds, "RESIDE's outdoor test set: 500 pairs of 492 scenes",
       kReside},
      {"hsts", "synthetic_hsts", NameRule::kStem, nullptr,
       "RESIDE's hybrid subjective test set, its 10 synthetic pairs", kReside,
       "", 10, 10},
      {"hsts_real", "synthetic_hsts_real", NameRule::kStem, nullptr,
       "RESIDE's hybrid subjective test set, its 10 photographs of real haze",
       kReside, "", 10, 10, false},
      {"rtts", "synthetic_rtts", NameRule::kStem, nullptr,
       "RESIDE's real-world task-driven test set: 4,322 photographs of real "
       "haze",
       kReside, "", 4322, 4322, false},
      {"ohaze", "synthetic_ohaze", NameRule::kChallengeNumber, OHazeIds,
       "45 outdoor scenes with real haze from machines",
       "Ancuti et al., O-HAZE: A Dehazing Benchmark with Real Hazy and "
       "Haze-Free Outdoor Images, CVPR Workshops 2018",
       "outdoor", 0, 0, true, 1286 * 947, 4056 * 3412},
      {"ihaze", "synthetic_ihaze", NameRule::kChallengeNumber, IHazeIds,
       "30 indoor scenes with real haze from machines",
       "Ancuti et al., I-HAZE: A Dehazing Benchmark with Real Hazy and "
       "Haze-Free Indoor Images, ACIVS 2018",
       "indoor"},
      {"nhhaze", "synthetic_nhhaze", NameRule::kChallengeNumber, NhHazeIds,
       "55 outdoor scenes with real, uneven haze",
       "Ancuti et al., NH-HAZE: An Image Dehazing Benchmark with "
       "Non-Homogeneous Hazy and Haze-Free Images, CVPR Workshops 2020",
       "", 0, 0, true, 1600 * 1200, 1600 * 1200},
      {"densehaze", "synthetic_densehaze", NameRule::kChallengeNumber,
       DenseHazeIds, "55 scenes with real, dense haze",
       "Ancuti et al., Dense-Haze: A Benchmark for Image Dehazing with "
       "Dense-Haze and Haze-Free Images, ICIP 2019",
       "", 0, 0, true, 1600 * 1200, 1600 * 1200},
      {"pair", "synthetic_pair", NameRule::kAnyPair, nullptr,
       "any folder that holds a folder of hazy and a folder of clear pictures",
       ""},
  };
  return *rows;
}

absl::StatusOr<DatasetInfo> FindDataset(const std::string& name) {
  return FindRow(Datasets(), name, "dataset");
}

const std::vector<BenchmarkSets>& BenchmarkDataSets() {
  static const auto* const rows = new std::vector<BenchmarkSets>{
      {"its", "its", "sots_indoor", "its"},
      {"ots", "ots_beta", "sots_outdoor", "ots"},
      {"ots_v0", "ots_v0", "sots_outdoor", ""},
      {"ohaze", "ohaze", "ohaze", "ohaze", /*uses_ddu=*/true},
      {"nhhaze", "nhhaze", "nhhaze", "nhhaze", /*uses_ddu=*/true},
      {"densehaze", "densehaze", "densehaze", ""},
      {"pair", "pair", "pair", ""},
  };
  return *rows;
}

absl::StatusOr<BenchmarkSets> FindBenchmarkSets(const std::string& name) {
  return FindRow(BenchmarkDataSets(), name, "benchmark dataset");
}

absl::Status CheckScorableSet(const DatasetInfo& info) {
  if (info.has_clear) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("'{}' has no clear pictures: nothing can be trained on it, "
                  "and PSNR, SSIM and CIEDE2000 compare with a clear picture. "
                  "Restore it and look, or take a set with clear pictures.",
                  info.name));
}

}  // namespace bild
