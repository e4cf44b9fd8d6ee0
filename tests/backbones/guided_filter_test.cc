// The guided filter against sums over every window by itself.

#include "backbones/guided_filter.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/full.h"
#include "ATen/ops/zeros.h"
#include "c10/util/Exception.h"
#include "gtest/gtest.h"
#include "tests/testing/random_tensor.h"

namespace bild {
namespace {

using Map = std::vector<std::vector<double>>;

Map FromTensor(const at::Tensor& x) {
  Map map(static_cast<size_t>(x.size(0)));
  for (int64_t r = 0; r < x.size(0); ++r) {
    for (int64_t c = 0; c < x.size(1); ++c) {
      map[r].push_back(x[r][c].item<double>());
    }
  }
  return map;
}

// Mean of `value` over the window at (row, column).
double WindowMean(int64_t height, int64_t width, int64_t row, int64_t column,
                  int64_t radius,
                  const std::function<double(int64_t, int64_t)>& value) {
  double sum = 0.0;
  double pixels = 0.0;
  for (int64_t r = std::max<int64_t>(0, row - radius);
       r <= std::min(height - 1, row + radius); ++r) {
    for (int64_t c = std::max<int64_t>(0, column - radius);
         c <= std::min(width - 1, column + radius); ++c) {
      sum += value(r, c);
      pixels += 1.0;
    }
  }
  return sum / pixels;
}

Map Reference(const Map& guide, const Map& input, int64_t radius,
              double epsilon) {
  const auto height = static_cast<int64_t>(guide.size());
  const auto width = static_cast<int64_t>(guide[0].size());
  Map a = guide;
  Map b = guide;
  Map q = guide;
  for (int64_t r = 0; r < height; ++r) {
    for (int64_t c = 0; c < width; ++c) {
      const auto mean = [&](const auto& value) {
        return WindowMean(height, width, r, c, radius, value);
      };
      const double i = mean([&](auto y, auto x) { return guide[y][x]; });
      const double p = mean([&](auto y, auto x) { return input[y][x]; });
      // Central moments, where the filter subtracts means of products.
      const double variance = mean([&](auto y, auto x) {
        return (guide[y][x] - i) * (guide[y][x] - i);
      });
      const double covariance = mean([&](auto y, auto x) {
        return (guide[y][x] - i) * (input[y][x] - p);
      });
      a[r][c] = covariance / (variance + epsilon);
      b[r][c] = p - a[r][c] * i;
    }
  }
  for (int64_t r = 0; r < height; ++r) {
    for (int64_t c = 0; c < width; ++c) {
      q[r][c] = WindowMean(height, width, r, c, radius,
                           [&](auto y, auto x) { return a[y][x]; }) *
                    guide[r][c] +
                WindowMean(height, width, r, c, radius,
                           [&](auto y, auto x) { return b[y][x]; });
    }
  }
  return q;
}

TEST(GuidedFilter, WindowByWindow) {
  SeedEngine engine = TestEngine(1);
  for (int64_t trial = 0; trial < 12; ++trial) {
    const int64_t height = Choose(engine, {1, 2, 5, 9});
    const int64_t width = Choose(engine, {1, 3, 8, 11});
    const int64_t radius = Choose(engine, {0, 1, 2, 4, 50});
    const double epsilon = trial % 2 == 0 ? 1e-3 : 0.1;
    SCOPED_TRACE(testing::Message() << height << " x " << width << " radius "
                                    << radius << " epsilon " << epsilon);
    const at::Tensor guide = UniformTensor(engine, {height, width});
    const at::Tensor input = UniformTensor(engine, {height, width});
    const at::Tensor got = GuidedFilter(guide, input, radius, epsilon);
    const Map want =
        Reference(FromTensor(guide), FromTensor(input), radius, epsilon);
    for (int64_t r = 0; r < height; ++r) {
      for (int64_t c = 0; c < width; ++c) {
        EXPECT_NEAR(got[r][c].item<double>(), want[r][c], 1e-11);
      }
    }
  }
}

// Where the input is affine in the guide, a = 2 v / (v + epsilon) with the
// windows' variance v: the whole picture here, mean 0.5 and v = 1/4.
TEST(GuidedFilter, ByHand) {
  at::Tensor guide = at::zeros({2, 2}, at::kDouble);
  guide[0][0] = 1.0;
  guide[1][1] = 1.0;
  const at::Tensor filtered = GuidedFilter(guide, guide * 2.0 + 3.0, 5, 0.25);
  // a = 0.5 / 0.5 = 1, b = 4 - 0.5 = 3.5.
  EXPECT_NEAR(filtered[0][0].item<double>(), 4.5, 1e-15);
  EXPECT_NEAR(filtered[0][1].item<double>(), 3.5, 1e-15);
}

// Sums run in float64 whatever comes in: a flat map stays flat.
TEST(GuidedFilter, FlatStaysFlat) {
  SeedEngine engine = TestEngine(2);
  const at::Tensor guide = UniformTensor(engine, {60, 70}).to(at::kFloat);
  const at::Tensor flat = at::full({60, 70}, 0.7F, at::kFloat);
  const at::Tensor filtered = GuidedFilter(guide, flat, 20, 1e-3);
  EXPECT_EQ(filtered.scalar_type(), at::kDouble);
  EXPECT_LE((filtered - flat.to(at::kDouble)).abs().max().item<double>(),
            1e-12);
}

TEST(GuidedFilter, ShapesMustBeEqual) {
  EXPECT_THROW(GuidedFilter(at::zeros({4, 4}), at::zeros({4, 5}), 1, 0.1),
               c10::Error);
}

}  // namespace
}  // namespace bild
