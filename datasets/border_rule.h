// RESIDE's border rule: SOTS indoor ships clear pictures of 640x480 for hazy
// ones of 620x460, which are their inner part.

#ifndef DATASETS_BORDER_RULE_H_
#define DATASETS_BORDER_RULE_H_

#include <cstdint>

#include "datasets/image.h"

namespace bild {

enum class BorderFit {
  kEqual,     // As it is.
  kBorder,    // Clear is exactly 20 wider and 20 higher: 10 px each side go.
  kMismatch,  // Anything else is an error; nothing is ever resized.
};

constexpr int64_t kBorderPx = 10;

BorderFit CompareSizes(const ImageSize& hazy, const ImageSize& clear);

// `image` without 10 px on each side. It must be larger than 20x20.
Image WithoutBorder(const Image& image);

}  // namespace bild

#endif  // DATASETS_BORDER_RULE_H_
