#include "bild/metrics/ssim.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace bild {
namespace {

constexpr double kC1 = 0.01 * 0.01;
constexpr double kC2 = 0.03 * 0.03;

// Values that are worked on together: short enough to stay in the first-level
// cache, a constant so that the compiler makes vector code, and a multiple of
// the channels so that every block starts with red.
constexpr int kBlock = 48;
static_assert(kBlock % RgbValues::kChannels == 0);

// Weighted first and second moments of two pictures, one entry per value of a
// row: means, variances, covariance.
struct Moments {
  explicit Moments(size_t size)
      : mean_a(size), mean_b(size), var_a(size), var_b(size), cov(size) {}

  std::vector<double> mean_a, mean_b, var_a, var_b, cov;
};

// The moments over the window's height of values begin ... begin + count - 1 of
// each column, in two passes: about the mean and not about 0, so nothing
// cancels however large the values are.
inline void ColumnMoments(const std::vector<double>& taps,
                          const double* const* rows_a,
                          const double* const* rows_b, int64_t begin, int count,
                          Moments* out) {
  std::array<double, kBlock> mean_a{}, mean_b{}, var_a{}, var_b{}, cov{};
  for (size_t k = 0; k < taps.size(); ++k) {
    const double* a = rows_a[k] + begin;
    const double* b = rows_b[k] + begin;
    const double tap = taps[k];
    for (int i = 0; i < count; ++i) mean_a[i] += tap * a[i];
    for (int i = 0; i < count; ++i) mean_b[i] += tap * b[i];
  }
  for (size_t k = 0; k < taps.size(); ++k) {
    const double* a = rows_a[k] + begin;
    const double* b = rows_b[k] + begin;
    const double tap = taps[k];
    for (int i = 0; i < count; ++i) {
      const double off_a = a[i] - mean_a[i];
      const double off_b = b[i] - mean_b[i];
      var_a[i] += tap * (off_a * off_a);
      var_b[i] += tap * (off_b * off_b);
      cov[i] += tap * (off_a * off_b);
    }
  }
  std::copy_n(mean_a.data(), count, out->mean_a.data() + begin);
  std::copy_n(mean_b.data(), count, out->mean_b.data() + begin);
  std::copy_n(var_a.data(), count, out->var_a.data() + begin);
  std::copy_n(var_b.data(), count, out->var_b.data() + begin);
  std::copy_n(cov.data(), count, out->cov.data() + begin);
}

// s at values begin ... begin + count - 1, from the moments of the columns
// under their windows. The variance of a whole is the mean of the variances of
// its parts plus the variance of their means.
inline void BlockOfSsim(const std::vector<double>& taps, const Moments& columns,
                        double kappa, int64_t begin, int count, double* s) {
  std::array<double, kBlock> mean_a{}, mean_b{}, var_a{}, var_b{}, cov{};
  for (size_t k = 0; k < taps.size(); ++k) {
    const int64_t at = begin + static_cast<int64_t>(k) * RgbValues::kChannels;
    const double* column_mean_a = columns.mean_a.data() + at;
    const double* column_mean_b = columns.mean_b.data() + at;
    const double tap = taps[k];
    for (int i = 0; i < count; ++i) mean_a[i] += tap * column_mean_a[i];
    for (int i = 0; i < count; ++i) mean_b[i] += tap * column_mean_b[i];
  }
  for (size_t k = 0; k < taps.size(); ++k) {
    const int64_t at = begin + static_cast<int64_t>(k) * RgbValues::kChannels;
    const double* column_mean_a = columns.mean_a.data() + at;
    const double* column_mean_b = columns.mean_b.data() + at;
    const double* column_var_a = columns.var_a.data() + at;
    const double* column_var_b = columns.var_b.data() + at;
    const double* column_cov = columns.cov.data() + at;
    const double tap = taps[k];
    for (int i = 0; i < count; ++i) {
      const double off_a = column_mean_a[i] - mean_a[i];
      const double off_b = column_mean_b[i] - mean_b[i];
      var_a[i] += tap * (column_var_a[i] + off_a * off_a);
      var_b[i] += tap * (column_var_b[i] + off_b * off_b);
      cov[i] += tap * (column_cov[i] + off_a * off_b);
    }
  }
  for (int i = 0; i < count; ++i) {
    s[i] = (2.0 * (mean_a[i] * mean_b[i]) + kC1) *
           (2.0 * (kappa * cov[i]) + kC2) /
           ((mean_a[i] * mean_a[i] + mean_b[i] * mean_b[i] + kC1) *
            (kappa * var_a[i] + kappa * var_b[i] + kC2));
  }
}

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

double Ssim(const RgbValues& restored, const RgbValues& clear,
            SsimWindow window, bool uses_sample_covariance) {
  constexpr int64_t kChannels = RgbValues::kChannels;
  const std::vector<double> taps = WindowTaps(window);
  const int64_t side_px = static_cast<int64_t>(taps.size());
  const double tap_count = static_cast<double>(side_px * side_px);
  const double kappa =
      uses_sample_covariance ? tap_count / (tap_count - 1.0) : 1.0;
  const int64_t rows = clear.height_px - side_px + 1;
  const int64_t columns = clear.width_px - side_px + 1;

  Moments moments(static_cast<size_t>(clear.RowSize()));
  std::vector<const double*> rows_a(taps.size()), rows_b(taps.size());
  std::array<double, kBlock> s;
  std::array<double, kChannels> totals{};
  for (int64_t y = 0; y < rows; ++y) {
    for (int64_t k = 0; k < side_px; ++k) {
      rows_a[k] = restored.Row(y + k);
      rows_b[k] = clear.Row(y + k);
    }
    // Full blocks first, with the length as a constant, then the rest.
    int64_t begin = 0;
    for (; begin + kBlock <= clear.RowSize(); begin += kBlock) {
      ColumnMoments(taps, rows_a.data(), rows_b.data(), begin, kBlock,
                    &moments);
    }
    ColumnMoments(taps, rows_a.data(), rows_b.data(), begin,
                  static_cast<int>(clear.RowSize() - begin), &moments);

    std::array<double, kChannels> row_totals{};
    const int64_t row_size = columns * kChannels;
    for (begin = 0; begin < row_size; begin += kBlock) {
      const int count =
          static_cast<int>(std::min<int64_t>(kBlock, row_size - begin));
      if (count == kBlock) {
        BlockOfSsim(taps, moments, kappa, begin, kBlock, s.data());
      } else {
        BlockOfSsim(taps, moments, kappa, begin, count, s.data());
      }
      for (int i = 0; i < count; i += kChannels) {
        for (int c = 0; c < kChannels; ++c) row_totals[c] += s[i + c];
      }
    }
    for (int c = 0; c < kChannels; ++c) totals[c] += row_totals[c];
  }

  double ssim = 0.0;
  for (const double total : totals) {
    ssim += total / static_cast<double>(rows * columns);
  }
  return ssim / static_cast<double>(kChannels);
}

}  // namespace bild
