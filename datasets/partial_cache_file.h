// The file of pixels of a cache that is being packed.

#ifndef DATASETS_PARTIAL_CACHE_FILE_H_
#define DATASETS_PARTIAL_CACHE_FILE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "datasets/cache_index.h"

namespace bild {

// The error of a system call: ResourceExhausted for a full disk,
// PermissionDenied, or Unavailable, with what to do.
absl::Status CacheSystemError(const std::string& doing, const std::string& path,
                              int error);

// An open file of half a cache, locked as long as it is open. One thread opens
// and starts it; any number of threads write to different places of it.
class PartialCacheFile {
 public:
  PartialCacheFile() = default;
  ~PartialCacheFile();
  PartialCacheFile(const PartialCacheFile&) = delete;
  PartialCacheFile& operator=(const PartialCacheFile&) = delete;

  // Makes it where it is missing. FailedPrecondition while another process has
  // it open.
  absl::Status Open(const std::string& path);

  // Whether it was laid out for this plan.
  bool IsOf(const CacheIndex& index) const;

  // Empties it, takes the room on the disk and writes the header.
  absl::Status Start(const CacheIndex& index);

  absl::Status Write(const void* data, size_t size, int64_t offset) const;
  absl::Status Sync() const;

 private:
  std::string path_;
  int descriptor_ = -1;
};

}  // namespace bild

#endif  // DATASETS_PARTIAL_CACHE_FILE_H_
