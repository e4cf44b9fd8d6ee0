#include "backbones/griddehazenet.h"

#include "ATen/TensorOperators.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/relu.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace bild {
namespace {

constexpr int64_t kRows = 3;
constexpr int64_t kColumns = 6;
// Columns before it lead down, this one and those after it lead up.
constexpr int64_t kFirstColumnUp = 3;
constexpr int64_t kDenseLayers = 4;

std::string DisplayName(const GridDehazeNetOptions& options) {
  const GridDehazeNetOptions published;
  std::vector<std::string> list;
  if (options.width != published.width) {
    list.push_back(absl::StrCat("width=", options.width));
  }
  if (options.growth != published.growth) {
    list.push_back(absl::StrCat("growth=", options.growth));
  }
  if (options.reads_unit) list.emplace_back("input=unit");
  return list.empty()
             ? "griddehazenet"
             : absl::StrCat("griddehazenet[", absl::StrJoin(list, ","), "]");
}

std::string Place(int64_t row, int64_t column) {
  return absl::StrCat(row, "_", column);
}

}  // namespace

// Residual dense block: each layer reads what all before it wrote.
struct GridDehazeNet::DenseBlock {
  DenseBlock(const LayerScope& scope, int64_t channels, int64_t growth)
      : join(nullptr) {
    for (int64_t n = 0; n < kDenseLayers; ++n) {
      layers.push_back(
          &scope.Conv(absl::StrCat("residual_dense_layers.", n, ".conv"),
                      channels + n * growth, growth, 3));
    }
    join =
        &scope.Conv("conv_1x1", channels + kDenseLayers * growth, channels, 1);
  }
  at::Tensor operator()(const at::Tensor& x) const {
    at::Tensor features = x;
    for (const Conv2d* layer : layers) {
      features = at::cat({features, (*layer)(features).relu_()}, 1);
    }
    return (*join)(features).add_(x);
  }
  std::vector<const Conv2d*> layers;
  const Conv2d* join;
};

// Half the height and width, rounded up, and twice the channels.
struct GridDehazeNet::Down {
  Down(const LayerScope& scope, int64_t channels)
      : shrink(scope.Conv("conv1", channels, channels, 3, /*stride_px=*/2)),
        widen(scope.Conv("conv2", channels, 2 * channels, 3)) {}
  at::Tensor operator()(const at::Tensor& x) const {
    return widen(shrink(x).relu_()).relu_();
  }
  const Conv2d &shrink, &widen;
};

// Height and width of `like`, which Down() would bring to those of x, and half
// the channels.
struct GridDehazeNet::Up {
  Up(const LayerScope& scope, int64_t channels)
      : grow(scope.ConvTranspose("deconv", channels, channels, Doubling())),
        narrow(scope.Conv("conv", channels, channels / 2, 3)) {}
  at::Tensor operator()(const at::Tensor& x, const at::Tensor& like) const {
    // Without output padding the layer would give the first 2n - 1 of these 2n
    // rows and columns.
    const at::Tensor grown =
        grow(x).slice(2, 0, like.size(2)).slice(3, 0, like.size(3));
    return narrow(at::relu(grown)).relu_();
  }
  static ConvolutionGeometry Doubling() {
    ConvolutionGeometry geometry;
    geometry.kernel_px = 3;
    geometry.stride_px = 2;
    geometry.padding_px = 1;
    geometry.output_padding_px = 1;
    return geometry;
  }
  const ConvTranspose2d& grow;
  const Conv2d& narrow;
};

// In the order of the published weights.
GridDehazeNet::GridDehazeNet(const GridDehazeNetOptions& options,
                             const LayerScope& scope)
    : Backbone(scope),
      name_(DisplayName(options)),
      reads_unit_(options.reads_unit),
      junctions_(kRows),
      along_(kRows),
      up_(kRows),
      down_(kRows) {
  const auto channels = [&options](int64_t row) {
    return options.width << row;
  };
  const int64_t widest = channels(kRows - 1);
  Parameter* gains = scope.Gains("coefficient", {kRows, kColumns, 2, widest});
  for (int64_t row = 0; row < kRows; ++row) {
    for (int64_t column = 0; column < kColumns; ++column) {
      // Row, column, horizontal or vertical, channel; rows with fewer channels
      // leave the end unused.
      const int64_t start = (row * kColumns + column) * 2 * widest;
      junctions_[row].push_back(
          {&scope.Gain(gains, start, channels(row)),
           &scope.Gain(gains, start + widest, channels(row))});
    }
    up_[row].resize(kColumns);
    down_[row].resize(kColumns);
  }
  for (int64_t row = 0; row < kRows; ++row) {
    along_[row].resize(kColumns);
    for (int64_t column = 1; column < kColumns; ++column) {
      // Named by where they come from.
      along_[row][column] = std::make_unique<DenseBlock>(
          scope / "rdb_module" / Place(row, column - 1), channels(row),
          options.growth);
    }
  }
  for (int64_t row = kRows - 2; row >= 0; --row) {
    for (int64_t column = kFirstColumnUp; column < kColumns; ++column) {
      up_[row][column] = std::make_unique<Up>(
          scope / "upsample_module" / Place(row, column), channels(row + 1));
    }
  }
  for (int64_t row = 1; row < kRows; ++row) {
    for (int64_t column = 0; column < kFirstColumnUp; ++column) {
      // Named by the row that they come from.
      down_[row][column] = std::make_unique<Down>(
          scope / "downsample_module" / Place(row - 1, column),
          channels(row - 1));
    }
  }
  enter_ = &scope.Conv("conv_in", 3, options.width, 3);
  leave_ = &scope.Conv("conv_out", options.width, 3, 3);
  first_ = std::make_unique<DenseBlock>(scope / "rdb_in", options.width,
                                        options.growth);
  last_ = std::make_unique<DenseBlock>(scope / "rdb_out", options.width,
                                       options.growth);
}

GridDehazeNet::~GridDehazeNet() = default;

at::Tensor GridDehazeNet::Mix(int64_t row, int64_t column,
                              const at::Tensor& horizontal,
                              const at::Tensor& vertical) const {
  const Junction& junction = junctions_[row][column];
  return (*junction.horizontal)(horizontal) + (*junction.vertical)(vertical);
}

// Column by column; x[row] is the newest place of each row.
at::Tensor GridDehazeNet::Forward(const at::Tensor& input) const {
  std::vector<at::Tensor> x(kRows);
  x[0] = (*first_)((*enter_)(input));
  for (int64_t row = 1; row < kRows; ++row) {
    x[row] = (*down_[row][0])(x[row - 1]);
  }
  for (int64_t column = 1; column < kColumns; ++column) {
    const auto along = [&](int64_t row) {
      return (*along_[row][column])(x[row]);
    };
    if (column < kFirstColumnUp) {
      x[0] = along(0);
      for (int64_t row = 1; row < kRows; ++row) {
        x[row] =
            Mix(row, column, along(row), (*down_[row][column])(x[row - 1]));
      }
    } else {
      x[kRows - 1] = along(kRows - 1);
      for (int64_t row = kRows - 2; row >= 0; --row) {
        x[row] = Mix(row, column, along(row),
                     (*up_[row][column])(x[row + 1], x[row]));
      }
    }
  }
  return (*leave_)((*last_)(x[0])).relu_();
}

at::Tensor GridDehazeNet::NormaliseInput(const at::Tensor& hazy01) const {
  return reads_unit_ ? hazy01 : (hazy01 - 0.5) / 0.5;
}

}  // namespace bild
