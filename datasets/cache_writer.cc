#include "datasets/cache_writer.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "bild/base/atomic_file.h"
#include "bild/base/sha256.h"
#include "bild/base/status.h"
#include "datasets/border_rule.h"
#include "datasets/cache_journal.h"
#include "datasets/cached_pairs.h"
#include "datasets/catalog.h"
#include "datasets/folder_pairs.h"
#include "datasets/image_reader.h"
#include "datasets/layouts.h"
#include "datasets/manifest.h"
#include "datasets/parallel_for.h"
#include "datasets/pixel_hash.h"
#include "fmt/format.h"

namespace bild {
namespace {

constexpr int64_t kJournalEvery = 64;

absl::Status SystemError(const std::string& doing, const std::string& path,
                         int error) {
  const std::string text =
      fmt::format("{} '{}': {}.", doing, path, std::strerror(error));
  switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return absl::ResourceExhaustedError(
          text + " Free space there or choose another --output.");
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::PermissionDeniedError(text + " Choose another --output.");
    default:
      return absl::UnavailableError(text);
  }
}

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

// An open file of half a cache, locked as long as it is open.
class PartialFile {
 public:
  PartialFile() = default;
  ~PartialFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;

  absl::Status Open(const std::string& path) {
    path_ = path;
    descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor_ < 0) return SystemError("Cannot create", path, errno);
    struct stat mine, there;
    // Between the two calls another process may have finished and renamed it.
    const bool is_mine =
        ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0 &&
        ::fstat(descriptor_, &mine) == 0 && ::stat(path.c_str(), &there) == 0 &&
        mine.st_ino == there.st_ino && mine.st_dev == there.st_dev;
    if (is_mine) return absl::OkStatus();
    return absl::FailedPreconditionError(fmt::format(
        "'{}': another process packs this set there. Wait for it, then call "
        "again.",
        path));
  }

  // Whether it was laid out for this plan.
  bool IsOf(const CacheIndex& index) const {
    struct stat status;
    const std::string wanted = CacheDataHeader(index.plan_sha256);
    std::string found(wanted.size(), '\0');
    return ::fstat(descriptor_, &status) == 0 &&
           status.st_size == index.data_bytes &&
           ::pread(descriptor_, found.data(), found.size(), 0) ==
               static_cast<ssize_t>(found.size()) &&
           found == wanted;
  }

  // Empties it, takes the room on the disk and writes the header.
  absl::Status Start(const CacheIndex& index) {
    if (::ftruncate(descriptor_, 0) != 0) {
      return SystemError("Cannot empty", path_, errno);
    }
    const int error = ::posix_fallocate(descriptor_, 0, index.data_bytes);
    if (error != 0) {
      return SystemError(
          fmt::format("Cannot take {} bytes for", index.data_bytes), path_,
          error);
    }
    const std::string header = CacheDataHeader(index.plan_sha256);
    return Write(header.data(), header.size(), 0);
  }

  absl::Status Write(const void* data, size_t size, int64_t offset) const {
    const char* from = static_cast<const char*>(data);
    while (size > 0) {
      const ssize_t written = ::pwrite(descriptor_, from, size, offset);
      if (written < 0) {
        if (errno == EINTR) continue;
        return SystemError("Cannot write", path_, errno);
      }
      from += written;
      offset += written;
      size -= static_cast<size_t>(written);
    }
    return absl::OkStatus();
  }

  absl::Status Sync() const {
    if (::fdatasync(descriptor_) == 0) return absl::OkStatus();
    return SystemError("Cannot sync", path_, errno);
  }

 private:
  std::string path_;
  int descriptor_ = -1;
};

class Packing {
 public:
  Packing(const PackPlan& plan, Progress* progress)
      : plan_(plan),
        progress_(progress),
        index_path_(CacheIndexPath(plan.output, plan.index.set)),
        data_path_(CacheDataPath(plan.output, plan.index.set)),
        partial_path_(data_path_ + ".partial"),
        journal_path_(plan.output + "/" + plan.index.set + ".journal"),
        done_(plan.index.images.size()) {}

