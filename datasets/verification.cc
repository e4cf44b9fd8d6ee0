#include "datasets/verification.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "bild/base/atomic_file.h"
#include "bild/base/sha256.h"
#include "bild/base/status.h"
#include "datasets/alignment.h"
#include "datasets/border_rule.h"
#include "datasets/exif_orientation.h"
#include "datasets/image_reader.h"
#include "datasets/parallel_for.h"
#include "datasets/pixel_hash.h"
#include "datasets/release_probes.h"
#include "datasets/within_memory.h"
#include "fmt/format.h"

namespace bild {
namespace {

// What decoding a file gave.
struct FileFacts {
  absl::Status status;
  int orientation = 1;
  ManifestRow row;
};

struct PairFacts {
  bool is_compared = false;  // Both sides decode and fit.
  double psnr_db = 0.0;
  std::optional<BestShift> shift;
};

// A clear picture with its hazy ones, so that each file is decoded once.
struct Task {
  std::string clear_path;  // Empty: none.
  std::vector<size_t> pairs;
  std::vector<std::string> others;  // Hazy pictures without a pair.
};

std::vector<Task> MakeTasks(const FolderDraft& draft) {
  std::map<std::string, Task> by_clear;
  std::vector<Task> tasks;
  std::set<std::string> paired;
  for (size_t i = 0; i < draft.pairs.size(); ++i) {
    const PairName& pair = draft.pairs[i];
    paired.insert(pair.hazy_path);
    if (pair.clear_path.empty()) {
      tasks.push_back({"", {}, {pair.hazy_path}});
    } else {
      by_clear[pair.clear_path].pairs.push_back(i);
    }
  }
  for (const PictureFile& file : draft.listing.clear) by_clear[file.path];
  for (auto& [path, task] : by_clear) {
    task.clear_path = path;
    tasks.push_back(std::move(task));
  }
  for (const PictureFile& file : draft.listing.hazy) {
    if (paired.count(file.path) == 0) tasks.push_back({"", {}, {file.path}});
  }
  return tasks;
}

class Verifier {
 public:
  Verifier(const DatasetInfo& info, const SetFolders& folders,
           const FolderDraft& draft, const VerifyOptions& options)
      : info_(info),
        folders_(folders),
        draft_(draft),
        options_(options),
        wants_hashes_(options.wants_hashes || options.is_deep),
        pairs_(draft.pairs.size()) {
    for (const auto* side : {&draft.listing.hazy, &draft.listing.clear}) {
      for (const PictureFile& file : *side) files_[file.path];
    }
  }

  Verification Run() {
    const std::vector<Task> tasks = MakeTasks(draft_);
    ParallelFor(static_cast<int64_t>(tasks.size()),
                [&](int64_t i) { RunTask(tasks[static_cast<size_t>(i)]); });
    for (const ProblemGroup& group : draft_.problems.groups()) {
      result_.problems.Add(group.kind, group.code, group.headline, group.lines,
                           group.advice);
    }
    for (const ProblemGroup& group : draft_.warnings.groups()) {
      result_.warnings.Add(group.kind, group.code, group.headline, group.lines,
                           group.advice);
    }
    std::set<std::string> scenes;
    for (const PairName& pair : draft_.pairs) scenes.insert(pair.scene);
    result_.scenes = static_cast<int64_t>(scenes.size());
    SumUpFiles();
    if (options_.is_deep) {
      SumUpAlignment();
      SumUpProbes();
    }
    return std::move(result_);
  }

 private:
  // Each path belongs to one task, so that nothing is shared but the counter.
  absl::StatusOr<Image> Decode(const std::string& path) {
    FileFacts& facts = files_.at(path);
    absl::StatusOr<Image> image =
        WithinMemory(path, [&] { return DecodeInto(path, &facts); });
    facts.status = image.status();
    const int64_t done = ++done_;
    if (options_.progress != nullptr) options_.progress->Update(done);
    return image;
  }

  absl::StatusOr<Image> DecodeInto(const std::string& path, FileFacts* facts) {
    // Says what is wrong with a file before it is read whole.
    BILD_RETURN_IF_ERROR(InspectImage(path, options_.reading).status());
    BILD_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
    facts->orientation = ExifOrientation(bytes);
    BILD_ASSIGN_OR_RETURN(Image image,
                          DecodeImage(bytes, path, options_.reading));
    if (wants_hashes_) {
      facts->row = {PathInSet(path, folders_.set_folder),
                    static_cast<int64_t>(bytes.size()),
                    Sha256Hex(bytes),
                    image.width_px,
                    image.height_px,
                    PixelHash(image)};
    }
    return image;
  }

  void RunTask(const Task& task) {
    for (const std::string& path : task.others) (void)Decode(path);
    if (task.clear_path.empty()) return;
    const absl::StatusOr<Image> clear = Decode(task.clear_path);
    std::optional<Image> inner;  // Cut by the border rule on first use.
    for (const size_t index : task.pairs) {
      const std::string& hazy_path = draft_.pairs[index].hazy_path;
      const absl::StatusOr<Image> hazy = Decode(hazy_path);
      if (!options_.is_deep || !hazy.ok() || !clear.ok()) continue;
      const absl::Status compared = WithinMemory(hazy_path, [&] {
        Compare(*hazy, *clear, &inner, &pairs_[index]);
        return absl::OkStatus();
      });
      if (!compared.ok()) files_.at(hazy_path).status = compared;
    }
  }

