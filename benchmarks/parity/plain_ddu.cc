// The guided upsampling around AOD-Net, with the library's own grid sampling.

#include <string>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/adaptive_avg_pool2d.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/linspace.h"
#include "ATen/ops/meshgrid.h"
#include "ATen/ops/sigmoid.h"
#include "ATen/ops/stack.h"
#include "ATen/ops/tanh.h"
#include "benchmarks/parity/plain_net.h"
#include "torch/nn/functional/upsampling.h"
#include "torch/nn/functional/vision.h"
#include "torch/nn/modules/activation.h"
#include "torch/nn/modules/batchnorm.h"
#include "torch/nn/modules/container/sequential.h"
#include "torch/nn/modules/pooling.h"
#include "torch/nn/modules/upsampling.h"

namespace bild {
namespace {

namespace F = torch::nn::functional;

torch::nn::ReLU InPlaceRelu() {
  return torch::nn::ReLU(torch::nn::ReLUOptions(/*inplace=*/true));
}

struct DoubleConvImpl : torch::nn::Module {
  DoubleConvImpl(int64_t in_channels, int64_t middle, int64_t out_channels)
      : double_conv(PlainConv(in_channels, middle, 3),
                    torch::nn::BatchNorm2d(middle), InPlaceRelu(),
                    PlainConv(middle, out_channels, 3),
                    torch::nn::BatchNorm2d(out_channels), InPlaceRelu()) {
    register_module("double_conv", double_conv);
  }
  at::Tensor forward(const at::Tensor& x) { return double_conv->forward(x); }
  torch::nn::Sequential double_conv;
};
TORCH_MODULE(DoubleConv);

struct DownImpl : torch::nn::Module {
  DownImpl(int64_t in_channels, int64_t out_channels)
      : maxpool_conv(torch::nn::MaxPool2d(torch::nn::MaxPool2dOptions(2)),
                     DoubleConv(in_channels, out_channels, out_channels)) {
    register_module("maxpool_conv", maxpool_conv);
  }
  at::Tensor forward(const at::Tensor& x) { return maxpool_conv->forward(x); }
  torch::nn::Sequential maxpool_conv;
};
TORCH_MODULE(Down);

struct UpImpl : torch::nn::Module {
  UpImpl(int64_t in_channels, int64_t out_channels)
      : conv(in_channels, in_channels / 2, out_channels) {
    register_module("conv", conv);
  }
  at::Tensor forward(const at::Tensor& coarse, const at::Tensor& skip) {
    return conv(at::cat({skip, up(coarse)}, 1));
  }
  torch::nn::Upsample up{torch::nn::UpsampleOptions()
                             .scale_factor(std::vector<double>{2, 2})
                             .mode(torch::kBilinear)
                             .align_corners(true)};
  DoubleConv conv;
};
TORCH_MODULE(Up);

struct UnetImpl : torch::nn::Module {
  explicit UnetImpl(int64_t width)
      : inc(3, width, width),
        down1(width, width * 2),
        down2(width * 2, width * 4),
        down3(width * 4, width * 8),
        down4(width * 8, width * 8),
        up1(width * 16, width * 4),
        up2(width * 8, width * 2),
        up3(width * 4, width),
        up4(width * 2, width),
        pre(PlainConv(width, 3, 3)) {
    register_module("inc", inc);
    register_module("down1", down1);
    register_module("down2", down2);
    register_module("down3", down3);
    register_module("down4", down4);
    register_module("up1", up1);
    register_module("up2", up2);
    register_module("up3", up3);
    register_module("up4", up4);
    register_module("pre", pre);
  }
  at::Tensor forward(const at::Tensor& x) {
    const at::Tensor x1 = inc(x);
    const at::Tensor x2 = down1(x1);
    const at::Tensor x3 = down2(x2);
    const at::Tensor x4 = down3(x3);
    at::Tensor up = up1(down4(x4), x4);
    up = up2(up, x3);
    up = up3(up, x2);
    up = up4(up, x1);
    return at::sigmoid(pre(up));
  }
  DoubleConv inc;
  Down down1, down2, down3, down4;
  Up up1, up2, up3, up4;
  torch::nn::Conv2d pre;
};
TORCH_MODULE(Unet);

struct ConvBlockImpl : torch::nn::Module {
  ConvBlockImpl(int64_t in_channels, int64_t out_channels)
      : conv(PlainConv(in_channels, out_channels, 3)), bn(out_channels) {
    register_module("conv", conv);
    register_module("activation", activation);
    register_module("bn", bn);
  }
  at::Tensor forward(const at::Tensor& x) { return activation(bn(conv(x))); }
  torch::nn::Conv2d conv;
  torch::nn::PReLU activation;
  torch::nn::BatchNorm2d bn;
};
TORCH_MODULE(ConvBlock);

struct LastConvImpl : torch::nn::Module {
  explicit LastConvImpl(int64_t in_channels)
      : conv(PlainConv(in_channels, 1, 1)) {
    register_module("conv", conv);
  }
  at::Tensor forward(const at::Tensor& x) { return at::tanh(conv(x)); }
  torch::nn::Conv2d conv;
};
TORCH_MODULE(LastConv);

struct GuideImpl : torch::nn::Module {
  GuideImpl() {
    register_module("conv1", conv1);
    register_module("conv2", conv2);
    register_module("conv3", conv3);
  }
  at::Tensor forward(const at::Tensor& x) { return conv3(conv2(conv1(x))); }
  ConvBlock conv1{1, 16};
  ConvBlock conv2{16, 16};
  LastConv conv3{16};
};
TORCH_MODULE(Guide);

at::Tensor Bicubic(const at::Tensor& x, int64_t height_px, int64_t width_px) {
  return F::interpolate(x, F::InterpolateFuncOptions()
                               .size(std::vector<int64_t>{height_px, width_px})
                               .mode(torch::kBicubic)
                               .align_corners(true));
}

// [B, 12, D, h, w] at [B, 1, H, W] depths -> [B, 12, H, W].
at::Tensor Slice(const at::Tensor& grid, const at::Tensor& guide) {
  const int64_t batch = guide.size(0);
  const int64_t height_px = guide.size(2);
  const int64_t width_px = guide.size(3);
  const std::vector<at::Tensor> lattice =
      at::meshgrid({at::linspace(-1, 1, height_px, guide.options()),
                    at::linspace(-1, 1, width_px, guide.options())},
                   "ij");
  const auto plane = [&](const at::Tensor& x) {
    return x.view({1, 1, height_px, width_px})
        .expand({batch, 1, height_px, width_px});
  };
  const at::Tensor coordinates =
      at::stack({plane(lattice[1]), plane(lattice[0]), guide}, -1);
  return F::grid_sample(grid, coordinates,
                        F::GridSampleFuncOptions()
                            .mode(torch::kBilinear)
                            .padding_mode(torch::kZeros)
                            .align_corners(true))
      .squeeze(2);
}

// Three affine maps of three colours.
at::Tensor ApplyCoeffs(const at::Tensor& coeff, const at::Tensor& x) {
  std::vector<at::Tensor> colours;
  for (int64_t q = 0; q < 3; ++q) {
    colours.push_back((x * coeff.narrow(1, 4 * q, 3)).sum(1, /*keepdim=*/true) +
                      coeff.narrow(1, 4 * q + 3, 1));
  }
  return at::cat(colours, 1);
}

struct PlainDdu final : PlainNet {
  PlainDdu(int64_t side, int64_t grid_side, int64_t width)
      : side_px(side),
        grid_side_px(grid_side),
        u_net(width),
        u_net_mini(MakePlainAodNet()),
        fusion(PlainConv(9, 16, 3), torch::nn::PReLU(), PlainConv(16, 3, 1),
               torch::nn::PReLU()),
        x_r_fusion(PlainConv(3, 8, 3), torch::nn::PReLU(), PlainConv(8, 3, 3),
                   torch::nn::PReLU()),
        r_point(PlainConv(3, 3, 1)),
        g_point(PlainConv(3, 3, 1)),
        b_point(PlainConv(3, 3, 1)) {
    register_module("guide_r", guide_r);
    register_module("guide_g", guide_g);
    register_module("guide_b", guide_b);
    register_module("u_net", u_net);
    register_module("u_net_mini", u_net_mini);
    register_module("smooth", smooth);
    register_module("fusion", fusion);
    register_module("x_r_fusion", x_r_fusion);
    register_module("p", p);
    register_module("r_point", r_point);
    register_module("g_point", g_point);
    register_module("b_point", b_point);
  }
  at::Tensor forward(const at::Tensor& x) override {
    const int64_t batch = x.size(0);
    const at::Tensor map = u_net(Bicubic(x, grid_side_px, grid_side_px));
    const auto cells = grid_side_px == 256 ? 16 : 8;
    const at::Tensor grid =
        at::adaptive_avg_pool2d(map, {grid_side_px / 4, grid_side_px})
            .reshape({batch, 12, grid_side_px / 16, cells, cells});
    const at::Tensor restored =
        Bicubic(u_net_mini->forward(Bicubic(x, side_px, side_px)), x.size(2),
                x.size(3));
    const auto guided = [&](Guide& guide, int64_t colour,
                            torch::nn::Conv2d& point) {
      return ApplyCoeffs(Slice(grid, guide(x.narrow(1, colour, 1))),
                         p(point(restored)));
    };
    const at::Tensor fused = fusion->forward(
        at::cat({guided(guide_r, 0, r_point), guided(guide_g, 1, g_point),
                 guided(guide_b, 2, b_point)},
                1));
    return p(x_r_fusion->forward(fused) * x - fused + 1);
  }
  int64_t side_px, grid_side_px;
  Guide guide_r, guide_g, guide_b;
  Unet u_net;
  std::shared_ptr<PlainNet> u_net_mini;
  torch::nn::PReLU smooth;  // In the published weights, of no effect there.
  torch::nn::Sequential fusion, x_r_fusion;
  torch::nn::PReLU p;
  torch::nn::Conv2d r_point, g_point, b_point;
};

}  // namespace

std::shared_ptr<PlainNet> MakePlainDdu(const NetShape& shape) {
  return std::make_shared<PlainDdu>(shape.Option("ddu", 320),
                                    shape.Option("ddu_grid", 256),
                                    shape.Extent("u_net.pre.weight", 1));
}

}  // namespace bild
