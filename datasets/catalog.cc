#include "datasets/catalog.h"

#include "absl/strings/str_join.h"
#include "bild/base/status.h"
#include "datasets/folder_pairs.h"
#include "datasets/layouts.h"
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
       "RESIDE's indoor training set: 1,399 scenes with 10 hazes each",
       kReside},
      {"ots_beta", "synthetic_ots", NameRule::kSceneAirlightBeta, OtsBetaIds,
       "RESIDE's outdoor training set, beta release: 2,061 scenes with 35 "
       "hazes each",
       kReside},
      {"sots_indoor", "synthetic_sots_indoor", NameRule::kSceneAndNumber,
       SotsIndoorIds, "RESIDE's indoor test set: 50 scenes with 10 hazes each",
       kReside},
      {"sots_outdoor", "synthetic_sots_outdoor", NameRule::kSceneAirlightBeta,
       SotsOutdoorIds, "RESIDE's outdoor test set: 500 pairs of 492 scenes",
       kReside},
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
      {"its", "its", "sots_indoor"},
      {"ots", "ots_beta", "sots_outdoor"},
      {"pair", "pair", "pair"},
  };
  return *rows;
}

absl::StatusOr<BenchmarkSets> FindBenchmarkSets(const std::string& name) {
  return FindRow(BenchmarkDataSets(), name, "benchmark dataset");
}

absl::StatusOr<std::unique_ptr<PairedDataset>> OpenDataset(
    const DatasetRequest& request) {
  BILD_ASSIGN_OR_RETURN(const DatasetInfo info, FindDataset(request.name));
  BILD_ASSIGN_OR_RETURN(
      const SetFolders folders,
      FindSetFolders(info.name, request.data_root, request.root_flag));
  FolderPairsOptions options;
  options.allow_partial = request.allow_partial;
  options.notes = request.notes;
  return OpenFolderPairs(info, folders, options);
}

}  // namespace bild
