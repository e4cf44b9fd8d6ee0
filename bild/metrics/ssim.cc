#include "bild/metrics/ssim.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>

namespace bild {
namespace {

// What is worked on together, one vector register of a processor with AVX2; the
// compiler takes two halves where registers are shorter.
constexpr int64_t kLanes = 4;
typedef double Lanes __attribute__((vector_size(kLanes * sizeof(double))));

// The functions below are built twice, for two kinds of processor (see Ssim),
// so they must become part of their callers.
#define BILD_ALWAYS_INLINE inline __attribute__((always_inline))

BILD_ALWAYS_INLINE void Load(const double* from, Lanes* lanes) {
  std::memcpy(lanes, from, sizeof(Lanes));
}

BILD_ALWAYS_INLINE void Store(const Lanes& lanes, double* to) {
  std::memcpy(to, &lanes, sizeof(Lanes));
}

struct Constants {
  std::vector<double> taps;
  double kappa = 1.0;
  double c1 = 0.0;
  double c2 = 0.0;
  double peak = 1.0;
};

// Weighted moments of the two pictures over the window's height, one entry per
// value of a row: the means, and of second order what the two ways below need.
// Behind the row's end lie zeros, so that whole Lanes may be read there.
struct ColumnMoments {
  explicit ColumnMoments(int64_t row_size)
      : mean_a(static_cast<size_t>(row_size + kLanes)),
        mean_b(mean_a.size()),
        squares(mean_a.size()),
        product(mean_a.size()) {}

  std::vector<double> mean_a, mean_b, squares, product;
};

struct LanesOfMoments {
  Lanes mean_a = {}, mean_b = {}, squares = {}, product = {};

  BILD_ALWAYS_INLINE void StoreAt(int64_t at, ColumnMoments* out) const {
    Store(mean_a, out->mean_a.data() + at);
    Store(mean_b, out->mean_b.data() + at);
    Store(squares, out->squares.data() + at);
    Store(product, out->product.data() + at);
  }
};

// The common way, for pictures: squares are the means of a^2 + b^2, product
// that of a b, and the means' own are taken off in the end. That cancels a few
// digits of sixteen. The window is symmetric, so that two taps are one.
struct AboutZero {
  static BILD_ALWAYS_INLINE void Column(const std::vector<double>& taps,
                                        const double* const* rows_a,
                                        const double* const* rows_b, int64_t at,
                                        ColumnMoments* out) {
    const size_t centre = taps.size() / 2;
    Lanes a, b, far_a, far_b;
    LanesOfMoments sum;
    Load(rows_a[centre] + at, &a);
    Load(rows_b[centre] + at, &b);
    sum.mean_a = taps[centre] * a;
    sum.mean_b = taps[centre] * b;
    sum.squares = taps[centre] * (a * a + b * b);
    sum.product = taps[centre] * (a * b);
    for (size_t k = 0; k < centre; ++k) {
      Load(rows_a[k] + at, &a);
      Load(rows_b[k] + at, &b);
      Load(rows_a[taps.size() - 1 - k] + at, &far_a);
      Load(rows_b[taps.size() - 1 - k] + at, &far_b);
      sum.mean_a += taps[k] * (a + far_a);
      sum.mean_b += taps[k] * (b + far_b);
      sum.squares +=
          taps[k] * ((a * a + b * b) + (far_a * far_a + far_b * far_b));
      sum.product += taps[k] * (a * b + far_a * far_b);
    }
    sum.StoreAt(at, out);
  }

  static BILD_ALWAYS_INLINE void Filter(const std::vector<double>& taps,
                                        const double* from, int64_t channels,
                                        Lanes* out) {
    const auto centre = static_cast<int64_t>(taps.size() / 2);
    Lanes value, far_value;
    Load(from + centre * channels, &value);
    Lanes sum = taps[centre] * value;
    for (int64_t k = 0; k < centre; ++k) {
      Load(from + k * channels, &value);
      Load(from + (2 * centre - k) * channels, &far_value);
      sum += taps[k] * (value + far_value);
    }
    *out = sum;
  }

