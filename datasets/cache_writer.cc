#include "datasets/cache_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bild/base/atomic_file.h"
#include "bild/base/sha256.h"
#include "bild/base/status.h"
#include "datasets/border_rule.h"
#include "datasets/cache_journal.h"
#include "datasets/cached_pairs.h"
#include "datasets/image_reader.h"
#include "datasets/manifest.h"
#include "datasets/parallel_for.h"
#include "datasets/partial_cache_file.h"
#include "datasets/pixel_hash.h"
#include "datasets/within_memory.h"
#include "fmt/format.h"

namespace bild {
namespace {

constexpr int64_t kJournalEvery = 64;

void SyncFolder(const std::string& path) {
  const int descriptor =
      ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);  // Some file systems refuse it; the rename stands.
  ::close(descriptor);
}

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
    RemoveAbandonedTemporaries(plan_.output);
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
    outcome.index = FinishedIndex();
    if (absl::Status put = PutInPlace(outcome.index); !put.ok()) {
      RemoveTraces();
      return put;
    }
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
        const auto number = static_cast<size_t>(missing[start + place]);
        rows[place] = WithinMemory(plan_.index.images[number].source_path, [&] {
          return PackImage(missing[start + place], &writes[place]);
        });
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

  // The plan with the hashes of what was packed.
  CacheIndex FinishedIndex() const {
    CacheIndex index = plan_.index;
    for (size_t i = 0; i < done_.size(); ++i) {
      index.images[i].source_sha256 = done_[i]->source_sha256;
      index.images[i].pixels_sha256 = done_[i]->pixels_sha256;
    }
    index.manifest_sha256 = Sha256Hex(ManifestOf(index));
    return index;
  }

  // The index goes first, whole and synced: as long as the finished pixels have
  // their partial name, the next call finds them and the journal and ends here
  // again. The other way round nobody would know what they are.
  absl::Status PutInPlace(const CacheIndex& index) {
    // Pixels of this very plan that are there already have no index, or it was
    // found wanting: the new one must not be taken for theirs.
    if (HasHeaderOfThisPlan(data_path_)) ::unlink(data_path_.c_str());
    BILD_RETURN_IF_ERROR(
        WriteFileAtomically(index_path_, CacheIndexText(index)));
    if (::rename(partial_path_.c_str(), data_path_.c_str()) != 0) {
      const int error = errno;
      ::unlink(index_path_.c_str());  // Its pixels will not come.
      return CacheSystemError("Cannot rename to", data_path_, error);
    }
    // Both names are on the disk before the way to go on is given up.
    SyncFolder(plan_.output);
    ::unlink(journal_path_.c_str());
    return absl::OkStatus();
  }

  bool HasHeaderOfThisPlan(const std::string& path) const {
    const std::string wanted = CacheDataHeader(plan_.index.plan_sha256);
    std::string found(wanted.size(), '\0');
    std::ifstream file(path, std::ios::binary);
    return file.read(found.data(), static_cast<std::streamsize>(found.size()))
               .good() &&
           found == wanted;
  }

  // What `verify --write_manifest` would write.
  std::string ManifestOf(const CacheIndex& index) const {
    std::map<std::string, ManifestRow> rows;
    for (size_t i = 0; i < index.images.size(); ++i) {
      const CachedImage& image = index.images[i];
      const std::string path =
          PathInSet(image.source_path, index.source_folder);
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
  PartialCacheFile partial_;
  std::vector<std::optional<CacheJournalRow>> done_;
};

}  // namespace

absl::StatusOr<PackOutcome> WriteCache(
    const PackPlan& plan, Progress* progress,
    const std::function<bool()>& wants_stop) {
  return Packing(plan, progress).Run(wants_stop);
}

}  // namespace bild