  absl::StatusOr<PackOutcome> Run(const std::function<bool()>& wants_stop) {
    BILD_RETURN_IF_ERROR(MakeFolders(plan_.output));
    BILD_RETURN_IF_ERROR(partial_.Open(partial_path_));
    PackOutcome outcome;
    if (std::optional<CacheIndex> whole = WholeCache(); whole.has_value()) {
      RemoveTraces();
      outcome.index = *std::move(whole);
      outcome.was_done = true;
      return outcome;
    }
    if (absl::Status started = StartOrGoOn(&outcome.resumed_images);
        !started.ok()) {
      RemoveTraces();
      return started;
    }
    if (absl::Status packed = PackImages(wants_stop); !packed.ok()) {
      if (!absl::IsCancelled(packed)) RemoveTraces();
      return packed;
    }
    BILD_ASSIGN_OR_RETURN(outcome.index, PutInPlace());
    return outcome;
  }

 private:
  // The index, if the cache of this very plan is there.
  std::optional<CacheIndex> WholeCache() const {
    CacheRequest request;
    request.folder = plan_.output;
    request.set = plan_.index.set;
    request.allow_partial = plan_.index.is_partial;
    request.reading = plan_.index.reading;
    const auto there = CachedPairs::Open(request);
    if (!there.ok()) return std::nullopt;
    const CacheIndex& index = (*there)->index();
    if (index.plan_sha256 != plan_.index.plan_sha256) return std::nullopt;
    return index;
  }

  void RemoveTraces() const {
    ::unlink(partial_path_.c_str());
    ::unlink(journal_path_.c_str());
  }

  absl::Status StartOrGoOn(int64_t* resumed_images) {
    const auto journal = ReadFile(journal_path_);
    std::vector<CacheJournalRow> rows;
    if (partial_.IsOf(plan_.index) && journal.ok()) {
      rows = ParseCacheJournal(*journal, plan_.index.plan_sha256,
                               static_cast<int64_t>(done_.size()));
    } else {
      // The old journal goes first: it must not speak of new pixels.
      ::unlink(journal_path_.c_str());
      BILD_RETURN_IF_ERROR(partial_.Start(plan_.index));
      BILD_RETURN_IF_ERROR(partial_.Sync());
    }
    for (const CacheJournalRow& row : rows) {
      done_[static_cast<size_t>(row.number)] = row;
    }
    *resumed_images = static_cast<int64_t>(rows.size());
    // Without a last line that was cut off.
    return WriteFileAtomically(
        journal_path_,
        CacheJournalHead(plan_.index.plan_sha256) + CacheJournalText(rows));
  }

  absl::Status PackImages(const std::function<bool()>& wants_stop) {
    std::vector<int64_t> missing;
    for (size_t i = 0; i < done_.size(); ++i) {
      if (!done_[i].has_value()) missing.push_back(static_cast<int64_t>(i));
    }
    const auto total = static_cast<int64_t>(done_.size());
    int64_t ready = total - static_cast<int64_t>(missing.size());
    std::vector<std::string> damaged;
    absl::StatusCode code = absl::StatusCode::kDataLoss;
    for (size_t start = 0; start < missing.size(); start += kJournalEvery) {
      if (wants_stop && wants_stop()) {
        return absl::CancelledError(fmt::format(
            "stopped with {} of {} pictures packed; the same call goes on from "
            "there",
            ready, total));
      }
      const size_t count =
          std::min<size_t>(kJournalEvery, missing.size() - start);
      std::vector<absl::StatusOr<CacheJournalRow>> rows(count);
      std::vector<absl::Status> writes(count);
      ParallelFor(static_cast<int64_t>(count), [&](int64_t i) {
        const auto place = static_cast<size_t>(i);
        rows[place] = PackImage(missing[start + place], &writes[place]);
      });
      for (const absl::Status& write : writes) BILD_RETURN_IF_ERROR(write);
      BILD_RETURN_IF_ERROR(partial_.Sync());
      std::vector<CacheJournalRow> good;
      for (const absl::StatusOr<CacheJournalRow>& row : rows) {
        if (row.ok()) {
          good.push_back(*row);
          done_[static_cast<size_t>(row->number)] = *row;
        } else {
          if (damaged.empty()) code = row.status().code();
          damaged.emplace_back(row.status().message());
        }
      }
      BILD_RETURN_IF_ERROR(AppendToFile(journal_path_, CacheJournalText(good)));
      ready += static_cast<int64_t>(count);
      if (progress_ != nullptr) progress_->Update(ready);
    }
    if (damaged.empty()) return absl::OkStatus();
    return absl::Status(
        code,
        ListProblems(fmt::format("{}: {} of {} pictures cannot be "
                                 "packed:",
                                 plan_.index.name, damaged.size(), total),
                     damaged, "Get these files again. Nothing was kept."));
  }