  static void Compare(const Image& hazy, const Image& clear,
                      std::optional<Image>* inner, PairFacts* facts) {
    const BorderFit fit = CompareSizes({hazy.width_px, hazy.height_px},
                                       {clear.width_px, clear.height_px});
    if (fit == BorderFit::kMismatch) return;
    if (fit == BorderFit::kBorder && !inner->has_value()) {
      *inner = WithoutBorder(clear);
    }
    const Image& partner = fit == BorderFit::kBorder ? **inner : clear;
    facts->psnr_db = HazyPsnrDb(hazy, partner);
    facts->shift = FindBestShift(hazy, partner);
    facts->is_compared = true;
  }

  void SumUpFiles() {
    std::set<std::string> reported;  // By the draft: their headers.
    for (const PairName& pair : draft_.pairs) {
      for (const std::string& path : {pair.hazy_path, pair.clear_path}) {
        if (draft_.files.count(path) == 0) reported.insert(path);
      }
    }
    std::vector<std::string> damaged;
    std::vector<std::string> turned;
    absl::StatusCode code = absl::StatusCode::kOk;
    for (const auto& [path, facts] : files_) {
      ++result_.files;
      if (facts.status.ok()) {
        ++result_.decoded_files;
        if (wants_hashes_) result_.manifest.rows.push_back(facts.row);
      } else if (reported.count(path) == 0) {
        if (damaged.empty()) code = facts.status.code();
        damaged.emplace_back(facts.status.message());
      }
      if (facts.orientation != 1) {
        turned.push_back(
            fmt::format("'{}': orientation {}", path, facts.orientation));
      }
    }
    std::sort(result_.manifest.rows.begin(), result_.manifest.rows.end(),
              [](const ManifestRow& a, const ManifestRow& b) {
                return a.path < b.path;
              });
    result_.manifest.dataset = draft_.name;
    result_.manifest.layout = draft_.layout;
    result_.problems.Add("decode", code,
                         fmt::format("{}: {} of {} pictures do not decode:",
                                     info_.name, damaged.size(), files_.size()),
                         damaged, "Get these files again.");
    result_.warnings.Add(
        "orientation", absl::StatusCode::kOk,
        fmt::format("{}: {} pictures have an EXIF orientation, which is "
                    "ignored, as reference loaders do:",
                    info_.name, turned.size()),
        turned, "");
  }

  void SumUpAlignment() {
    std::vector<std::string> shifted;
    double total_db = 0.0;
    int64_t scored = 0;
    for (size_t i = 0; i < pairs_.size(); ++i) {
      const PairFacts& facts = pairs_[i];
      if (!facts.is_compared) continue;
      ++scored;
      total_db += facts.psnr_db;
      if (!facts.shift.has_value()) continue;
      ++result_.compared_pairs;
      if (facts.shift->dx_px == 0 && facts.shift->dy_px == 0) continue;
      shifted.push_back(fmt::format(
          "{}: shift ({}, {}), correlation {:.4f}", draft_.pairs[i].id,
          facts.shift->dx_px, facts.shift->dy_px, facts.shift->correlation));
    }
    if (scored > 0) result_.psnr_db = total_db / static_cast<double>(scored);
    result_.misaligned_pairs = static_cast<int64_t>(shifted.size());
    const bool is_error = 2 * result_.misaligned_pairs > result_.compared_pairs;
    (is_error ? result_.problems : result_.warnings)
        .Add("alignment", absl::StatusCode::kFailedPrecondition,
             fmt::format("{}: the edges of {} of {} pairs agree best at "
                         "another shift in px than (0, 0):",
                         info_.name, shifted.size(), result_.compared_pairs),
             shifted,
             is_error
                 ? "The clear pictures are not of these hazy ones, or were "
                   "cut or moved."
                 : "");
  }

  void SumUpProbes() {
    if (draft_.is_synthetic) return;
    std::vector<std::string> off;
    const auto compare = [&](const std::string& what, double wanted,
                             double found) {
      ++result_.probes;
      if (std::abs(found - wanted) <= kProbeToleranceDb) {
        ++result_.matching_probes;
      } else {
        off.push_back(fmt::format("{}: {:.4f} dB, the release has {:.4f}", what,
                                  found, wanted));
      }
    };
    const bool is_complete = draft_.problems.groups().empty() &&
                             draft_.missing_ids.empty() &&
                             result_.psnr_db.has_value();
    for (const ReleaseProbe& probe : ReleaseProbes(info_.name)) {
      if (probe.id.empty()) {
        if (is_complete) {
          compare("mean of all pairs", probe.psnr_db, *result_.psnr_db);
        }
        continue;
      }
      for (size_t i = 0; i < pairs_.size(); ++i) {
        if (draft_.pairs[i].id == probe.id && pairs_[i].is_compared) {
          compare(probe.id, probe.psnr_db, pairs_[i].psnr_db);
        }
      }
    }
    result_.problems.Add(
        "probes", absl::StatusCode::kFailedPrecondition,
        fmt::format("{}: PSNR(hazy, clear) of {} of {} probes is not the "
                    "release's:",
                    info_.name, off.size(), result_.probes),
        off,
        "The names are right and the pictures are another release's (resized, "
        "re-encoded with loss, hazed anew): scores on them compare with no "
        "published one.");
  }

  const DatasetInfo& info_;
  const SetFolders& folders_;
  const FolderDraft& draft_;
  const VerifyOptions& options_;
  const bool wants_hashes_;
  std::map<std::string, FileFacts> files_;
  std::vector<PairFacts> pairs_;
  std::atomic<int64_t> done_{0};
  Verification result_;
};

}  // namespace

int64_t VerifySteps(const FolderDraft& draft) {
  return static_cast<int64_t>(draft.listing.hazy.size() +
                              draft.listing.clear.size());
}

Verification Verify(const DatasetInfo& info, const SetFolders& folders,
                    const FolderDraft& draft, const VerifyOptions& options) {
  return Verifier(info, folders, draft, options).Run();
}

}  // namespace bild
