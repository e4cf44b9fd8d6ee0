#include <string>
#include <vector>

#include "ATen/TensorOperators.h"
#include "absl/strings/str_cat.h"
#include "benchmarks/parity/plain_net.h"
#include "torch/nn/functional/upsampling.h"
#include "torch/nn/modules/activation.h"
#include "torch/nn/modules/container/modulelist.h"
#include "torch/nn/modules/container/sequential.h"
#include "torch/nn/modules/padding.h"

namespace bild {
namespace {

// A scale's number is its halvings of the resolution: 0 to 4.
constexpr int64_t kScales = 4;

struct ConvLayerImpl : torch::nn::Module {
  ConvLayerImpl(int64_t in_channels, int64_t out_channels, int64_t kernel_px,
                int64_t stride_px = 1)
      : reflection_pad(kernel_px / 2),
        conv2d(torch::nn::Conv2dOptions(in_channels, out_channels, kernel_px)
                   .stride(stride_px)) {
    register_module("conv2d", conv2d);
  }
  at::Tensor forward(const at::Tensor& x) { return conv2d(reflection_pad(x)); }
  torch::nn::ReflectionPad2d reflection_pad;
  torch::nn::Conv2d conv2d;
};
TORCH_MODULE(ConvLayer);

struct ResidualBlockImpl : torch::nn::Module {
  explicit ResidualBlockImpl(int64_t channels)
      : conv1(channels, channels, 3), conv2(channels, channels, 3) {
    register_module("conv1", conv1);
    register_module("conv2", conv2);
    register_module("relu", relu);
  }
  at::Tensor forward(const at::Tensor& x) {
    return conv2(relu(conv1(x))) * 0.1 + x;
  }
  ConvLayer conv1, conv2;
  torch::nn::PReLU relu;
};
TORCH_MODULE(ResidualBlock);

torch::nn::Sequential ResidualBlocks(const std::string& prefix, int64_t count,
                                     int64_t channels) {
  torch::nn::Sequential blocks;
  for (int64_t i = 0; i < count; ++i) {
    blocks->push_back(absl::StrCat(prefix, i), ResidualBlock(channels));
  }
  return blocks;
}

struct UpsampleConvLayerImpl : torch::nn::Module {
  UpsampleConvLayerImpl(int64_t in_channels, int64_t out_channels)
      : conv2d(torch::nn::ConvTranspose2dOptions(in_channels, out_channels, 3)
                   .stride(2)) {
    register_module("conv2d", conv2d);
  }
  at::Tensor forward(const at::Tensor& x) { return conv2d(x); }
  torch::nn::ConvTranspose2d conv2d;
};
TORCH_MODULE(UpsampleConvLayer);

struct UpUnitImpl : torch::nn::Module {
  explicit UpUnitImpl(int64_t channels)
      : deconv(torch::nn::ConvTranspose2dOptions(channels, channels / 2, 4)
                   .stride(2)
                   .padding(1)) {
    register_module("deconv", deconv);
    register_module("act", act);
  }
  at::Tensor forward(const at::Tensor& x) { return act(deconv(x)); }
  torch::nn::ConvTranspose2d deconv;
  torch::nn::PReLU act;
};
TORCH_MODULE(UpUnit);

struct DownUnitImpl : torch::nn::Module {
  explicit DownUnitImpl(int64_t channels)
      : conv(torch::nn::Conv2dOptions(channels, channels * 2, 4)
                 .stride(2)
                 .padding(1)) {
    register_module("conv", conv);
    register_module("act", act);
  }
  at::Tensor forward(const at::Tensor& x) { return act(conv(x)); }
  torch::nn::Conv2d conv;
  torch::nn::PReLU act;
};
TORCH_MODULE(DownUnit);

// Dense feature fusion by back-projection. In the encoder the stored features
// are finer than x, in the decoder coarser.
struct FusionImpl : torch::nn::Module {
  FusionImpl(int64_t channels, int64_t stored, bool is_encoder_in)
      : is_encoder(is_encoder_in) {
    for (int64_t q = 0; q < stored; ++q) {
      up_convs->push_back(
          UpUnit(is_encoder ? channels >> q : channels << (q + 1)));
      down_convs->push_back(
          DownUnit(is_encoder ? channels >> (q + 1) : channels << q));
    }
    register_module("up_convs", up_convs);
    register_module("down_convs", down_convs);
  }
  at::Tensor Up(size_t q, const at::Tensor& x) {
    return up_convs->ptr<UpUnitImpl>(q)->forward(x);
  }
  at::Tensor Down(size_t q, const at::Tensor& x) {
    return down_convs->ptr<DownUnitImpl>(q)->forward(x);
  }
  at::Tensor forward(at::Tensor x, const std::vector<at::Tensor>& stored) {
    for (size_t r = 0; r < stored.size(); ++r) {
      const size_t steps = stored.size() - r;
      at::Tensor error = x;
      for (size_t q = 0; q < steps; ++q) {
        error = is_encoder ? Up(q, error) : Down(q, error);
      }
      error = error - stored[r];
      for (size_t q = steps; q-- > 0;) {
        error = is_encoder ? Down(q, error) : Up(q, error);
      }
      x = x + error;
    }
    return x;
  }
  bool is_encoder;
  torch::nn::ModuleList up_convs, down_convs;
};
TORCH_MODULE(Fusion);

struct PlainMsbdn final : PlainNet {
  explicit PlainMsbdn(int64_t width)
      : conv_input(3, width, 11),
        dense0(ResidualBlocks("", 3, width)),
        dehaze(ResidualBlocks("res", 18, width << kScales)),
        conv_output(width, 3, 3) {
    register_module("conv_input", conv_input);
    register_module("dense0", dense0);
    for (int64_t scale = 1; scale <= kScales; ++scale) {
      const int64_t channels = width << scale;
      conv.push_back(register_module(
          absl::StrCat("conv", 1 << scale, "x"),
          ConvLayer(channels / 2, channels, 3, /*stride_px=*/2)));
      fusion.push_back(
          register_module(absl::StrCat("fusion", scale),
                          Fusion(channels, scale, /*is_encoder_in=*/true)));
      if (scale < kScales) {
        dense.push_back(register_module(absl::StrCat("dense", scale),
                                        ResidualBlocks("", 3, channels)));
      }
    }
    register_module("dehaze", dehaze);
    for (int64_t scale = kScales; scale >= 1; --scale) {
      const int64_t channels = width << (scale - 1);
      convd.push_back(
          register_module(absl::StrCat("convd", 1 << scale, "x"),
                          UpsampleConvLayer(channels * 2, channels)));
      densed.push_back(register_module(absl::StrCat("dense_", scale),
                                       ResidualBlocks("", 3, channels)));
      fusiond.push_back(register_module(absl::StrCat("fusion_", scale),
                                        Fusion(channels, kScales + 1 - scale,
                                               /*is_encoder_in=*/false)));
    }
    register_module("conv_output", conv_output);
  }
  at::Tensor forward(const at::Tensor& input) override {
    at::Tensor x = conv_input(input);
    std::vector<at::Tensor> stored = {x};
    x = dense0->forward(x) + x;
    std::vector<at::Tensor> skips = {x};
    for (size_t s = 0; s < kScales; ++s) {
      x = fusion[s](conv[s](x), stored);
      if (s == dense.size()) break;
      stored.push_back(x);
      x = dense[s]->forward(x) + x;
      skips.push_back(x);
    }
    const at::Tensor doubled = x * 2;
    x = dehaze->forward(doubled) + doubled - x;
    stored = {x};
    for (size_t s = 0; s < kScales; ++s) {
      const at::Tensor skip = skips[kScales - 1 - s];
      const at::Tensor up = torch::nn::functional::interpolate(
          convd[s](x),
          torch::nn::functional::InterpolateFuncOptions()
              .size(std::vector<int64_t>{skip.size(2), skip.size(3)})
              .mode(torch::kBilinear)
              .align_corners(false));
      const at::Tensor sum = up + skip;
      x = fusiond[s](densed[s]->forward(sum) + sum - up, stored);
      stored.push_back(x);
    }
    return conv_output(x);
  }
  ConvLayer conv_input;
  torch::nn::Sequential dense0;
  std::vector<ConvLayer> conv;
  std::vector<Fusion> fusion;
  std::vector<torch::nn::Sequential> dense;
  torch::nn::Sequential dehaze;
  std::vector<UpsampleConvLayer> convd;
  std::vector<torch::nn::Sequential> densed;
  std::vector<Fusion> fusiond;
  ConvLayer conv_output;
};

}  // namespace

std::shared_ptr<PlainNet> MakePlainMsbdn(const NetShape& shape) {
  return std::make_shared<PlainMsbdn>(
      shape.Extent("conv_input.conv2d.weight", 0));
}

}  // namespace bild
