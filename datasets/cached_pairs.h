// A paired dataset in a packed cache: its pictures lie decoded in one mapped
// file. Links no decoder.

#ifndef DATASETS_CACHED_PAIRS_H_
#define DATASETS_CACHED_PAIRS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "datasets/cache_index.h"
#include "datasets/image_header.h"
#include "datasets/paired_dataset.h"

namespace bild {

// FOLDER/SET.index and FOLDER/SET.pixels.
std::string CacheIndexPath(const std::string& folder, const std::string& set);
std::string CacheDataPath(const std::string& folder, const std::string& set);

// The call that makes this cache (again), for messages.
std::string PackCommand(const CacheIndex& index, const std::string& folder);

struct CacheRequest {
  std::string folder;  // As `pack --output=` was given.
  std::string set;     // As in --dataset.
  // The run's flags. A cache that was packed with others is refused, as the
  // files would be.
  bool allow_partial = false;
  ImageRules reading;
  std::string folder_flag = "--cache";  // For messages.
  // If given, receives what was noticed when it was packed and now, a line
  // each.
  std::vector<std::string>* notes = nullptr;
};

class CachedPairs : public PairedDataset {
 public:
  // Maps a cache after comparing it with its sources, which are not read:
  //   NotFound            no such cache in the folder (says which are there)
  //   DataLoss            index or pixels cut off, changed, of two packings
  //   FailedPrecondition  another version; packed with other flags; stale: a
  //                       source file is gone, has another size or time, or
  //                       was added
  // Where the folder of the sources is not there at all (another machine), a
  // note says that nothing was compared. Every message ends with the command
  // that packs again.
  static absl::StatusOr<std::unique_ptr<CachedPairs>> Open(
      const CacheRequest& request);
  ~CachedPairs() override;

  const std::string& name() const override;
  const std::string& layout() const override;
  const std::vector<std::string>& invalid_reasons() const override;
  const std::vector<PairName>& pairs() const override;
  absl::StatusOr<ImagePair> Read(int64_t index) const override;
  absl::StatusOr<PairView> View(int64_t index) const override;
  absl::StatusOr<ImageSize> ReadSize(int64_t index) const override;
  absl::StatusOr<PairFileBytes> FileBytes(int64_t index) const override;

  const CacheIndex& index() const;

  // Hashes every stored picture. DataLoss lists those that changed.
  absl::Status CheckPixels() const;

 private:
  struct Content;
  explicit CachedPairs(std::shared_ptr<const Content> content);

  std::shared_ptr<const Content> content_;  // Views hold it as well.
};

}  // namespace bild

#endif  // DATASETS_CACHED_PAIRS_H_
