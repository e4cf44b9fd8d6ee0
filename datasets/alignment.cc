#include "datasets/alignment.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace bild {
namespace {

struct Plane {
  int64_t width_px = 0;
  int64_t height_px = 0;
  std::vector<float> values;

  const float* Row(int64_t y) const { return values.data() + y * width_px; }
};

template <typename Values>
std::vector<float> SumOfChannels(const Values& rgb) {
  std::vector<float> grey(rgb.size() / 3);
  for (size_t i = 0; i < grey.size(); ++i) {
    grey[i] = static_cast<float>(rgb[3 * i]) +
              static_cast<float>(rgb[3 * i + 1]) +
              static_cast<float>(rgb[3 * i + 2]);
  }
  return grey;
}

// The border pixels have no central difference and stay 0.
Plane GradientMagnitudes(const Image& image) {
  const int64_t width = image.width_px;
  const std::vector<float> grey = image.rgb16.empty()
                                      ? SumOfChannels(image.rgb)
                                      : SumOfChannels(image.rgb16);
  Plane plane{width, image.height_px, std::vector<float>(grey.size())};
  for (int64_t y = 1; y + 1 < image.height_px; ++y) {
    for (int64_t x = 1; x + 1 < width; ++x) {
      const int64_t at = y * width + x;
      const float across = grey[at + 1] - grey[at - 1];
      const float down = grey[at + width] - grey[at - width];
      plane.values[at] = std::sqrt(across * across + down * down);
    }
  }
  return plane;
}

// Gradients need one more pixel than the shifts.
constexpr int64_t kMarginPx = kMostShiftPx + 1;

// Over the compared part: of h, h^2 and h c.
struct Sums {
  double hazy = 0.0;
  double hazy_squares = 0.0;
  double products = 0.0;
};

// In four lanes, so that an addition need not wait for the one before.
Sums SumsAtShift(const Plane& hazy, const Plane& clear, int64_t dx,
                 int64_t dy) {
  constexpr int64_t kLanes = 4;
  double h_sum[kLanes] = {};
  double hh_sum[kLanes] = {};
  double hc_sum[kLanes] = {};
  const int64_t count = clear.width_px - 2 * kMarginPx;
  for (int64_t y = kMarginPx; y < clear.height_px - kMarginPx; ++y) {
    const float* const h_row = hazy.Row(y + dy) + kMarginPx + dx;
    const float* const c_row = clear.Row(y) + kMarginPx;
    const auto add = [&](int64_t x, int64_t lane) {
      const double h = h_row[x];
      h_sum[lane] += h;
      hh_sum[lane] += h * h;
      hc_sum[lane] += h * static_cast<double>(c_row[x]);
    };
    int64_t x = 0;
    for (; x + kLanes <= count; x += kLanes) {
      for (int64_t lane = 0; lane < kLanes; ++lane) add(x + lane, lane);
    }
    for (; x < count; ++x) add(x, 0);
  }
  Sums sums;
  for (int64_t lane = 0; lane < kLanes; ++lane) {
    sums.hazy += h_sum[lane];
    sums.hazy_squares += hh_sum[lane];
    sums.products += hc_sum[lane];
  }
  return sums;
}

}  // namespace

std::optional<BestShift> FindBestShift(const Image& hazy, const Image& clear) {
  constexpr int64_t kSmallestPx = 16;
  if (std::min(clear.width_px, clear.height_px) < kSmallestPx) {
    return std::nullopt;
  }
  const Plane hazy_edges = GradientMagnitudes(hazy);
  const Plane clear_edges = GradientMagnitudes(clear);
  const auto n = static_cast<double>((clear.width_px - 2 * kMarginPx) *
                                     (clear.height_px - 2 * kMarginPx));
  const Sums own = SumsAtShift(clear_edges, clear_edges, 0, 0);
  const double clear_variance = own.hazy_squares - own.hazy * own.hazy / n;
  if (clear_variance <= 0.0) return std::nullopt;

  std::optional<BestShift> best;
  for (int64_t dy = -kMostShiftPx; dy <= kMostShiftPx; ++dy) {
    for (int64_t dx = -kMostShiftPx; dx <= kMostShiftPx; ++dx) {
      const Sums sums = SumsAtShift(hazy_edges, clear_edges, dx, dy);
      const double variance = sums.hazy_squares - sums.hazy * sums.hazy / n;
      if (variance <= 0.0) continue;
      const double correlation = (sums.products - sums.hazy * own.hazy / n) /
                                 std::sqrt(variance * clear_variance);
      const auto length = [](int64_t x, int64_t y) { return x * x + y * y; };
      const bool is_better =
          !best.has_value() || correlation > best->correlation ||
          (correlation == best->correlation &&
           length(dx, dy) < length(best->dx_px, best->dy_px));
      if (is_better) best = BestShift{dx, dy, correlation};
    }
  }
  return best;
}

}  // namespace bild
