#include "datasets/cache_sources.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include "absl/status/statusor.h"
#include "bild/base/atomic_file.h"
#include "bild/base/sha256.h"
#include "bild/base/status.h"
#include "datasets/known_datasets.h"
#include "datasets/layouts.h"
#include "datasets/pairing.h"
#include "datasets/parallel_for.h"
#include "datasets/problem_report.h"
#include "fmt/format.h"

namespace bild {
namespace {

// "2026-11-24 15:01:20.000000017 UTC".
std::string TimeText(int64_t mtime_ns) {
  constexpr int64_t kSecond = 1'000'000'000;
  const int64_t rest_ns = (mtime_ns % kSecond + kSecond) % kSecond;
  const auto seconds = static_cast<std::time_t>((mtime_ns - rest_ns) / kSecond);
  std::tm parts;
  if (::gmtime_r(&seconds, &parts) == nullptr) {
    return fmt::format("{} ns", mtime_ns);
  }
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:09} UTC",
                     parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                     parts.tm_hour, parts.tm_min, parts.tm_sec, rest_ns);
}

// What differs between an image and its source; empty if nothing does.
std::string CompareImage(const CachedImage& image, bool hashes_it) {
  struct stat status;
  if (::stat(image.source_path.c_str(), &status) != 0) {
    return fmt::format("'{}': {}", image.source_path, std::strerror(errno));
  }
  const auto bytes = static_cast<int64_t>(status.st_size);
  if (bytes != image.source_bytes) {
    return fmt::format("'{}' has {} bytes, was packed with {}",
                       image.source_path, bytes, image.source_bytes);
  }
  const int64_t mtime_ns =
      static_cast<int64_t>(status.st_mtim.tv_sec) * 1'000'000'000 +
      status.st_mtim.tv_nsec;
  if (mtime_ns != image.source_mtime_ns) {
    return fmt::format(
        "'{}' was last written at {}, the one that was packed at {}",
        image.source_path, TimeText(mtime_ns), TimeText(image.source_mtime_ns));
  }
  if (!hashes_it) return "";
  const absl::StatusOr<std::string> content = ReadFile(image.source_path);
  if (!content.ok()) return std::string(content.status().message());
  const std::string sha256 = Sha256Hex(*content);
  if (sha256 == image.source_sha256) return "";
  return fmt::format("'{}' has the SHA-256 {}, was packed with {}",
                     image.source_path, sha256, image.source_sha256);
}

// Pairs the names that lie there now, as a run from the files would, and adds
// to `problems` what the index knows nothing of.
absl::Status CompareNames(const CacheIndex& index, ProblemReport* problems) {
  BILD_ASSIGN_OR_RETURN(const DatasetInfo info, FindDataset(index.set));
  BILD_ASSIGN_OR_RETURN(const SetFolders folders,
                        FindSetFolders(info, index.root, "--data_root"));
  BILD_ASSIGN_OR_RETURN(const SetListing listing, ListSet(folders));
  ProblemReport unpaired;
  const Pairing pairing =
      PairPictures(info, listing.hazy, listing.clear, &unpaired);
  std::set<std::string> added;
  for (const PictureFile& file : listing.hazy) added.insert(file.path);
  for (const PairName& pair : pairing.pairs) added.insert(pair.clear_path);
  for (const CachedImage& image : index.images) added.erase(image.source_path);
  std::vector<std::string> lines;
  for (const std::string& path : added) {
    lines.push_back(fmt::format("'{}'", path));
  }
  problems->Add("added", absl::StatusCode::kFailedPrecondition,
                fmt::format("{}: {} pictures were added since it was packed:",
                            index.name, lines.size()),
                lines, "");
  for (const ProblemGroup& group : unpaired.groups()) {
    problems->Add(group.kind, absl::StatusCode::kFailedPrecondition,
                  group.headline, group.lines, group.advice);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CompareWithSources(const CacheIndex& index, bool hashes_them) {
  std::error_code error;
  if (!std::filesystem::is_directory(index.source_folder, error)) {
    return absl::NotFoundError(
        fmt::format("'{}', which {} was packed from, is not here.",
                    index.source_folder, index.name));
  }
  std::vector<std::string> differences(index.images.size());
  ParallelFor(static_cast<int64_t>(index.images.size()), [&](int64_t i) {
    const auto place = static_cast<size_t>(i);
    differences[place] = CompareImage(index.images[place], hashes_them);
  });
  differences.erase(
      std::remove(differences.begin(), differences.end(), std::string()),
      differences.end());
  ProblemReport problems;
  problems.Add(
      "changed", absl::StatusCode::kFailedPrecondition,
      fmt::format("{}: {} of {} pictures changed since they were packed:",
                  index.name, differences.size(), index.images.size()),
      differences, "");
  const absl::Status names = CompareNames(index, &problems);
  if (!names.ok() && problems.groups().empty()) {
    // Not the code of `names`: NotFound says that there is nothing to compare.
    return absl::FailedPreconditionError(names.message());
  }
  return problems.status();
}

}  // namespace bild
