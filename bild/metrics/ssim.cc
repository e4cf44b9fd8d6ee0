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

// Weighted moments of the two pictures over the window's height, one entry per
// value of a row: means, the sum of the variances, the covariance. Behind the
// row's end lie zeros, so that whole Lanes may be read there.
struct Moments {
  explicit Moments(int64_t row_size)
      : mean_a(static_cast<size_t>(row_size + kLanes)),
        mean_b(mean_a.size()),
        variances(mean_a.size()),
        covariance(mean_a.size()) {}

  std::vector<double> mean_a, mean_b, variances, covariance;
};

// The moments of the values `at` and behind, in two passes: about the mean and
// not about 0, so nothing cancels however large the values are.
BILD_ALWAYS_INLINE void ColumnMoments(const std::vector<double>& taps,
                                      const double* const* rows_a,
                                      const double* const* rows_b, int64_t at,
                                      Moments* out) {
  Lanes a, b, mean_a = {}, mean_b = {}, variances = {}, covariance = {};
  for (size_t k = 0; k < taps.size(); ++k) {
    Load(rows_a[k] + at, &a);
    Load(rows_b[k] + at, &b);
    mean_a += taps[k] * a;
    mean_b += taps[k] * b;
  }
  for (size_t k = 0; k < taps.size(); ++k) {
    Load(rows_a[k] + at, &a);
    Load(rows_b[k] + at, &b);
    const Lanes off_a = a - mean_a;
    const Lanes off_b = b - mean_b;
    variances += taps[k] * (off_a * off_a + off_b * off_b);
    covariance += taps[k] * (off_a * off_b);
  }
  Store(mean_a, out->mean_a.data() + at);
  Store(mean_b, out->mean_b.data() + at);
  Store(variances, out->variances.data() + at);
  Store(covariance, out->covariance.data() + at);
}

struct Constants {
  double kappa, c1, c2;
};

// s at the values `at` and behind, from the moments of the columns under their
// windows. The variance of a whole is the mean of the variances of its parts
// plus the variance of their means.
BILD_ALWAYS_INLINE void SsimOfLanes(const std::vector<double>& taps,
                                    const Moments& columns, int64_t channels,
                                    const Constants& constants, int64_t at,
                                    double* s) {
  Lanes a, b, own, mean_a = {}, mean_b = {}, variances = {}, covariance = {};
  for (size_t k = 0; k < taps.size(); ++k) {
    const int64_t from = at + static_cast<int64_t>(k) * channels;
    Load(columns.mean_a.data() + from, &a);
    Load(columns.mean_b.data() + from, &b);
    mean_a += taps[k] * a;
    mean_b += taps[k] * b;
  }
  for (size_t k = 0; k < taps.size(); ++k) {
    const int64_t from = at + static_cast<int64_t>(k) * channels;
    Load(columns.mean_a.data() + from, &a);
    Load(columns.mean_b.data() + from, &b);
    const Lanes off_a = a - mean_a;
    const Lanes off_b = b - mean_b;
    Load(columns.variances.data() + from, &own);
    variances += taps[k] * (own + (off_a * off_a + off_b * off_b));
    Load(columns.covariance.data() + from, &own);
    covariance += taps[k] * (own + off_a * off_b);
  }
  const Lanes value = (2.0 * (mean_a * mean_b) + constants.c1) *
                      (2.0 * (constants.kappa * covariance) + constants.c2) /
                      (((mean_a * mean_a + mean_b * mean_b) + constants.c1) *
                       (constants.kappa * variances + constants.c2));
  Store(value, s + at);
}

BILD_ALWAYS_INLINE double MeanSsim(const PictureView& restored,
                                   const PictureView& clear,
                                   const std::vector<double>& taps,
                                   const Constants& constants) {
  const auto side_px = static_cast<int64_t>(taps.size());
  const int64_t rows = clear.height_px - side_px + 1;
  const int64_t columns = clear.width_px - side_px + 1;
  const int64_t channels = clear.channels;
  const int64_t last_lanes = clear.RowSize() - kLanes;

  Moments moments(clear.RowSize());
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
      ColumnMoments(taps, rows_a.data(), rows_b.data(),
                    std::min(at, last_lanes), &moments);
    }
    for (int64_t at = 0; at < columns * channels; at += kLanes) {
      SsimOfLanes(taps, moments, channels, constants, at, s.data());
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

using MeanSsimFunction = double (*)(const PictureView&, const PictureView&,
                                    const std::vector<double>&,
                                    const Constants&);

double MeanSsimOnAny(const PictureView& restored, const PictureView& clear,
                     const std::vector<double>& taps,
                     const Constants& constants) {
  return MeanSsim(restored, clear, taps, constants);
}

#if defined(__x86_64__)
// Twice as wide, and the same bits: AVX2 alone knows no fused multiply-add.
__attribute__((target("avx2"))) double MeanSsimOnAvx2(
    const PictureView& restored, const PictureView& clear,
    const std::vector<double>& taps, const Constants& constants) {
  return MeanSsim(restored, clear, taps, constants);
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
  const std::vector<double> taps = WindowTaps(form.window);
  const auto tap_count = static_cast<double>(taps.size() * taps.size());
  Constants constants;
  constants.kappa =
      form.uses_sample_covariance ? tap_count / (tap_count - 1.0) : 1.0;
  constants.c1 = (0.01 * form.peak) * (0.01 * form.peak);
  constants.c2 = (0.03 * form.peak) * (0.03 * form.peak);
  return MeanSsimHere()(restored, clear, taps, constants);
}

}  // namespace bild
