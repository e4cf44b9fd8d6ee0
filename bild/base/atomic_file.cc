#include "bild/base/atomic_file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <new>
#include <system_error>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace bild {
namespace {

// Between the name of a file and the number of the process that writes it.
// Temporary files are removed by their names alone, in folders that users name,
// so it must be one that nobody gives: "notes.tmp.20240101" is a user's.
constexpr char kTemporary[] = ".bild-tmp.";

std::string TemporaryPath(const std::string& path) {
  const std::filesystem::path whole(path);
  return (whole.parent_path() /
          absl::StrCat(".", whole.filename().string(), kTemporary, ::getpid()))
      .string();
}

// The process that a temporary file belongs to; 0 for any other file.
pid_t MakerOf(const std::string& name) {
  const size_t at = name.rfind(kTemporary);
  if (name[0] != '.' || at == std::string::npos) return 0;
  const std::string number = name.substr(at + std::strlen(kTemporary));
  pid_t maker = 0;
  // Only what StrCat writes: no sign, no space, no leading zero.
  if (!absl::SimpleAtoi(number, &maker) || absl::StrCat(maker) != number) {
    return 0;
  }
  return std::max<pid_t>(maker, 0);
}

absl::Status SystemError(int error, const std::string& doing,
                         const std::string& path) {
  const std::string text =
      absl::StrCat(doing, " '", path, "': ", std::strerror(error), ".");
  switch (error) {
    case ENOENT:
      return absl::NotFoundError(
          absl::StrCat(text, " Check the path and its folder."));
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::PermissionDeniedError(
          absl::StrCat(text, " Choose another place or change its rights."));
    case EISDIR:
    case ENOTDIR:
    case EEXIST:
      return absl::FailedPreconditionError(absl::StrCat(
          text, " Choose another path or move away what is there."));
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return absl::ResourceExhaustedError(absl::StrCat(
          text,
          " Free space there or choose another --out; what was written "
          "before is intact."));
    case ENOMEM:
      return absl::ResourceExhaustedError(absl::StrCat(
          text, " End other programs, or take a machine with more memory."));
    default:
      return absl::UnavailableError(text);
  }
}

// Writes everything or returns the errno.
int WriteAll(int descriptor, const char* data, size_t size) {
  while (size > 0) {
    const ssize_t written = ::write(descriptor, data, size);
    if (written < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    data += written;
    size -= static_cast<size_t>(written);
  }
  return 0;
}

// Reads to the end or returns the errno; `size` is how much to expect.
int ReadAll(int descriptor, off_t size, std::string* content) {
  // A caller in a thread of its own could not catch what is thrown here.
  try {
    content->reserve(static_cast<size_t>(size));
    char buffer[1 << 16];
    while (true) {
      const ssize_t count = ::read(descriptor, buffer, sizeof buffer);
      if (count == 0) return 0;
      if (count > 0) {
        content->append(buffer, static_cast<size_t>(count));
      } else if (errno != EINTR) {
        return errno;
      }
    }
  } catch (const std::bad_alloc&) {
    return ENOMEM;
  }
}

void SyncFolderOf(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const int descriptor = ::open(folder.empty() ? "." : folder.c_str(),
                                O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);  // Some file systems refuse it; the rename stands.
  ::close(descriptor);
}

}  // namespace

absl::Status WriteFileAtomically(const std::string& path,
                                 const std::vector<Bytes>& pieces) {
  const std::string temporary = TemporaryPath(path);
  const int descriptor =
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) return SystemError(errno, "Cannot create", path);
  int error = 0;
  size_t wanted = 0;
  for (const Bytes& piece : pieces) wanted += piece.size;
  for (const Bytes& piece : pieces) {
    error =
        WriteAll(descriptor, static_cast<const char*>(piece.data), piece.size);
    if (error != 0) break;
  }
  if (error == 0 && ::fsync(descriptor) != 0) error = errno;
  if (::close(descriptor) != 0 && error == 0) error = errno;
  if (error == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) {
    error = errno;
  }
  if (error != 0) {
    ::unlink(temporary.c_str());
    return SystemError(
        error, absl::StrCat("Cannot write ", wanted, " bytes to"), path);
  }
  SyncFolderOf(path);
  return absl::OkStatus();
}

absl::Status WriteFileAtomically(const std::string& path,
                                 const std::string& content) {
  return WriteFileAtomically(
      path, std::vector<Bytes>{{content.data(), content.size()}});
}

void RemoveAbandonedTemporaries(const std::string& folder) {
  namespace fs = std::filesystem;
  std::error_code error;
  std::vector<fs::path> abandoned;
  for (fs::directory_iterator entry(folder, error);
       !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const pid_t maker = MakerOf(entry->path().filename().string());
    if (maker == 0 || maker == ::getpid()) continue;
    std::error_code ignored;
    if (!fs::is_regular_file(entry->symlink_status(ignored))) continue;
    if (::kill(maker, 0) != 0 && errno == ESRCH) {
      abandoned.push_back(entry->path());
    }
  }
  for (const fs::path& path : abandoned) ::unlink(path.c_str());
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return SystemError(errno, "Cannot read", path);
  std::string content;
  int error = 0;
  struct stat status;
  if (::fstat(descriptor, &status) != 0) {
    error = errno;
  } else if (S_ISDIR(status.st_mode)) {
    ::close(descriptor);
    return absl::FailedPreconditionError(absl::StrCat(
        "Cannot read '", path, "': it is a folder, expected a file."));
  } else {
    error = ReadAll(descriptor, status.st_size, &content);
  }
  ::close(descriptor);
  if (error != 0) return SystemError(error, "Cannot read", path);
  return content;
}

absl::Status MakeFolders(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return SystemError(error.value(), "Cannot create folder", path);
  return absl::OkStatus();
}

absl::Status AppendToFile(const std::string& path, const std::string& content) {
  const int descriptor =
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor < 0) return SystemError(errno, "Cannot open", path);
  int error = WriteAll(descriptor, content.data(), content.size());
  if (error == 0 && ::fsync(descriptor) != 0) error = errno;
  if (::close(descriptor) != 0 && error == 0) error = errno;
  if (error != 0) return SystemError(error, "Cannot append to", path);
  return absl::OkStatus();
}

}  // namespace bild
