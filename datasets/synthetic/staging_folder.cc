#include "datasets/synthetic/staging_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "bild/base/atomic_file.h"
#include "bild/base/status.h"
#include "fmt/format.h"

namespace bild {
namespace {

namespace fs = std::filesystem;

absl::Status SystemError(int error, const std::string& doing,
                         const std::string& path) {
  const std::string text =
      fmt::format("{} '{}': {}.", doing, path, std::strerror(error));
  if (error == ENOSPC || error == EDQUOT) {
    return absl::ResourceExhaustedError(
        text + " Free space there or choose another --out.");
  }
  if (error == EACCES || error == EPERM || error == EROFS) {
    return absl::PermissionDeniedError(text + " Choose another --out.");
  }
  return absl::UnavailableError(text);
}

int OpenFolder(const std::string& path) {
  return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

// Whether the lock was free, which it is not while the folder's maker lives.
bool TryLock(int descriptor) {
  return ::flock(descriptor, LOCK_EX | LOCK_NB) == 0;
}

// Whether `descriptor` is what `path` names now.
bool IsAt(int descriptor, const std::string& path) {
  struct stat opened;
  struct stat named;
  return ::fstat(descriptor, &opened) == 0 &&
         ::stat(path.c_str(), &named) == 0 && opened.st_ino == named.st_ino &&
         opened.st_dev == named.st_dev;
}

std::string PartialPrefix(const fs::path& final_path) {
  return fmt::format(".{}.partial-", final_path.filename().string());
}

// Removes staging folders of the same name whose makers are gone.
void RemoveAbandoned(const fs::path& final_path) {
  const std::string prefix = PartialPrefix(final_path);
  std::error_code error;
  fs::directory_iterator entries(final_path.parent_path(), error);
  while (!error && entries != fs::directory_iterator()) {
    const fs::path path = entries->path();
    entries.increment(error);
    if (path.filename().string().rfind(prefix, 0) != 0) continue;
    const int descriptor = OpenFolder(path.string());
    if (descriptor < 0) continue;
    if (TryLock(descriptor)) {
      std::error_code ignored;
      fs::remove_all(path, ignored);
    }
    ::close(descriptor);
  }
}

}  // namespace

absl::StatusOr<StagingFolder> StagingFolder::Create(
    const std::string& final_path) {
  fs::path target = fs::absolute(fs::path(final_path)).lexically_normal();
  if (target.filename().empty()) target = target.parent_path();
  BILD_RETURN_IF_ERROR(MakeFolders(target.parent_path().string()));
  RemoveAbandoned(target);
  constexpr int kMostNames = 1000;
  for (int n = 0; n < kMostNames; ++n) {
    const std::string path =
        fmt::format("{}/{}{}-{}", target.parent_path().string(),
                    PartialPrefix(target), ::getpid(), n);
    if (::mkdir(path.c_str(), 0777) != 0) {
      if (errno == EEXIST) continue;
      return SystemError(errno, "Cannot create folder", path);
    }
    const int descriptor = OpenFolder(path);
    // A process that looked for abandoned folders between the two lines above
    // and this one holds the lock or has removed the folder: take another name.
    if (descriptor >= 0 && TryLock(descriptor) && IsAt(descriptor, path)) {
      return StagingFolder(target.string(), path, descriptor);
    }
    if (descriptor >= 0) ::close(descriptor);
  }
  return absl::UnavailableError(
      fmt::format("Cannot create a temporary folder beside '{}': {} names are "
                  "taken. Remove "
                  "'{}*' there.",
                  final_path, kMostNames, PartialPrefix(target)));
}

StagingFolder::StagingFolder(const std::string& final_path,
                             const std::string& path, int descriptor)
    : final_path_(final_path), path_(path), descriptor_(descriptor) {}

StagingFolder::StagingFolder(StagingFolder&& other) noexcept
    : final_path_(std::move(other.final_path_)),
      path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

StagingFolder& StagingFolder::operator=(StagingFolder&& other) noexcept {
  if (this != &other) {
    Release();
    final_path_ = std::move(other.final_path_);
    path_ = std::move(other.path_);
    descriptor_ = std::exchange(other.descriptor_, -1);
  }
  return *this;
}

StagingFolder::~StagingFolder() { Release(); }

void StagingFolder::Release() {
  if (descriptor_ < 0) return;
  std::error_code ignored;
  fs::remove_all(path_, ignored);
  ::close(descriptor_);
  descriptor_ = -1;
}

absl::Status StagingFolder::Write(const std::string& name,
                                  const std::string& content) const {
  const std::string path = path_ + "/" + name;
  const std::string doing =
      fmt::format("Cannot write {} bytes to", content.size());
  const int descriptor =
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) return SystemError(errno, doing, path);
  int error = 0;
  size_t written = 0;
  while (written < content.size() && error == 0) {
    const ssize_t count =
        ::write(descriptor, content.data() + written, content.size() - written);
    if (count >= 0) {
      written += static_cast<size_t>(count);
    } else if (errno != EINTR) {
      error = errno;
    }
  }
  if (::close(descriptor) != 0 && error == 0) error = errno;
  if (error != 0) return SystemError(error, doing, path);
  return absl::OkStatus();
}

absl::Status StagingFolder::Commit() {
  // Everything below must be on the disk before the name says so.
  if (::syncfs(descriptor_) != 0) {
    return SystemError(errno, "Cannot write to disk", path_);
  }
  if (::rename(path_.c_str(), final_path_.c_str()) != 0) {
    const int error = errno;
    Release();
    if (error == EEXIST || error == ENOTEMPTY || error == ENOTDIR) {
      return absl::AlreadyExistsError(
          fmt::format("'{}' exists and is not an empty folder. Choose another "
                      "--out or remove it.",
                      final_path_));
    }
    return SystemError(error, "Cannot rename the finished folder to",
                       final_path_);
  }
  ::close(std::exchange(descriptor_, -1));
  return absl::OkStatus();
}

}  // namespace bild
