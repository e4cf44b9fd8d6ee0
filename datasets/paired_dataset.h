// The interface of a paired dehazing dataset: named pairs that can be read by
// index. What the trainer and the evaluator know of data.

#ifndef DATASETS_PAIRED_DATASET_H_
#define DATASETS_PAIRED_DATASET_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "datasets/image.h"

namespace bild {

// One (hazy, clear) pair. An id names it in lists and records; a scene (the
// clear picture) is never in two splits.
struct PairName {
  std::string id;         // "1400_1"
  std::string scene;      // "1400"
  std::string hazy_path;  // As opened, for messages and per-image rows.
  std::string clear_path;
};

// Of a pair's files as they lie on the disk.
struct PairFileBytes {
  int64_t hazy = 0;
  int64_t clear = 0;
};

class PairedDataset {
 public:
  virtual ~PairedDataset() = default;

  // As it appears in every row: "sots_indoor", "pair", "synthetic_its",
  // "sots_indoor[n=60]".
  virtual const std::string& name() const = 0;
  // The folder layout that was recognised, in the words of the docs.
  virtual const std::string& layout() const = 0;
  // Empty, or why rows from this set can never be VALID for a published
  // protocol ("synthetic", "partial: 60 of 500 files").
  virtual const std::vector<std::string>& invalid_reasons() const = 0;

  // Sorted bytewise by id, each id once.
  virtual const std::vector<PairName>& pairs() const = 0;

  // Decodes pair `index` of pairs() and applies the border rule. Thread-safe
  // and without state: two calls give the same bytes. Errors name the file,
  // what was expected and what was found.
  virtual absl::StatusOr<ImagePair> Read(int64_t index) const = 0;

  // The same pixels without a copy, where the set holds them decoded. This one
  // decodes.
  virtual absl::StatusOr<PairView> View(int64_t index) const {
    absl::StatusOr<ImagePair> pair = Read(index);
    if (!pair.ok()) return pair.status();
    PairView view;
    view.hazy = ViewOf(*pair->hazy);
    view.clear = ViewOf(*pair->clear);
    view.owner = std::make_shared<const ImagePair>(*std::move(pair));
    return view;
  }

  // At least the pixels of `window`, which must lie in the pictures: for sets
  // that can decode a part for less. Damage anywhere in a file is an error all
  // the same. This one gives everything.
  virtual absl::StatusOr<PairView> ViewPart(int64_t index,
                                            const ImageWindow& window) const {
    (void)window;
    return View(index);
  }

  // The size of what Read(index) gives, from the header where the set knows it.
  // This one decodes.
  virtual absl::StatusOr<ImageSize> ReadSize(int64_t index) const {
    absl::StatusOr<ImagePair> pair = Read(index);
    if (!pair.ok()) return pair.status();
    return ImageSize{pair->hazy->width_px, pair->hazy->height_px};
  }

  // How large the pair's files are: with the ids it tells two sets apart that
  // have the same names. This one looks at the files.
  virtual absl::StatusOr<PairFileBytes> FileBytes(int64_t index) const {
    const PairName& pair = pairs().at(static_cast<size_t>(index));
    PairFileBytes bytes;
    for (const bool is_hazy : {true, false}) {
      const std::string& path = is_hazy ? pair.hazy_path : pair.clear_path;
      std::error_code error;
      const auto size = std::filesystem::file_size(path, error);
      if (error) {
        return absl::NotFoundError(
            "'" + path + "' was there a moment ago: " + error.message() + ".");
      }
      (is_hazy ? bytes.hazy : bytes.clear) = static_cast<int64_t>(size);
    }
    return bytes;
  }
};

}  // namespace bild

#endif  // DATASETS_PAIRED_DATASET_H_
