// The estimator in its three forms against loops over pixels, border by border.

#include "backbones/transmission_estimator.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "ATen/TensorOperators.h"
#include "c10/core/GradMode.h"
#include "gtest/gtest.h"
#include "tests/testing/random_tensor.h"

namespace bild {
namespace {

// [channel][row][column], in float64.
using Maps = std::vector<std::vector<std::vector<double>>>;

Maps FromTensor(const at::Tensor& x) {
  Maps maps(x.size(0));
  for (int64_t c = 0; c < x.size(0); ++c) {
    maps[c].resize(x.size(1));
    for (int64_t row = 0; row < x.size(1); ++row) {
      const at::Tensor line = x[c][row].contiguous();
      const double* data = line.const_data_ptr<double>();
      maps[c][row].assign(data, data + line.numel());
    }
  }
  return maps;
}

// Where a place outside of [0, n) reads; -1 for a zero.
using Border = std::function<int64_t(int64_t place, int64_t n)>;

int64_t Zero(int64_t place, int64_t n) {
  return place < 0 || place >= n ? -1 : place;
}
// 2 1 | 0 1 2 3 | 2 1
int64_t Reflected(int64_t place, int64_t n) {
  if (place < 0) return -place;
  return place >= n ? 2 * n - 2 - place : place;
}
// 1 0 | 0 1 2 3 | 3 2
int64_t Symmetric(int64_t place, int64_t n) {
  if (place < 0) return -place - 1;
  return place >= n ? 2 * n - 1 - place : place;
}

Maps Convolve(const Maps& in, const at::Tensor& weight, const at::Tensor& bias,
              int64_t before, int64_t after, const Border& border) {
  const auto height = static_cast<int64_t>(in[0].size());
  const auto width = static_cast<int64_t>(in[0][0].size());
  const int64_t kernel = weight.size(2);
  Maps out;
  for (int64_t o = 0; o < weight.size(0); ++o) {
    const Maps w = FromTensor(weight[o]);
    out.emplace_back();
    for (int64_t r = 0; r < height + before + after - kernel + 1; ++r) {
      out[o].emplace_back();
      for (int64_t c = 0; c < width + before + after - kernel + 1; ++c) {
        double sum = bias[o].item<double>();
        for (size_t i = 0; i < in.size(); ++i) {
          for (int64_t y = 0; y < kernel; ++y) {
            for (int64_t x = 0; x < kernel; ++x) {
              const int64_t row = border(r + y - before, height);
              const int64_t column = border(c + x - before, width);
              if (row >= 0 && column >= 0) {
                sum += w[i][y][x] * in[i][row][column];
              }
            }
          }
        }
        out[o][r].push_back(sum);
      }
    }
  }
  return out;
}

Maps MaxOfFour(const Maps& in) {
  Maps out;
  for (size_t g = 0; g < in.size() / 4; ++g) {
    out.push_back(in[4 * g]);
    for (size_t k = 1; k < 4; ++k) {
      for (size_t r = 0; r < out[g].size(); ++r) {
        for (size_t c = 0; c < out[g][r].size(); ++c) {
          out[g][r][c] = std::max(out[g][r][c], in[4 * g + k][r][c]);
        }
      }
    }
  }
  return out;
}

// Largest of the 7x7 window; `inside` keeps to windows that lie in the picture.
Maps Extremum(const Maps& in, bool inside) {
  const auto height = static_cast<int64_t>(in[0].size());
  const auto width = static_cast<int64_t>(in[0][0].size());
  const int64_t margin = inside ? 3 : 0;
  Maps out;
  for (size_t m = 0; m < in.size(); ++m) {
    out.emplace_back();
    for (int64_t r = margin; r < height - margin; ++r) {
      out[m].emplace_back();
      for (int64_t c = margin; c < width - margin; ++c) {
        double most = -std::numeric_limits<double>::infinity();
        for (int64_t y = std::max<int64_t>(0, r - 3);
             y <= std::min(height - 1, r + 3); ++y) {
          for (int64_t x = std::max<int64_t>(0, c - 3);
               x <= std::min(width - 1, c + 3); ++x) {
            most = std::max(most, in[m][y][x]);
          }
        }
        out[m].back().push_back(most);
      }
    }
  }
  return out;
}

struct FormRow {
  TransmissionForm form;
  Border first, scales, head;
  int64_t first_px;             // Edge of the first layer.
  int64_t before_px, after_px;  // Edges of the head.
};

Maps Reference(const FormRow& row, const LayerSet& set, const at::Tensor& x) {
  std::vector<at::Tensor> p;
  for (const auto& parameter : set.parameters().list()) {
    p.push_back(parameter->value.detach());
  }
  const Maps maps = MaxOfFour(Convolve(FromTensor(x), p[0], p[1], row.first_px,
                                       row.first_px, row.first));
  Maps scales;
  for (size_t n = 1; n <= 3; ++n) {
    const auto edge = static_cast<int64_t>(n);
    for (auto& map :
         Convolve(maps, p[2 * n], p[2 * n + 1], edge, edge, row.scales)) {
      scales.push_back(std::move(map));
    }
  }
  return Convolve(Extremum(scales, row.form == TransmissionForm::kPatch), p[8],
                  p[9], row.before_px, row.after_px, row.head);
}

void CheckForm(const FormRow& row, int64_t height_px, int64_t width_px) {
  SeedEngine engine = TestEngine(static_cast<uint64_t>(row.form));
  LayerSet set;
  const TransmissionEstimator estimator(LayerScope(set), row.form);
  set.Materialise(at::kDouble);
  const at::NoGradGuard no_grad;
  at::Tensor flat = set.parameters().flat();
  flat.copy_(NormalTensor(engine, {set.parameters().size()}) * 0.2);
  const at::Tensor input = NormalTensor(engine, {2, 3, height_px, width_px});
  const at::Tensor got = estimator(input);
  for (int64_t b = 0; b < 2; ++b) {
    const Maps want = Reference(row, set, input[b]);
    ASSERT_EQ(got.sizes(),
              (std::vector<int64_t>{2, 1, static_cast<int64_t>(want[0].size()),
                                    static_cast<int64_t>(want[0][0].size())}));
    for (size_t r = 0; r < want[0].size(); ++r) {
      for (size_t c = 0; c < want[0][r].size(); ++c) {
        EXPECT_NEAR(got[b][0][static_cast<int64_t>(r)][static_cast<int64_t>(c)]
                        .item<double>(),
                    want[0][r][c], 1e-11)
            << r << ", " << c;
      }
    }
  }
}

TEST(TransmissionEstimator, ReflectedWithoutTheEdge) {
  CheckForm(
      {TransmissionForm::kReflected, Reflected, Reflected, Reflected, 2, 3, 3},
      6, 9);
}

TEST(TransmissionEstimator, SymmetricWithTheEdgeAndAnEvenHead) {
  CheckForm(
      {TransmissionForm::kSymmetric, Symmetric, Symmetric, Symmetric, 2, 2, 3},
      7, 5);
}

TEST(TransmissionEstimator, PatchOfSixteen) {
  CheckForm({TransmissionForm::kPatch, Zero, Zero, Zero, 0, 0, 0}, 16, 16);
}

// A picture smaller than the padding is mirrored back and forth.
TEST(TransmissionEstimator, SymmetricOfOnePixelIsAFlatPicture) {
  LayerSet set;
  const TransmissionEstimator estimator(LayerScope(set),
                                        TransmissionForm::kSymmetric);
  set.Materialise(at::kDouble);
  const at::NoGradGuard no_grad;
  SeedEngine engine = TestEngine(9);
  at::Tensor flat = set.parameters().flat();
  flat.copy_(NormalTensor(engine, {set.parameters().size()}) * 0.2);
  const at::Tensor pixel = UniformTensor(engine, {1, 3, 1, 1});
  const at::Tensor large = estimator(pixel.expand({1, 3, 4, 6}).contiguous());
  const at::Tensor one = estimator(pixel);
  EXPECT_LE((large - one).abs().max().item<double>(), 1e-12);
}

TEST(TransmissionEstimator, NamesShapesAndCounts) {
  for (const auto& [form, head_px, parameters] :
       {std::tuple{TransmissionForm::kReflected, 7, 8929},
        std::tuple{TransmissionForm::kSymmetric, 6, 8305},
        std::tuple{TransmissionForm::kPatch, 6, 8305}}) {
    LayerSet set;
    const TransmissionEstimator estimator(LayerScope(set), form);
    EXPECT_EQ(set.parameters().size(), parameters);
    std::vector<std::string> names;
    for (const auto& parameter : set.parameters().list()) {
      names.push_back(parameter->name);
    }
    EXPECT_EQ(names,
              (std::vector<std::string>{
                  "conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias",
                  "conv3.weight", "conv3.bias", "conv4.weight", "conv4.bias",
                  "conv5.weight", "conv5.bias"}));
    EXPECT_EQ(set.parameters().list()[0]->shape,
              (std::vector<int64_t>{16, 3, 5, 5}));
    EXPECT_EQ(set.parameters().list()[8]->shape,
              (std::vector<int64_t>{1, 48, head_px, head_px}));
  }
}

}  // namespace
}  // namespace bild
