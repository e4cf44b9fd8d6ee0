// A folder that appears under its name complete or not at all.

#ifndef DATASETS_SYNTHETIC_STAGING_FOLDER_H_
#define DATASETS_SYNTHETIC_STAGING_FOLDER_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace bild {

// A temporary sibling ".NAME.partial-<process>-<n>" of the folder NAME. It is
// filled, then renamed by Commit(); destruction without a commit removes it.
// What a killed process left behind is removed when a later one stages the same
// name: each staging folder is locked (flock) while its process lives.
class StagingFolder {
 public:
  // Makes parents as needed. Errors name the path and the system's reason.
  static absl::StatusOr<StagingFolder> Create(const std::string& final_path);

  StagingFolder(StagingFolder&& other) noexcept;
  StagingFolder& operator=(StagingFolder&& other) noexcept;
  ~StagingFolder();

  const std::string& path() const { return path_; }

  // A new file below the folder, not synced by itself: Commit() syncs all at
  // once. Thread-safe. Errors name the path, its bytes and the system's reason.
  absl::Status Write(const std::string& name, const std::string& content) const;

  // Syncs and renames. AlreadyExists where something that is not an empty
  // folder has the name by now; the staging folder is then removed.
  absl::Status Commit();

 private:
  StagingFolder(const std::string& final_path, const std::string& path,
                int descriptor);
  void Release();

  std::string final_path_;
  std::string path_;
  int descriptor_ = -1;  // Of the folder; holds the lock. -1: nothing is held.
};

}  // namespace bild

#endif  // DATASETS_SYNTHETIC_STAGING_FOLDER_H_
