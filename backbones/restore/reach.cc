#include "backbones/restore/reach.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "ATen/TensorOperators.h"
#include "ATen/ops/full.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "c10/core/GradMode.h"

namespace bild {
namespace {

constexpr int64_t kFirstStripPx = 64;
constexpr int64_t kLongestStripPx = 4096;
// Wide enough for every net's smallest side.
constexpr int64_t kStripWidthPx = 32;

// The reach seen from row `row` of a strip of `length_px`, along the rows (or,
// turned, the columns); empty where it may go on beyond the strip.
std::optional<int64_t> ReachInStrip(const Backbone& backbone, int64_t length_px,
                                    int64_t row, bool is_turned) {
  at::Tensor strip = at::full({1, 3, length_px, kStripWidthPx}, 0.5,
                              backbone.parameters().flat().options());
  if (is_turned) strip = strip.transpose(2, 3).contiguous();
  const auto whole = backbone.LookAtWhole(strip);
  strip.select(is_turned ? 3 : 2, row)
      .fill_(std::numeric_limits<float>::quiet_NaN());
  const at::Tensor output = backbone.RestoreWindow(
      strip, {0, 0, strip.size(3), strip.size(2)}, whole.get());
  at::Tensor reached = output.isnan().any(1).any(is_turned ? 1 : 2)[0];
  const at::Tensor rows = reached.nonzero();
  if (rows.size(0) == 0) return 0;
  const int64_t first = rows[0][0].item<int64_t>();
  const int64_t last = rows[rows.size(0) - 1][0].item<int64_t>();
  if (first == 0 || last == length_px - 1) return std::nullopt;
  return std::max(row - first, last - row);
}

}  // namespace

absl::StatusOr<int64_t> MeasureReach(const Backbone& backbone) {
  const at::NoGradGuard no_grad;
  const int64_t multiple = backbone.TileMultiple();
  for (int64_t length_px = kFirstStripPx; length_px <= kLongestStripPx;
       length_px *= 2) {
    int64_t reach = 0;
    bool ends = true;
    for (int64_t place = 0; ends && place < 2 * multiple; ++place) {
      const auto found =
          ReachInStrip(backbone, length_px, length_px / 2 + place / 2,
                       /*is_turned=*/place % 2 == 1);
      ends = found.has_value();
      if (ends) reach = std::max(reach, *found);
    }
    if (ends) return reach;
  }
  return absl::FailedPreconditionError(
      absl::StrCat(backbone.name(), " looks further than ", kLongestStripPx,
                   " px: a tile of any size differs from the whole picture"));
}

}  // namespace bild
