#include "datasets/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "fmt/format.h"

namespace bild {
namespace {

absl::Status SystemError(const std::string& path, int error) {
  const std::string text =
      fmt::format("Cannot map '{}': {}.", path, std::strerror(error));
  if (error == ENOENT) return absl::NotFoundError(text);
  if (error == EACCES || error == EPERM) {
    return absl::PermissionDeniedError(text);
  }
  return absl::FailedPreconditionError(text);
}

}  // namespace

absl::StatusOr<std::unique_ptr<MappedFile>> MappedFile::Open(
    const std::string& path, int64_t bytes) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return SystemError(path, errno);
  struct stat status;
  if (::fstat(descriptor, &status) != 0) {
    const int error = errno;
    ::close(descriptor);
    return SystemError(path, error);
  }
  if (!S_ISREG(status.st_mode) || status.st_size != bytes || bytes < 1) {
    ::close(descriptor);
    if (!S_ISREG(status.st_mode)) {
      return absl::FailedPreconditionError(
          fmt::format("Cannot map '{}': it is no file.", path));
    }
    return absl::DataLossError(
        fmt::format("'{}' has {} bytes, expected {}.", path,
                    static_cast<int64_t>(status.st_size), bytes));
  }
  void* const data = ::mmap(nullptr, static_cast<size_t>(bytes), PROT_READ,
                            MAP_SHARED, descriptor, 0);
  const int error = errno;
  ::close(descriptor);  // The mapping stays.
  if (data == MAP_FAILED) return SystemError(path, error);
  return std::unique_ptr<MappedFile>(
      new MappedFile(static_cast<const uint8_t*>(data), bytes));
}

MappedFile::~MappedFile() {
  ::munmap(const_cast<uint8_t*>(data_), static_cast<size_t>(size_));
}

}  // namespace bild
