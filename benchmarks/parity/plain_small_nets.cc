// AOD-Net and DehazeNet's end-to-end form.

#include "ATen/TensorOperators.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/max.h"
#include "ATen/ops/sigmoid.h"
#include "benchmarks/parity/plain_net.h"
#include "torch/nn/modules/activation.h"
#include "torch/nn/modules/pooling.h"

namespace bild {
namespace {

struct PlainAodNet final : PlainNet {
  PlainAodNet() {
    register_module("e_conv1", e_conv1);
    register_module("e_conv2", e_conv2);
    register_module("e_conv3", e_conv3);
    register_module("e_conv4", e_conv4);
    register_module("e_conv5", e_conv5);
  }
  at::Tensor forward(const at::Tensor& x) override {
    const at::Tensor x1 = relu(e_conv1(x));
    const at::Tensor x2 = relu(e_conv2(x1));
    const at::Tensor x3 = relu(e_conv3(at::cat({x1, x2}, 1)));
    const at::Tensor x4 = relu(e_conv4(at::cat({x2, x3}, 1)));
    const at::Tensor k = relu(e_conv5(at::cat({x1, x2, x3, x4}, 1)));
    return relu(k * x - k + 1);
  }
  torch::nn::Conv2d e_conv1 = PlainConv(3, 3, 1);
  torch::nn::Conv2d e_conv2 = PlainConv(3, 3, 3);
  torch::nn::Conv2d e_conv3 = PlainConv(6, 3, 5);
  torch::nn::Conv2d e_conv4 = PlainConv(6, 3, 7);
  torch::nn::Conv2d e_conv5 = PlainConv(12, 3, 3);
  torch::nn::ReLU relu{torch::nn::ReLUOptions(/*inplace=*/true)};
};

torch::nn::Conv2d ReflectConv(int64_t in_channels, int64_t out_channels,
                              int64_t kernel_px) {
  return torch::nn::Conv2d(
      torch::nn::Conv2dOptions(in_channels, out_channels, kernel_px)
          .padding(kernel_px / 2)
          .padding_mode(torch::kReflect));
}

struct PlainDehazeNet final : PlainNet {
  PlainDehazeNet() {
    register_module("conv1", conv1);
    register_module("conv2", conv2);
    register_module("conv3", conv3);
    register_module("conv4", conv4);
    register_module("conv5", conv5);
  }
  at::Tensor forward(const at::Tensor& input) override {
    const at::Tensor x = input * 0.5 + 0.5;
    const at::Tensor first = conv1(x);
    // Maxout: the largest of four channels.
    const at::Tensor maps = std::get<0>(
        first.view({first.size(0), 4, 4, first.size(2), first.size(3)}).max(2));
    const at::Tensor scales =
        at::cat({conv2(maps), conv3(maps), conv4(maps)}, 1);
    const at::Tensor transmission = at::sigmoid(conv5(maxpool(scales)));
    return ((x - 1) / transmission + 1) * 2 - 1;
  }
  torch::nn::Conv2d conv1 = ReflectConv(3, 16, 5);
  torch::nn::Conv2d conv2 = ReflectConv(4, 16, 3);
  torch::nn::Conv2d conv3 = ReflectConv(4, 16, 5);
  torch::nn::Conv2d conv4 = ReflectConv(4, 16, 7);
  torch::nn::MaxPool2d maxpool{
      torch::nn::MaxPool2dOptions(7).stride(1).padding(3)};
  torch::nn::Conv2d conv5 = ReflectConv(48, 1, 7);
};

}  // namespace

std::shared_ptr<PlainNet> MakePlainAodNet() {
  return std::make_shared<PlainAodNet>();
}

std::shared_ptr<PlainNet> MakePlainDehazeNet() {
  return std::make_shared<PlainDehazeNet>();
}

}  // namespace bild
