#include "datasets/cache_plan.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "bild/base/status.h"
#include "datasets/border_rule.h"
#include "datasets/catalog.h"
#include "datasets/folder_pairs.h"
#include "datasets/image_reader.h"
#include "datasets/layouts.h"
#include "datasets/parallel_for.h"
#include "fmt/format.h"

namespace bild {
namespace {

std::string Absolute(const std::string& path) {
  std::error_code error;
  const auto absolute = std::filesystem::absolute(path, error);
  if (error) return path;
  std::string text = absolute.lexically_normal().string();
  if (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

// Header, size and time of a source file.
struct SourceFacts {
  ImageHeader header;
  int64_t bytes = 0;
  int64_t mtime_ns = 0;
};

absl::StatusOr<SourceFacts> LookAtSource(const std::string& path,
                                         const ImageRules& reading) {
  SourceFacts facts;
  struct stat status;
  if (::stat(path.c_str(), &status) != 0) {
    return absl::NotFoundError(
        fmt::format("'{}': {}", path, std::strerror(errno)));
  }
  facts.bytes = status.st_size;
  facts.mtime_ns = static_cast<int64_t>(status.st_mtim.tv_sec) * 1'000'000'000 +
                   status.st_mtim.tv_nsec;
  BILD_ASSIGN_OR_RETURN(facts.header, InspectImage(path, reading));
  return facts;
}

// All files of the set, in parallel.
absl::StatusOr<std::map<std::string, SourceFacts>> LookAtSources(
    const PairedDataset& dataset, const ImageRules& reading) {
  std::set<std::string> distinct;
  for (const PairName& pair : dataset.pairs()) {
    distinct.insert(pair.hazy_path);
    distinct.insert(pair.clear_path);
  }
  const std::vector<std::string> paths(distinct.begin(), distinct.end());
  std::vector<absl::StatusOr<SourceFacts>> found(paths.size());
  ParallelFor(static_cast<int64_t>(paths.size()), [&](int64_t i) {
    const auto place = static_cast<size_t>(i);
    found[place] = LookAtSource(paths[place], reading);
  });
  std::map<std::string, SourceFacts> facts;
  for (size_t i = 0; i < paths.size(); ++i) {
    if (!found[i].ok()) return found[i].status();
    facts[paths[i]] = *found[i];
  }
  return facts;
}

// Adds images as pairs ask for them: a clear picture once, and once more where
// the border rule cuts it for some of its pairs and not for others.
class ImageCollector {
 public:
  explicit ImageCollector(PackPlan* plan) : plan_(plan) {}

  int64_t NumberOf(const std::string& path, const SourceFacts& facts,
                   bool is_cut) {
    const auto [found, is_new] =
        numbers_.emplace(std::make_pair(path, is_cut),
                         static_cast<int64_t>(plan_->index.images.size()));
    if (!is_new) return found->second;
    const int64_t less_px = is_cut ? 20 : 0;
    CachedImage image;
    image.width_px = facts.header.width_px - less_px;
    image.height_px = facts.header.height_px - less_px;
    image.is_16_bit = facts.header.is_16_bit;
    image.source_path = path;
    image.source_bytes = facts.bytes;
    image.source_mtime_ns = facts.mtime_ns;
    plan_->index.images.push_back(std::move(image));
    plan_->is_cut.push_back(is_cut ? 1 : 0);
    return found->second;
  }

 private:
  PackPlan* plan_;
  std::map<std::pair<std::string, bool>, int64_t> numbers_;
};

}  // namespace

absl::StatusOr<PackPlan> PlanCache(const PackRequest& request) {
  PackPlan plan;
  plan.output = Absolute(request.output);
  CacheIndex& index = plan.index;
  index.set = request.set;
  index.root = Absolute(request.data_root);
  index.reading = request.reading;
  BILD_ASSIGN_OR_RETURN(index.decoder_sha256, DecoderProbeHash());
  if (!request.allow_decoder_mismatch) BILD_RETURN_IF_ERROR(CheckDecoder());

  BILD_ASSIGN_OR_RETURN(const DatasetInfo info, FindDataset(request.set));
  BILD_RETURN_IF_ERROR(CheckScorableSet(info));
  BILD_ASSIGN_OR_RETURN(const SetFolders folders,
                        FindSetFolders(info, index.root, "--data_root"));
  index.source_folder = folders.set_folder;
  FolderPairsOptions options;
  options.allow_partial = request.allow_partial;
  options.reading = request.reading;
  options.notes = &index.notes;
  BILD_ASSIGN_OR_RETURN(const std::unique_ptr<PairedDataset> dataset,
                        OpenFolderPairs(info, folders, options));
  index.name = dataset->name();
  index.layout = dataset->layout();
  index.invalid_reasons = dataset->invalid_reasons();
  index.is_partial =
      request.allow_partial && dataset->name().find("[n=") != std::string::npos;

  BILD_ASSIGN_OR_RETURN(const auto sources,
                        LookAtSources(*dataset, request.reading));
  ImageCollector collector(&plan);
  for (const PairName& pair : dataset->pairs()) {
    const SourceFacts& hazy = sources.at(pair.hazy_path);
    const SourceFacts& clear = sources.at(pair.clear_path);
    const BorderFit fit =
        CompareSizes({hazy.header.width_px, hazy.header.height_px},
                     {clear.header.width_px, clear.header.height_px});
    if (fit == BorderFit::kMismatch) {
      return absl::FailedPreconditionError(
          fmt::format("'{}' and '{}' changed while the set was opened.",
                      pair.hazy_path, pair.clear_path));
    }
    CachedPair packed;
    packed.id = pair.id;
    packed.scene = pair.scene;
    packed.hazy = collector.NumberOf(pair.hazy_path, hazy, /*is_cut=*/false);
    packed.clear =
        collector.NumberOf(pair.clear_path, clear, fit == BorderFit::kBorder);
    index.pairs.push_back(std::move(packed));
  }
  PlaceImages(&index);
  index.plan_sha256 = PlanSha256(index);
  return plan;
}

}  // namespace bild
