// A file in memory without reading it: pages come when they are touched, and
// several processes share them.

#ifndef DATASETS_MAPPED_FILE_H_
#define DATASETS_MAPPED_FILE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace bild {

class MappedFile {
 public:
  // NotFound, PermissionDenied or FailedPrecondition (a folder) with the path
  // and the system's reason; DataLoss if the file is not `bytes` long. A file
  // that is made shorter while it is mapped ends the process.
  static absl::StatusOr<std::unique_ptr<MappedFile>> Open(
      const std::string& path, int64_t bytes);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const uint8_t* data() const { return data_; }
  int64_t size() const { return size_; }

 private:
  MappedFile(const uint8_t* data, int64_t size) : data_(data), size_(size) {}

  const uint8_t* data_;
  int64_t size_;
};

}  // namespace bild

#endif  // DATASETS_MAPPED_FILE_H_
