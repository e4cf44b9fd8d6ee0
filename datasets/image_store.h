// A cache of decoded pictures in front of a dataset, so that a training run
// decodes each file once if memory allows.

#ifndef DATASETS_IMAGE_STORE_H_
#define DATASETS_IMAGE_STORE_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "absl/status/statusor.h"
#include "datasets/paired_dataset.h"

namespace bild {

// Keeps pairs until `budget_bytes` of pixels are held, then reads the others
// from `source` each time. Nothing is put out again: an epoch visits every pair
// once, and with that order a cache that drops the oldest never hits.
//
// A clear picture that several hazy ones share is counted and held once.
// Thread-safe; names, errors and bytes are the source's.
class ImageStore : public PairedDataset {
 public:
  ImageStore(std::shared_ptr<const PairedDataset> source, int64_t budget_bytes);

  const std::string& name() const override { return source_->name(); }
  const std::string& layout() const override { return source_->layout(); }
  const std::vector<std::string>& invalid_reasons() const override {
    return source_->invalid_reasons();
  }
  const std::vector<PairName>& pairs() const override {
    return source_->pairs();
  }
  absl::StatusOr<ImagePair> Read(int64_t index) const override;
  // Whole pictures as long as there is room to keep them.
  absl::StatusOr<PairView> ViewPart(int64_t index,
                                    const ImageWindow& window) const override;
  absl::StatusOr<ImageSize> ReadSize(int64_t index) const override {
    return source_->ReadSize(index);
  }

  absl::StatusOr<PairFileBytes> FileBytes(int64_t index) const override {
    return source_->FileBytes(index);
  }

  int64_t held_bytes() const;

 private:
  std::shared_ptr<const PairedDataset> source_;
  const int64_t budget_bytes_;
  mutable std::mutex mutex_;
  mutable int64_t held_bytes_ = 0;
  mutable std::unordered_map<int64_t, ImagePair> held_;
  mutable std::unordered_set<const Image*> held_images_;
};

}  // namespace bild

#endif  // DATASETS_IMAGE_STORE_H_
