// Files that are either the old ones or the new ones, whole, whatever happens.

#ifndef BILD_BASE_ATOMIC_FILE_H_
#define BILD_BASE_ATOMIC_FILE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace bild {

// Writes `content` to `path`: a temporary file in the same folder, fsync,
// rename, fsync of the folder. On any error (full disk, no permission, no such
// folder) the temporary file is removed, what was at `path` stays as it was,
// and the status names the path, the system's reason and the bytes wanted.
absl::Status WriteFileAtomically(const std::string& path,
                                 const std::string& content);
// The same for content in pieces, written one after the other, so that a large
// file need not be assembled in memory. The views must outlive the call.
struct Bytes {
  const void* data;
  size_t size;
};
absl::Status WriteFileAtomically(const std::string& path,
                                 const std::vector<Bytes>& pieces);

// Removes, in `folder` and not below it, the temporary files of processes that
// were killed in WriteFileAtomically: they are called ".NAME.bild-tmp.PROCESS",
// as nothing else is. Those of living processes stay.
void RemoveAbandonedTemporaries(const std::string& folder);

// The whole file. NotFound / PermissionDenied / FailedPrecondition (a folder)
// with path and the system's reason.
absl::StatusOr<std::string> ReadFile(const std::string& path);

// Creates the folder and its parents where they are missing.
absl::Status MakeFolders(const std::string& path);

// Appends and fsyncs: for journals whose valid length is kept elsewhere.
absl::Status AppendToFile(const std::string& path, const std::string& content);

}  // namespace bild

#endif  // BILD_BASE_ATOMIC_FILE_H_
