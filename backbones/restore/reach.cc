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

// The reach seen from the aligned block of rows that begins at `begin`, in a
// strip of `length_px`, along the rows (or, turned, the columns); empty where
// it may go on beyond the strip.
std::optional<int64_t> ReachInStrip(const Backbone& backbone, int64_t length_px,
                                    int64_t begin, bool is_turned) {
  const int64_t multiple = backbone.TileMultiple();
  at::Tensor strip = at::full({1, 3, length_px, kStripWidthPx}, 0.5,
                              backbone.parameters().flat().options());
  if (is_turned) strip = strip.transpose(2, 3).contiguous();
  const auto whole = backbone.LookAtWhole(strip);
  strip.narrow(is_turned ? 3 : 2, begin, multiple)
      .fill_(std::numeric_limits<float>::quiet_NaN());
  const at::Tensor output = backbone.RestoreWindow(
      strip, {0, 0, strip.size(3), strip.size(2)}, whole.get());
  const at::Tensor reached = output.isnan().any(1).any(is_turned ? 1 : 2)[0];
  const at::Tensor rows = reached.nonzero();
  if (rows.size(0) == 0) return 0;
  const int64_t first = rows[0][0].item<int64_t>();
  const int64_t last = rows[rows.size(0) - 1][0].item<int64_t>();
  if (first == 0 || last == length_px - 1) return std::nullopt;
  return std::max(begin - first / multiple * multiple,
                  last / multiple * multiple - begin);
}

}  // namespace

absl::StatusOr<int64_t> MeasureReach(const Backbone& backbone) {
  const at::NoGradGuard no_grad;
  const int64_t multiple = backbone.TileMultiple();
  for (int64_t length_px = kFirstStripPx; length_px <= kLongestStripPx;
       length_px *= 2) {
    const int64_t middle = length_px / 2 / multiple * multiple;
    const auto down = ReachInStrip(backbone, length_px, middle, false);
    if (!down.has_value()) continue;
    const auto across = ReachInStrip(backbone, length_px, middle, true);
    if (across.has_value()) return std::max(*down, *across);
  }
  return absl::FailedPreconditionError(
      absl::StrCat(backbone.name(), " looks further than ", kLongestStripPx,
                   " px: a tile of any size differs from the whole picture"));
}

}  // namespace bild
