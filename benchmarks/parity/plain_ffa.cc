#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/cat.h"
#include "absl/strings/str_cat.h"
#include "benchmarks/parity/plain_net.h"
#include "torch/nn/modules/activation.h"
#include "torch/nn/modules/container/sequential.h"
#include "torch/nn/modules/pooling.h"

namespace bild {
namespace {

torch::nn::ReLU InPlaceRelu() {
  return torch::nn::ReLU(torch::nn::ReLUOptions(/*inplace=*/true));
}

struct CaLayerImpl : torch::nn::Module {
  explicit CaLayerImpl(int64_t dim)
      : ca(PlainConv(dim, dim / 8, 1), InPlaceRelu(),
           PlainConv(dim / 8, dim, 1), torch::nn::Sigmoid()) {
    register_module("ca", ca);
  }
  at::Tensor forward(const at::Tensor& x) {
    return x * ca->forward(avg_pool(x));
  }
  torch::nn::AdaptiveAvgPool2d avg_pool{torch::nn::AdaptiveAvgPool2dOptions(1)};
  torch::nn::Sequential ca;
};
TORCH_MODULE(CaLayer);

struct PaLayerImpl : torch::nn::Module {
  explicit PaLayerImpl(int64_t dim)
      : pa(PlainConv(dim, dim / 8, 1), InPlaceRelu(), PlainConv(dim / 8, 1, 1),
           torch::nn::Sigmoid()) {
    register_module("pa", pa);
  }
  at::Tensor forward(const at::Tensor& x) { return x * pa->forward(x); }
  torch::nn::Sequential pa;
};
TORCH_MODULE(PaLayer);

struct FfaBlockImpl : torch::nn::Module {
  explicit FfaBlockImpl(int64_t dim)
      : conv1(PlainConv(dim, dim, 3)),
        act1(InPlaceRelu()),
        conv2(PlainConv(dim, dim, 3)),
        calayer(dim),
        palayer(dim) {
    register_module("conv1", conv1);
    register_module("conv2", conv2);
    register_module("calayer", calayer);
    register_module("palayer", palayer);
  }
  at::Tensor forward(const at::Tensor& x) {
    at::Tensor res = act1(conv1(x));
    res = res + x;
    res = conv2(res);
    res = calayer(res);
    res = palayer(res);
    res += x;
    return res;
  }
  torch::nn::Conv2d conv1;
  torch::nn::ReLU act1;
  torch::nn::Conv2d conv2;
  CaLayer calayer;
  PaLayer palayer;
};
TORCH_MODULE(FfaBlock);

struct FfaGroupImpl : torch::nn::Module {
  FfaGroupImpl(int64_t dim, int64_t blocks) {
    for (int64_t i = 0; i < blocks; ++i) gp->push_back(FfaBlock(dim));
    gp->push_back(PlainConv(dim, dim, 3));
    register_module("gp", gp);
  }
  at::Tensor forward(const at::Tensor& x) {
    at::Tensor res = gp->forward(x);
    res += x;
    return res;
  }
  torch::nn::Sequential gp;
};
TORCH_MODULE(FfaGroup);

struct PlainFfa final : PlainNet {
  PlainFfa(int64_t dim_in, int64_t blocks)
      : dim(dim_in),
        g1(dim, blocks),
        g2(dim, blocks),
        g3(dim, blocks),
        ca(torch::nn::AdaptiveAvgPool2d(torch::nn::AdaptiveAvgPool2dOptions(1)),
           PlainConv(dim * 3, dim / 16, 1), InPlaceRelu(),
           PlainConv(dim / 16, dim * 3, 1), torch::nn::Sigmoid()),
        palayer(dim),
        pre(PlainConv(3, dim, 3)),
        post(PlainConv(dim, dim, 3), PlainConv(dim, 3, 3)) {
    register_module("g1", g1);
    register_module("g2", g2);
    register_module("g3", g3);
    register_module("ca", ca);
    register_module("palayer", palayer);
    register_module("pre", pre);
    register_module("post", post);
  }
  at::Tensor forward(const at::Tensor& input) override {
    const at::Tensor x = pre->forward(input);
    const at::Tensor res1 = g1(x);
    const at::Tensor res2 = g2(res1);
    const at::Tensor res3 = g3(res2);
    at::Tensor w = ca->forward(at::cat({res1, res2, res3}, 1));
    w = w.view({-1, 3, dim}).unsqueeze(-1).unsqueeze(-1);
    at::Tensor out =
        w.select(1, 0) * res1 + w.select(1, 1) * res2 + w.select(1, 2) * res3;
    out = palayer(out);
    return post->forward(out) + input;
  }
  int64_t dim;
  FfaGroup g1, g2, g3;
  torch::nn::Sequential ca;
  PaLayer palayer;
  torch::nn::Sequential pre;
  torch::nn::Sequential post;
};

}  // namespace

std::shared_ptr<PlainNet> MakePlainFfa(const NetShape& shape) {
  int64_t blocks = 0;
  while (shape.Has(absl::StrCat("g1.gp.", blocks, ".conv1.weight"))) ++blocks;
  return std::make_shared<PlainFfa>(shape.Extent("pre.0.weight", 0), blocks);
}

}  // namespace bild