  // Decodes image `number` and writes it to its place; errors of the disk go
  // into `write`, those of the file are returned.
  absl::StatusOr<CacheJournalRow> PackImage(int64_t number,
                                            absl::Status* write) const {
    const auto place = static_cast<size_t>(number);
    const CachedImage& planned = plan_.index.images[place];
    BILD_ASSIGN_OR_RETURN(const std::string bytes,
                          ReadFile(planned.source_path));
    BILD_ASSIGN_OR_RETURN(Image image, DecodeImage(bytes, planned.source_path,
                                                   plan_.index.reading));
    CacheJournalRow row;
    row.number = number;
    row.source_sha256 = Sha256Hex(bytes);
    row.whole_pixels_sha256 = PixelHash(image);
    row.pixels_sha256 = row.whole_pixels_sha256;
    if (plan_.is_cut[place] != 0 && image.width_px > 20 &&
        image.height_px > 20) {
      image = WithoutBorder(image);
      row.pixels_sha256 = PixelHash(image);
    }
    if (image.width_px != planned.width_px ||
        image.height_px != planned.height_px ||
        image.rgb16.empty() == planned.is_16_bit) {
      return absl::FailedPreconditionError(
          fmt::format("'{}' is {}x{} now: it changed since the set was opened",
                      planned.source_path, image.width_px, image.height_px));
    }
    const void* const data = planned.is_16_bit
                                 ? static_cast<const void*>(image.rgb16.data())
                                 : static_cast<const void*>(image.rgb.data());
    *write = partial_.Write(data, static_cast<size_t>(planned.bytes()),
                            planned.offset);
    return row;
  }

  // Nobody may find the old index beside the new pixels, so it goes first.
  absl::StatusOr<CacheIndex> PutInPlace() {
    CacheIndex index = plan_.index;
    for (size_t i = 0; i < done_.size(); ++i) {
      index.images[i].source_sha256 = done_[i]->source_sha256;
      index.images[i].pixels_sha256 = done_[i]->pixels_sha256;
    }
    BILD_ASSIGN_OR_RETURN(const std::string manifest, ManifestOf(index));
    index.manifest_sha256 = Sha256Hex(manifest);
    if (::unlink(index_path_.c_str()) != 0 && errno != ENOENT) {
      return SystemError("Cannot remove the old", index_path_, errno);
    }
    if (::rename(partial_path_.c_str(), data_path_.c_str()) != 0) {
      return SystemError("Cannot rename to", data_path_, errno);
    }
    // Syncs the folder as well, after the rename.
    BILD_RETURN_IF_ERROR(
        WriteFileAtomically(index_path_, CacheIndexText(index)));
    ::unlink(journal_path_.c_str());
    return index;
  }

  // What `verify --write_manifest` would write.
  absl::StatusOr<std::string> ManifestOf(const CacheIndex& index) const {
    std::map<std::string, ManifestRow> rows;
    const std::string prefix = index.source_folder + "/";
    for (size_t i = 0; i < index.images.size(); ++i) {
      const CachedImage& image = index.images[i];
      const std::string path = image.source_path.rfind(prefix, 0) == 0
                                   ? image.source_path.substr(prefix.size())
                                   : image.source_path;
      const int64_t more_px = plan_.is_cut[i] != 0 ? 20 : 0;
      rows[path] = {path,
                    image.source_bytes,
                    image.source_sha256,
                    image.width_px + more_px,
                    image.height_px + more_px,
                    done_[i]->whole_pixels_sha256};
    }
    Manifest manifest;
    manifest.dataset = index.name;
    manifest.layout = index.layout;
    for (const auto& entry : rows) manifest.rows.push_back(entry.second);
    return ManifestText(manifest);
  }

  const PackPlan& plan_;
  Progress* const progress_;
  const std::string index_path_;
  const std::string data_path_;
  const std::string partial_path_;
  const std::string journal_path_;
  PartialFile partial_;
  std::vector<std::optional<CacheJournalRow>> done_;
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

absl::StatusOr<PackOutcome> WriteCache(
    const PackPlan& plan, Progress* progress,
    const std::function<bool()>& wants_stop) {
  return Packing(plan, progress).Run(wants_stop);
}

}  // namespace bild
