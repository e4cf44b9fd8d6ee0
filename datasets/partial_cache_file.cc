#include "datasets/partial_cache_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "bild/base/status.h"
#include "fmt/format.h"

namespace bild {

absl::Status CacheSystemError(const std::string& doing, const std::string& path,
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

PartialCacheFile::~PartialCacheFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

absl::Status PartialCacheFile::Open(const std::string& path) {
  path_ = path;
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor_ < 0) return CacheSystemError("Cannot create", path, errno);
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

bool PartialCacheFile::IsOf(const CacheIndex& index) const {
  struct stat status;
  const std::string wanted = CacheDataHeader(index.plan_sha256);
  std::string found(wanted.size(), '\0');
  return ::fstat(descriptor_, &status) == 0 &&
         status.st_size == index.data_bytes &&
         ::pread(descriptor_, found.data(), found.size(), 0) ==
             static_cast<ssize_t>(found.size()) &&
         found == wanted;
}

absl::Status PartialCacheFile::Start(const CacheIndex& index) {
  if (::ftruncate(descriptor_, 0) != 0) {
    return CacheSystemError("Cannot empty", path_, errno);
  }
  const int error = ::posix_fallocate(descriptor_, 0, index.data_bytes);
  if (error != 0) {
    return CacheSystemError(
        fmt::format("Cannot take {} bytes for", index.data_bytes), path_,
        error);
  }
  const std::string header = CacheDataHeader(index.plan_sha256);
  return Write(header.data(), header.size(), 0);
}

absl::Status PartialCacheFile::Write(const void* data, size_t size,
                                     int64_t offset) const {
  const char* from = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t written = ::pwrite(descriptor_, from, size, offset);
    if (written < 0) {
      if (errno == EINTR) continue;
      return CacheSystemError("Cannot write", path_, errno);
    }
    from += written;
    offset += written;
    size -= static_cast<size_t>(written);
  }
  return absl::OkStatus();
}

absl::Status PartialCacheFile::Sync() const {
  if (::fdatasync(descriptor_) == 0) return absl::OkStatus();
  return CacheSystemError("Cannot sync", path_, errno);
}

}  // namespace bild