  // Leaves the variances' sum in `squares` and the covariance in `product`.
  static BILD_ALWAYS_INLINE void Window(const std::vector<double>& taps,
                                        const ColumnMoments& columns,
                                        int64_t channels, int64_t at,
                                        LanesOfMoments* out) {
    Filter(taps, columns.mean_a.data() + at, channels, &out->mean_a);
    Filter(taps, columns.mean_b.data() + at, channels, &out->mean_b);
    Filter(taps, columns.squares.data() + at, channels, &out->squares);
    Filter(taps, columns.product.data() + at, channels, &out->product);
    out->squares -= out->mean_a * out->mean_a + out->mean_b * out->mean_b;
    out->product -= out->mean_a * out->mean_b;
  }
};

// The careful way, for what a diverged network returns: in two passes, about
// the mean and not about 0, so nothing cancels however large the values are.
// squares are the sum of the variances, product is the covariance.
struct AboutTheMean {
  static BILD_ALWAYS_INLINE void Column(const std::vector<double>& taps,
                                        const double* const* rows_a,
                                        const double* const* rows_b, int64_t at,
                                        ColumnMoments* out) {
    Lanes a, b;
    LanesOfMoments sum;
    for (size_t k = 0; k < taps.size(); ++k) {
      Load(rows_a[k] + at, &a);
      Load(rows_b[k] + at, &b);
      sum.mean_a += taps[k] * a;
      sum.mean_b += taps[k] * b;
    }
    for (size_t k = 0; k < taps.size(); ++k) {
      Load(rows_a[k] + at, &a);
      Load(rows_b[k] + at, &b);
      const Lanes off_a = a - sum.mean_a;
      const Lanes off_b = b - sum.mean_b;
      sum.squares += taps[k] * (off_a * off_a + off_b * off_b);
      sum.product += taps[k] * (off_a * off_b);
    }
    sum.StoreAt(at, out);
  }

