#include "datasets/image_store.h"

#include <utility>

#include "bild/base/status.h"

namespace bild {
namespace {

int64_t BytesOf(const Image& image) {
  return static_cast<int64_t>(image.rgb.size() +
                              image.rgb16.size() * sizeof(uint16_t));
}

}  // namespace

ImageStore::ImageStore(std::shared_ptr<const PairedDataset> source,
                       int64_t budget_bytes)
    : source_(std::move(source)), budget_bytes_(budget_bytes) {}

absl::StatusOr<ImagePair> ImageStore::Read(int64_t index) const {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = held_.find(index);
    if (found != held_.end()) return found->second;
  }
  // Decoded without the lock. Two threads that want the same pair at the same
  // moment both decode it; the first to come back here keeps it.
  BILD_ASSIGN_OR_RETURN(const ImagePair pair, source_->Read(index));
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = held_.find(index);
  if (found != held_.end()) return found->second;
  int64_t more_bytes = 0;
  for (const Image* image : {pair.hazy.get(), pair.clear.get()}) {
    if (held_images_.count(image) == 0) more_bytes += BytesOf(*image);
  }
  if (held_bytes_ + more_bytes <= budget_bytes_) {
    held_bytes_ += more_bytes;
    held_.emplace(index, pair);
    held_images_.insert(pair.hazy.get());
    held_images_.insert(pair.clear.get());
  }
  return pair;
}

absl::StatusOr<PairView> ImageStore::ViewPart(int64_t index,
                                              const ImageWindow& window) const {
  BILD_ASSIGN_OR_RETURN(const ImageSize size, source_->ReadSize(index));
  bool is_whole_wanted = false;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    // With its clear picture, as if nobody shared that.
    const int64_t bytes = 2 * 3 * size.width_px * size.height_px;
    is_whole_wanted =
        held_.count(index) > 0 || held_bytes_ + bytes <= budget_bytes_;
  }
  return is_whole_wanted ? View(index) : source_->ViewPart(index, window);
}

int64_t ImageStore::held_bytes() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return held_bytes_;
}

}  // namespace bild
