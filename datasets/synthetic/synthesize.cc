#include "datasets/synthetic/synthesize.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "bild/base/atomic_file.h"
#include "bild/base/sha256.h"
#include "bild/base/status.h"
#include "datasets/image_writer.h"
#include "datasets/synthetic/haze.h"
#include "datasets/synthetic/scene.h"
#include "datasets/synthetic/staging_folder.h"
#include "fmt/format.h"

namespace bild {
namespace {

namespace fs = std::filesystem;

bool AreEqual(const SyntheticRequest& a, const SyntheticRequest& b) {
  return a.like == b.like && a.scenes == b.scenes &&
         a.test_scenes == b.test_scenes && a.seed == b.seed &&
         a.width_px == b.width_px && a.height_px == b.height_px;
}

std::string InWords(int64_t version, const SyntheticRequest& request) {
  return fmt::format(
      "generator {} --like={} --scenes={} --test_scenes={} --seed={} "
      "--size={}x{}",
      version, request.like, request.scenes, request.test_scenes, request.seed,
      request.width_px, request.height_px);
}

Image WithoutBorder(const Image& image, int64_t border_px) {
  Image inner;
  inner.width_px = image.width_px - 2 * border_px;
  inner.height_px = image.height_px - 2 * border_px;
  inner.rgb.reserve(static_cast<size_t>(inner.width_px * inner.height_px * 3));
  for (int64_t y = 0; y < inner.height_px; ++y) {
    const auto row =
        image.rgb.begin() + 3 * ((y + border_px) * image.width_px + border_px);
    inner.rgb.insert(inner.rgb.end(), row, row + 3 * inner.width_px);
  }
  return inner;
}

std::vector<double> WithoutBorder(const std::vector<double>& depth,
                                  const Image& image, int64_t border_px) {
  std::vector<double> inner;
  for (int64_t y = border_px; y < image.height_px - border_px; ++y) {
    const auto row = depth.begin() + y * image.width_px;
    inner.insert(inner.end(), row + border_px,
                 row + image.width_px - border_px);
  }
  return inner;
}

// Writes a picture, PNG or JPEG by its name, and returns its line of the pixel
// hash.
absl::StatusOr<std::string> Keep(const StagingFolder& staging,
                                 const std::string& path, const Image& image) {
  const bool is_png = fs::path(path).extension() == ".png";
  BILD_ASSIGN_OR_RETURN(const std::string encoded,
                        is_png ? EncodePng(image) : EncodeJpeg(image));
  BILD_RETURN_IF_ERROR(staging.Write(path, encoded));
  return fmt::format("{}\t{}\t{}\t{}\n", path, image.width_px, image.height_px,
                     Sha256Hex(image.rgb.data(), image.rgb.size()));
}

absl::StatusOr<std::vector<std::string>> WriteScene(
    const SyntheticRequest& request, const PlannedScene& planned,
    const StagingFolder& staging) {
  const int64_t border = planned.border_px;
  BILD_ASSIGN_OR_RETURN(
      const Scene scene,
      RenderScene(LikeOf(request), request.seed, planned.number,
                  request.width_px + 2 * border,
                  request.height_px + 2 * border));
  std::vector<std::string> lines;
  BILD_ASSIGN_OR_RETURN(std::string clear_line,
                        Keep(staging, planned.clear_path, scene.clear));
  lines.push_back(std::move(clear_line));
  const Image clear = WithoutBorder(scene.clear, border);
  const std::vector<double> depth =
      WithoutBorder(scene.depth, scene.clear, border);
  for (const PlannedHaze& haze : planned.hazy) {
    BILD_ASSIGN_OR_RETURN(
        std::string line,
        Keep(staging, haze.path, ApplyHaze(clear, depth, haze.condition)));
    lines.push_back(std::move(line));
  }
  return lines;
}

// All scenes, by as many threads as asked; the lines of the pixel hash.
absl::StatusOr<std::vector<std::string>> WriteScenes(
    const SyntheticRequest& request, const std::vector<PlannedScene>& plan,
    const StagingFolder& staging, const SyntheticRun& run) {
  const int64_t total = static_cast<int64_t>(plan.size());
  std::atomic<int64_t> next{0};
  std::atomic<bool> has_failed{false};
  std::mutex mutex;  // Guards the four below.
  int64_t done = 0;
  int64_t failed_scene = total;
  absl::Status failure;
  std::vector<std::string> lines;
  const auto work = [&] {
    while (!has_failed) {
      const int64_t index = next++;
      if (index >= total) return;
      absl::StatusOr<std::vector<std::string>> scene_lines =
          WriteScene(request, plan[static_cast<size_t>(index)], staging);
      const std::lock_guard<std::mutex> lock(mutex);
      if (!scene_lines.ok()) {
        has_failed = true;
        if (index < failed_scene) {
          failed_scene = index;
          failure = scene_lines.status();
        }
        return;
      }
      lines.insert(lines.end(), scene_lines->begin(), scene_lines->end());
      ++done;
      if (run.progress != nullptr) run.progress->Update(done);
    }
  };
  const int64_t wanted =
      run.threads > 0
          ? run.threads
          : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  std::vector<std::thread> threads;
  for (int64_t i = 1; i < std::min(wanted, total); ++i) {
    threads.emplace_back(work);
  }
  work();
  for (std::thread& thread : threads) thread.join();
  if (!failure.ok()) return failure;
  if (run.progress != nullptr) run.progress->Finish();
  return lines;
}

std::string HashOf(std::vector<std::string> lines) {
  std::sort(lines.begin(), lines.end());
  std::string text;
  for (const std::string& line : lines) text += line;
  return Sha256Hex(text);
}

absl::Status MakePlannedFolders(const std::vector<PlannedScene>& plan,
                                const std::string& root) {
  std::string last;
  for (const PlannedScene& scene : plan) {
    for (const std::string& path : {scene.clear_path, scene.hazy[0].path}) {
      const std::string folder = fs::path(path).parent_path().string();
      if (folder != last) {
        BILD_RETURN_IF_ERROR(MakeFolders(root + "/" + folder));
      }
      last = folder;
    }
  }
  return absl::OkStatus();
}

// Whether the request's set is at `root`. An error where something else is.
absl::StatusOr<bool> IsThere(const SyntheticRequest& request,
                             const std::vector<PlannedScene>& plan,
                             const std::string& root, SyntheticRecord* record) {
  std::error_code error;
  if (!fs::exists(root, error)) return false;
  if (!fs::is_directory(root, error)) {
    return absl::FailedPreconditionError(fmt::format(
        "Synthetic set: '{}' is a file, expected a folder or nothing. Choose "
        "another --out.",
        root));
  }
  if (fs::is_empty(root, error)) return false;
  absl::StatusOr<SyntheticRecord> found = ReadSyntheticRecord(root);
  if (absl::IsNotFound(found.status())) {
    return absl::FailedPreconditionError(fmt::format(
        "Synthetic set: the folder '{}' is not empty and holds no {}. Choose "
        "another --out.",
        root, kSyntheticRecordName));
  }
  BILD_RETURN_IF_ERROR(found.status());
  if (found->generator_version != kSyntheticVersion ||
      !AreEqual(found->request, request)) {
    return absl::FailedPreconditionError(fmt::format(
        "Synthetic set: '{}' holds a set of other arguments: expected {}, "
        "found {}. Choose another --out or remove the folder.",
        root, InWords(kSyntheticVersion, request),
        InWords(found->generator_version, found->request)));
  }
  std::vector<std::string> missing;
  for (const PlannedScene& scene : plan) {
    if (!fs::exists(root + "/" + scene.clear_path, error)) {
      missing.push_back(scene.clear_path);
    }
    for (const PlannedHaze& haze : scene.hazy) {
      if (!fs::exists(root + "/" + haze.path, error)) {
        missing.push_back(haze.path);
      }
    }
  }
  if (!missing.empty()) {
    return absl::FailedPreconditionError(ListProblems(
        fmt::format("Synthetic set '{}': pictures were removed", root), missing,
        "Remove the folder and run again."));
  }
  *record = *found;
  return true;
}

}  // namespace

absl::StatusOr<SyntheticSet> WriteSynthetic(const SyntheticRequest& request,
                                            const std::string& root,
                                            const SyntheticRun& run) {
  BILD_ASSIGN_OR_RETURN(const SyntheticRequest checked,
                        CheckedRequest(request));
  const std::vector<PlannedScene> plan = PlanSynthetic(checked);
  SyntheticSet set;
  set.root = root;
  BILD_ASSIGN_OR_RETURN(set.was_there,
                        IsThere(checked, plan, root, &set.record));
  if (set.was_there) return set;

  BILD_ASSIGN_OR_RETURN(StagingFolder staging, StagingFolder::Create(root));
  BILD_RETURN_IF_ERROR(MakePlannedFolders(plan, staging.path()));
  BILD_ASSIGN_OR_RETURN(std::vector<std::string> lines,
                        WriteScenes(checked, plan, staging, run));
  set.record.generator_version = kSyntheticVersion;
  set.record.request = checked;
  for (const PlannedScene& scene : plan) {
    (scene.is_test ? set.record.test_pairs : set.record.train_pairs) +=
        static_cast<int64_t>(scene.hazy.size());
  }
  set.record.pixels_sha256 = HashOf(std::move(lines));
  BILD_RETURN_IF_ERROR(
      staging.Write(kSyntheticRecordName, SyntheticRecordText(set.record)));
  const absl::Status committed = staging.Commit();
  if (absl::IsAlreadyExists(committed)) {
    // Another process was quicker; its set is as good if it is the same.
    BILD_ASSIGN_OR_RETURN(set.was_there,
                          IsThere(checked, plan, root, &set.record));
    if (set.was_there) return set;
  }
  BILD_RETURN_IF_ERROR(committed);
  return set;
}

absl::StatusOr<std::string> SyntheticCacheRoot(
    const SyntheticRequest& request) {
  BILD_ASSIGN_OR_RETURN(const SyntheticRequest checked,
                        CheckedRequest(request));
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  std::string base;
  if (cache != nullptr && cache[0] == '/') {
    base = cache;
  } else if (home != nullptr && home[0] != '\0') {
    base = std::string(home) + "/.cache";
  } else {
    return absl::FailedPreconditionError(
        "Synthetic set: no cache folder: neither $XDG_CACHE_HOME nor $HOME is "
        "set. Set one, or write the set with //datasets:synthesize --out=DIR "
        "and name it by --data_root=DIR.");
  }
  return fmt::format("{}/bild/synthetic/v{}/{}-{}-{}-seed{}-{}x{}", base,
                     kSyntheticVersion, checked.like, checked.scenes,
                     checked.test_scenes, checked.seed, checked.width_px,
                     checked.height_px);
}

absl::StatusOr<std::string> EnsureSynthetic(const SyntheticRequest& request,
                                            const SyntheticRun& run) {
  BILD_ASSIGN_OR_RETURN(const std::string root, SyntheticCacheRoot(request));
  BILD_ASSIGN_OR_RETURN(const SyntheticSet set,
                        WriteSynthetic(request, root, run));
  return set.root;
}

}  // namespace bild