  // The variance of a whole is the mean of the variances of its parts plus the
  // variance of their means.
  static BILD_ALWAYS_INLINE void Window(const std::vector<double>& taps,
                                        const ColumnMoments& columns,
                                        int64_t channels, int64_t at,
                                        LanesOfMoments* out) {
    Lanes a, b, own;
    for (size_t k = 0; k < taps.size(); ++k) {
      const int64_t from = at + static_cast<int64_t>(k) * channels;
      Load(columns.mean_a.data() + from, &a);
      Load(columns.mean_b.data() + from, &b);
      out->mean_a += taps[k] * a;
      out->mean_b += taps[k] * b;
    }
    for (size_t k = 0; k < taps.size(); ++k) {
      const int64_t from = at + static_cast<int64_t>(k) * channels;
      Load(columns.mean_a.data() + from, &a);
      Load(columns.mean_b.data() + from, &b);
      const Lanes off_a = a - out->mean_a;
      const Lanes off_b = b - out->mean_b;
      Load(columns.squares.data() + from, &own);
      out->squares += taps[k] * (own + (off_a * off_a + off_b * off_b));
      Load(columns.product.data() + from, &own);
      out->product += taps[k] * (own + off_a * off_b);
    }
  }
};

template <typename Way>
BILD_ALWAYS_INLINE double MeanSsim(const PictureView& restored,
                                   const PictureView& clear,
                                   const Constants& constants) {
  const std::vector<double>& taps = constants.taps;
  const auto side_px = static_cast<int64_t>(taps.size());
  const int64_t rows = clear.height_px - side_px + 1;
  const int64_t columns = clear.width_px - side_px + 1;
  const int64_t channels = clear.channels;
  const int64_t last_lanes = clear.RowSize() - kLanes;

  ColumnMoments moments(clear.RowSize());
  std::vector<double> s(static_cast<size_t>(columns * channels + kLanes));
  std::vector<const double*> rows_a(taps.size()), rows_b(taps.size());
  std::vector<double> totals(static_cast<size_t>(channels));
  for (int64_t y = 0; y < rows; ++y) {
    for (int64_t k = 0; k < side_px; ++k) {
      rows_a[k] = restored.Row(y + k);
      rows_b[k] = clear.Row(y + k);
    }
    for (int64_t at = 0; at < clear.RowSize(); at += kLanes) {
      // A row is longer than Lanes; its last ones are done again in part.
      Way::Column(taps, rows_a.data(), rows_b.data(), std::min(at, last_lanes),
                  &moments);
    }
    for (int64_t at = 0; at < columns * channels; at += kLanes) {
      LanesOfMoments window;
      Way::Window(taps, moments, channels, at, &window);
      const Lanes value =
          (2.0 * (window.mean_a * window.mean_b) + constants.c1) *
          (2.0 * (constants.kappa * window.product) + constants.c2) /
          (((window.mean_a * window.mean_a + window.mean_b * window.mean_b) +
            constants.c1) *
           (constants.kappa * window.squares + constants.c2));
      Store(value, s.data() + at);
    }
    for (int64_t c = 0; c < channels; ++c) {
      double row_total = 0.0;
      for (int64_t x = 0; x < columns; ++x) row_total += s[x * channels + c];
      totals[c] += row_total;
    }
  }

  double ssim = 0.0;
  for (const double total : totals) {
    ssim += total / static_cast<double>(rows * columns);
  }
  return ssim / static_cast<double>(channels);
}

// Near enough to [0, peak] for AboutZero: at four times the peak the rounding
// of a square is still within a few 1e-12 of C2.
BILD_ALWAYS_INLINE bool IsNearRange(const PictureView& picture, double peak) {
  constexpr double kPeaks = 4.0;
  const double limit = kPeaks * peak;
  const int64_t size = picture.height_px * picture.RowSize();
  Lanes values, far_off = {};
  int64_t at = 0;
  for (; at + kLanes <= size; at += kLanes) {
    Load(picture.values + at, &values);
    const Lanes square = values * values;
    far_off = square > far_off ? square : far_off;
  }
  for (; at < size; ++at) {
    if (std::abs(picture.values[at]) > limit) return false;
  }
  for (int64_t i = 0; i < kLanes; ++i) {
    if (far_off[i] > limit * limit) return false;
  }
  return true;
}

BILD_ALWAYS_INLINE double MeanSsimEitherWay(const PictureView& restored,
                                            const PictureView& clear,
                                            const Constants& constants) {
  if (IsNearRange(restored, constants.peak) &&
      IsNearRange(clear, constants.peak)) {
    return MeanSsim<AboutZero>(restored, clear, constants);
  }
  return MeanSsim<AboutTheMean>(restored, clear, constants);
}

using MeanSsimFunction = double (*)(const PictureView&, const PictureView&,
                                    const Constants&);

double MeanSsimOnAny(const PictureView& restored, const PictureView& clear,
                     const Constants& constants) {
  return MeanSsimEitherWay(restored, clear, constants);
}

#if defined(__x86_64__)
// Twice as wide, and the same bits: AVX2 alone knows no fused multiply-add.
__attribute__((target("avx2"))) double MeanSsimOnAvx2(
    const PictureView& restored, const PictureView& clear,
    const Constants& constants) {
  return MeanSsimEitherWay(restored, clear, constants);
}

MeanSsimFunction MeanSsimHere() {
  return __builtin_cpu_supports("avx2") ? MeanSsimOnAvx2 : MeanSsimOnAny;
}
#else
MeanSsimFunction MeanSsimHere() { return MeanSsimOnAny; }
#endif

}  // namespace

std::vector<double> WindowTaps(SsimWindow window) {
  if (window == SsimWindow::kUniform7) return std::vector<double>(7, 1.0 / 7.0);
  constexpr int kRadius = 5;
  constexpr double kSigmaPx = 1.5;
  std::vector<double> taps;
  double sum = 0.0;
  for (int i = -kRadius; i <= kRadius; ++i) {
    taps.push_back(std::exp(-(i * i) / (2.0 * kSigmaPx * kSigmaPx)));
    sum += taps.back();
  }
  for (double& tap : taps) tap /= sum;
  return taps;
}

double Ssim(const PictureView& restored, const PictureView& clear,
            const SsimForm& form) {
  Constants constants;
  constants.taps = WindowTaps(form.window);
  const auto tap_count =
      static_cast<double>(constants.taps.size() * constants.taps.size());
  if (form.uses_sample_covariance) {
    constants.kappa = tap_count / (tap_count - 1.0);
  }
  constants.c1 = (0.01 * form.peak) * (0.01 * form.peak);
  constants.c2 = (0.03 * form.peak) * (0.03 * form.peak);
  constants.peak = form.peak;
  return MeanSsimHere()(restored, clear, constants);
}

}  // namespace bild
