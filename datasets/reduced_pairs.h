// A test set at a named, smaller resolution. Training never resizes; scores may
// be asked for at less than full size where a paper reports them so, and every
// row then names the variant.

#ifndef DATASETS_REDUCED_PAIRS_H_
#define DATASETS_REDUCED_PAIRS_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "datasets/image.h"
#include "datasets/paired_dataset.h"

namespace bild {

enum class Resolution {
  kFull,     // As the files are.
  kHalf,     // floor(W / 2) x floor(H / 2), at least 1.
  kFit1600,  // The longer side becomes 1600 where it is more, the other follows
             // (rounded half to even, at least 1).
};

// "full", "half", "fit1600"; InvalidArgument lists them.
absl::StatusOr<Resolution> ParseResolution(const std::string& name);

ImageSize ReducedSize(const ImageSize& size, Resolution resolution);

// Area averaging: an output pixel is the mean over its exact share of the
// picture (pixels on its edge count with the part that lies inside), in
// float64, rounded half to even. `size` must not be larger than the picture.
Image Reduced(const Image& image, const ImageSize& size);

// `source` with both sides of every pair reduced, the same way; `source` itself
// for kFull.
std::shared_ptr<const PairedDataset> AtResolution(
    std::shared_ptr<const PairedDataset> source, Resolution resolution);

}  // namespace bild

#endif  // DATASETS_REDUCED_PAIRS_H_
