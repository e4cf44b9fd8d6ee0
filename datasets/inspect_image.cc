// InspectImage (image_header.h): headers of files, without reading all of them.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "bild/base/atomic_file.h"
#include "bild/base/status.h"
#include "datasets/image_header.h"
#include "datasets/image_structure.h"
#include "datasets/within_memory.h"
#include "fmt/format.h"

namespace bild {
namespace {

// Enough for nearly every header; a JPEG with large metadata is read whole.
constexpr size_t kPrefixBytes = 4096;

// At most `count` bytes from `offset`; fewer at the file's end or on an error.
std::string ReadAt(int descriptor, int64_t offset, size_t count) {
  std::string bytes(count, '\0');
  size_t filled = 0;
  while (filled < count) {
    const ssize_t got =
        ::pread(descriptor, bytes.data() + filled, count - filled,
                offset + static_cast<int64_t>(filled));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    filled += static_cast<size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

// What stands between a PNG's prefix and its pixels.
enum class PixelsOfPng {
  kReached,      // Nothing that matters.
  kTransparent,  // A transparent colour.
  kTooFar,       // More chunks than are walked.
};

// Walks the heads of chunks from the prefix on: a colour profile of some
// kilobytes pushes a tRNS chunk behind it.
PixelsOfPng WalkToPixels(int descriptor, const std::string& prefix) {
  constexpr size_t kSignatureBytes = 8;
  constexpr size_t kHeadBytes = 8;
  constexpr int kMostChunks = 1000;
  if (prefix.compare(0, 4, "\x89PNG") != 0) return PixelsOfPng::kReached;
  auto at = static_cast<int64_t>(kSignatureBytes);
  for (int chunk = 0; chunk < kMostChunks; ++chunk) {
    const bool is_in_prefix = at + static_cast<int64_t>(kHeadBytes) <=
                              static_cast<int64_t>(prefix.size());
    const std::string head =
        is_in_prefix ? prefix.substr(static_cast<size_t>(at), kHeadBytes)
                     : ReadAt(descriptor, at, kHeadBytes);
    if (head.size() < kHeadBytes) return PixelsOfPng::kReached;
    const std::string type = head.substr(4);
    if (type == "IDAT" || type == "IEND") return PixelsOfPng::kReached;
    if (type == "tRNS") return PixelsOfPng::kTransparent;
    at += 12 + int64_t{BigEndian32(head, 0)};
  }
  return PixelsOfPng::kTooFar;
}

struct FileEnds {
  std::string prefix;  // The first kPrefixBytes, or all.
  std::string tail;    // The last 12 bytes, or all.
  int64_t size = 0;
  // Of a PNG, behind the prefix.
  PixelsOfPng png = PixelsOfPng::kReached;
};

absl::StatusOr<FileEnds> ReadEnds(const std::string& path) {
  // O_NONBLOCK: a pipe that is called .png must not stop the program.
  const int descriptor =
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) {
    const int error = errno;
    const std::string text = fmt::format("Cannot read picture '{}': {}.", path,
                                         std::strerror(error));
    struct stat link;
    if (error == ENOENT) {
      return absl::NotFoundError(
          ::lstat(path.c_str(), &link) == 0
              ? text + " It is a link whose target is missing."
              : text + " Check the path.");
    }
    if (error == EACCES || error == EPERM) {
      return absl::PermissionDeniedError(text + " Change its rights.");
    }
    return absl::UnavailableError(text);
  }
  FileEnds ends;
  struct stat status;
  const bool is_known = ::fstat(descriptor, &status) == 0;
  if (is_known && S_ISREG(status.st_mode)) {
    ends.size = status.st_size;
    ends.prefix = ReadAt(descriptor, 0, kPrefixBytes);
    ends.tail = ReadAt(descriptor, std::max<int64_t>(0, ends.size - 12), 12);
    ends.png = WalkToPixels(descriptor, ends.prefix);
  }
  ::close(descriptor);
  if (!is_known || !S_ISREG(status.st_mode)) {
    return absl::FailedPreconditionError(fmt::format(
        "Cannot read picture '{}': it is {}, expected a file.", path,
        is_known && S_ISDIR(status.st_mode) ? "a folder" : "no regular file"));
  }
  return ends;
}

// DataLoss if the file was cut off. Only a file whose last bytes are not the
// picture's own end is read whole and walked: bytes after it are harmless.
absl::Status CheckEnd(const ImageHeader& header, const FileEnds& ends,
                      const std::string& path) {
  switch (header.format) {
    case ImageFormat::kPng: {
      if (ends.tail == std::string("\0\0\0\0IEND\xae\x42\x60\x82", 12)) {
        return absl::OkStatus();
      }
      BILD_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
      return PngOfPixelsOnly(bytes).status();
    }
    case ImageFormat::kJpeg: {
      if (ends.tail.substr(ends.tail.size() - 2) == "\xff\xd9") {
        return absl::OkStatus();
      }
      BILD_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
      return CheckJpegReachesItsEnd(bytes);
    }
    case ImageFormat::kBmp:
      return CheckBmpReachesItsEnd(header, ends.prefix, ends.size);
  }
  return absl::OkStatus();
}

absl::StatusOr<ImageHeader> Inspect(const std::string& path,
                                    const ImageRules& rules) {
  BILD_ASSIGN_OR_RETURN(const FileEnds ends, ReadEnds(path));
  const auto with_path = [&](const absl::Status& status) {
    return absl::Status(status.code(),
                        fmt::format("'{}' {} ({} bytes).", path,
                                    std::string(status.message()), ends.size));
  };
  if (ends.size > kMostBytes) {
    return with_path(absl::InvalidArgumentError(fmt::format(
        "is a file of more than the {} bytes that are read, expected a picture",
        kMostBytes)));
  }
  absl::StatusOr<ImageHeader> header = ParseImageHeader(ends.prefix, rules);
  const bool is_whole = ends.size <= static_cast<int64_t>(ends.prefix.size());
  const bool goes_on = absl::IsOutOfRange(header.status()) ||
                       (header.ok() && ends.png == PixelsOfPng::kTooFar);
  if (goes_on && !is_whole) {
    BILD_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
    header = ParseImageHeader(bytes, rules);
  }
  if (header.ok() && ends.png == PixelsOfPng::kTransparent) {
    header->has_alpha = true;
  }
  if (absl::IsOutOfRange(header.status())) {
    return with_path(absl::DataLossError(
        "is cut off: it " + std::string(header.status().message())));
  }
  if (!header.ok()) return with_path(header.status());
  const absl::Status end = CheckEnd(*header, ends, path);
  if (!end.ok()) return with_path(end);
  return header;
}

}  // namespace

absl::StatusOr<ImageHeader> InspectImage(const std::string& path,
                                         const ImageRules& rules) {
  return WithinMemory(path, [&] { return Inspect(path, rules); });
}

}  // namespace bild
