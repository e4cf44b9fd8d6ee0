// Whether a hazy picture and its clear one show the same place: the shift at
// which their edges agree best.

#ifndef DATASETS_ALIGNMENT_H_
#define DATASETS_ALIGNMENT_H_

#include <cstdint>
#include <optional>

#include "datasets/image.h"

namespace bild {

// Shifts of up to this many pixels in each direction are tried.
constexpr int64_t kMostShiftPx = 3;

struct BestShift {
  // The clear picture's point (x, y) is found at (x + dx_px, y + dy_px) of the
  // hazy one.
  int64_t dx_px = 0;
  int64_t dy_px = 0;
  double correlation = 0.0;  // Pearson's, -1 to 1, at that shift.
};

// Of the 7 x 7 shifts the one with the greatest Pearson correlation of the two
// gradient magnitudes (central differences of R + G + B); of equal ones the
// shortest. All shifts are compared over the same part of the clear picture.
// Empty where there is nothing to compare: pictures below 16 px, or without an
// edge. Sizes are equal (the caller's duty).
std::optional<BestShift> FindBestShift(const Image& hazy, const Image& clear);

}  // namespace bild

#endif  // DATASETS_ALIGNMENT_H_
