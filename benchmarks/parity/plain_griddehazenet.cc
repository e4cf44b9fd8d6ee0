#include <array>
#include <map>
#include <string>

#include "ATen/TensorOperators.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/ones.h"
#include "ATen/ops/relu.h"
#include "absl/strings/str_cat.h"
#include "benchmarks/parity/plain_net.h"
#include "torch/nn/modules/container/sequential.h"

namespace bild {
namespace {

constexpr int64_t kRows = 3;
constexpr int64_t kColumns = 6;

struct DenseLayerImpl : torch::nn::Module {
  DenseLayerImpl(int64_t in_channels, int64_t growth)
      : conv(PlainConv(in_channels, growth, 3)) {
    register_module("conv", conv);
  }
  at::Tensor forward(const at::Tensor& x) {
    return at::cat({x, at::relu(conv(x))}, 1);
  }
  torch::nn::Conv2d conv;
};
TORCH_MODULE(DenseLayer);

struct RdbImpl : torch::nn::Module {
  RdbImpl(int64_t channels, int64_t growth)
      : conv_1x1(PlainConv(channels + 4 * growth, channels, 1)) {
    for (int64_t n = 0; n < 4; ++n) {
      residual_dense_layers->push_back(
          DenseLayer(channels + n * growth, growth));
    }
    register_module("residual_dense_layers", residual_dense_layers);
    register_module("conv_1x1", conv_1x1);
  }
  at::Tensor forward(const at::Tensor& x) {
    return conv_1x1(residual_dense_layers->forward(x)) + x;
  }
  torch::nn::Sequential residual_dense_layers;
  torch::nn::Conv2d conv_1x1;
};
TORCH_MODULE(Rdb);

struct DownSampleImpl : torch::nn::Module {
  explicit DownSampleImpl(int64_t channels)
      : conv1(PlainConv(channels, channels, 3, /*stride_px=*/2)),
        conv2(PlainConv(channels, 2 * channels, 3)) {
    register_module("conv1", conv1);
    register_module("conv2", conv2);
  }
  at::Tensor forward(const at::Tensor& x) {
    return at::relu(conv2(at::relu(conv1(x))));
  }
  torch::nn::Conv2d conv1, conv2;
};
TORCH_MODULE(DownSample);

struct UpSampleImpl : torch::nn::Module {
  explicit UpSampleImpl(int64_t channels)
      : deconv(torch::nn::ConvTranspose2dOptions(channels, channels, 3)
                   .stride(2)
                   .padding(1)),
        conv(PlainConv(channels, channels / 2, 3)) {
    register_module("deconv", deconv);
    register_module("conv", conv);
  }
  at::Tensor forward(const at::Tensor& x, const at::Tensor& like) {
    const std::array<int64_t, 2> size = {like.size(2), like.size(3)};
    const at::Tensor grown = at::relu(deconv(x, at::IntArrayRef(size)));
    return at::relu(conv(grown));
  }
  torch::nn::ConvTranspose2d deconv;
  torch::nn::Conv2d conv;
};
TORCH_MODULE(UpSample);

// A container of modules by name.
struct Named : torch::nn::Module {};

struct PlainGridDehazeNet final : PlainNet {
  PlainGridDehazeNet(int64_t width, int64_t growth)
      : conv_in(PlainConv(3, width, 3)),
        conv_out(PlainConv(width, 3, 3)),
        rdb_in(width, growth),
        rdb_out(width, growth) {
    coefficient = register_parameter(
        "coefficient", at::ones({kRows, kColumns, 2, width << (kRows - 1)}));
    const auto rdbs = register_module("rdb_module", std::make_shared<Named>());
    const auto ups =
        register_module("upsample_module", std::make_shared<Named>());
    const auto downs =
        register_module("downsample_module", std::make_shared<Named>());
    for (int64_t i = 0; i < kRows; ++i) {
      for (int64_t j = 0; j < kColumns - 1; ++j) {
        const std::string name = absl::StrCat(i, "_", j);
        rdb.emplace(name, rdbs->register_module(name, Rdb(width << i, growth)));
      }
    }
    for (int64_t i = 0; i < kRows - 1; ++i) {
      for (int64_t j = 0; j < kColumns; ++j) {
        const std::string name = absl::StrCat(i, "_", j);
        if (j < kColumns / 2) {
          down.emplace(name,
                       downs->register_module(name, DownSample(width << i)));
        } else {
          up.emplace(name,
                     ups->register_module(name, UpSample(width << (i + 1))));
        }
      }
    }
    register_module("conv_in", conv_in);
    register_module("conv_out", conv_out);
    register_module("rdb_in", rdb_in);
    register_module("rdb_out", rdb_out);
  }
  at::Tensor Gain(int64_t i, int64_t j, int64_t which, int64_t channels) {
    return coefficient.select(0, i)
        .select(0, j)
        .select(0, which)
        .narrow(0, 0, channels)
        .view({1, channels, 1, 1});
  }
  at::Tensor forward(const at::Tensor& input) override {
    std::array<std::array<at::Tensor, kColumns>, kRows> x;
    const auto along = [&](int64_t i, int64_t j) {
      return rdb.at(absl::StrCat(i, "_", j - 1))->forward(x[i][j - 1]);
    };
    const auto mix = [&](int64_t i, int64_t j, const at::Tensor& vertical) {
      const int64_t channels = vertical.size(1);
      return Gain(i, j, 0, channels) * along(i, j) +
             Gain(i, j, 1, channels) * vertical;
    };
    x[0][0] = rdb_in(conv_in(input));
    x[1][0] = down.at("0_0")->forward(x[0][0]);
    x[2][0] = down.at("1_0")->forward(x[1][0]);
    for (int64_t j = 1; j < kColumns / 2; ++j) {
      x[0][j] = along(0, j);
      for (int64_t i = 1; i < kRows; ++i) {
        x[i][j] = mix(
            i, j, down.at(absl::StrCat(i - 1, "_", j))->forward(x[i - 1][j]));
      }
    }
    for (int64_t j = kColumns / 2; j < kColumns; ++j) {
      x[kRows - 1][j] = along(kRows - 1, j);
      for (int64_t i = kRows - 2; i >= 0; --i) {
        x[i][j] = mix(
            i, j,
            up.at(absl::StrCat(i, "_", j))->forward(x[i + 1][j], x[i][j - 1]));
      }
    }
    return at::relu(conv_out(rdb_out(x[0][kColumns - 1])));
  }
  at::Tensor coefficient;
  std::map<std::string, Rdb> rdb;
  std::map<std::string, DownSample> down;
  std::map<std::string, UpSample> up;
  torch::nn::Conv2d conv_in, conv_out;
  Rdb rdb_in, rdb_out;
};

}  // namespace

std::shared_ptr<PlainNet> MakePlainGridDehazeNet(const NetShape& shape) {
  return std::make_shared<PlainGridDehazeNet>(
      shape.Extent("conv_in.weight", 0),
      shape.Extent("rdb_in.residual_dense_layers.0.conv.weight", 0));
}

}  // namespace bild
