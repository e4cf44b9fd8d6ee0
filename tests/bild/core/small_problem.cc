#include "tests/bild/core/small_problem.h"

#include <cmath>
#include <utility>

#include "ATen/TensorOperators.h"
#include "ATen/ops/cat.h"
#include "ATen/ops/stack.h"
#include "ATen/ops/tanh.h"
#include "backbones/catalog.h"
#include "c10/core/GradMode.h"
#include "c10/util/Exception.h"
#include "tests/testing/conv2_net.h"
#include "tests/testing/random_tensor.h"
#include "torch/csrc/autograd/autograd.h"

namespace bild {
namespace {

// x + conv2(tanh(bn(conv1(x)))), which couples the patches of a batch.
class NormNet final : public Backbone {
 public:
  explicit NormNet(const LayerScope& scope = LayerScope())
      : Backbone(scope),
        conv1_(scope.Conv("conv1", 3, 4, 3)),
        norm_(scope.BatchNorm("bn", 4)),
        conv2_(scope.Conv("conv2", 4, 3, 3)) {}
  const std::string& name() const override { return name_; }
  at::Tensor Forward(const at::Tensor& input) const override {
    return input + conv2_(at::tanh(norm_(conv1_(input))));
  }

 private:
  std::string name_ = "norm";
  const Conv2d& conv1_;
  const BatchNorm2d& norm_;
  const Conv2d& conv2_;
};

std::unique_ptr<Backbone> MakeNet(const std::string& net,
                                  at::ScalarType dtype) {
  if (net == "conv2") {
    auto conv2 = std::make_unique<Conv2Net>();
    conv2->parameters().Materialise(dtype);
    return conv2;
  }
  if (net == "norm") {
    auto norm = std::make_unique<NormNet>();
    norm->layers().Materialise(dtype);
    return norm;
  }
  auto made = MakeBackbone(net, dtype);
  TORCH_CHECK(made.ok(), std::string(made.status().message()));
  return std::move(made).value();
}

void Fill(ParameterSet& parameters, SeedEngine& engine) {
  const at::NoGradGuard no_grad;
  for (const auto& parameter : parameters.list()) {
    const bool is_bias = parameter->shape.size() == 1;
    const double scale =
        is_bias ? 0.1 : 1.0 / std::sqrt(static_cast<double>(parameter->fan_in));
    at::Tensor value = parameter->value.detach();
    value.copy_(NormalTensor(engine, parameter->shape) * scale);
    if (parameter->name == "e_conv5.bias") value.add_(1.0);
    if (parameter->name == "bn.weight") value.add_(1.0);
    if (parameter->name == "linear.0.bias") value.add_(1.0);
  }
}

}  // namespace

SmallProblem MakeSmallProblem(SeedEngine& engine,
                              const SmallProblemOptions& options) {
  SmallProblem problem;
  problem.backbone = MakeNet(options.net, options.dtype);
  Fill(problem.backbone->parameters(), engine);
  ReweightingNetworkOptions widths;
  widths.channels = {Choose(engine, {2, 3, 4}), Choose(engine, {3, 5})};
  widths.hidden = Choose(engine, {3, 5});
  problem.network = std::make_unique<ReweightingNetwork>(widths, options.dtype);
  Fill(problem.network->parameters(), engine);
  const auto patches = [&](int64_t count) {
    const std::vector<int64_t> shape = {count, 3, options.crop_px,
                                        options.crop_px};
    const at::Tensor hazy01 = UniformTensor(engine, shape).to(options.dtype);
    return Patches{problem.backbone->NormaliseInput(hazy01),
                   UniformTensor(engine, shape).to(options.dtype)};
  };
  problem.training = patches(options.batch);
  problem.validation = patches(options.validation_batch);
  return problem;
}

const std::vector<std::string>& SmallNets() {
  static const auto* nets = new std::vector<std::string>{
      "conv2", "aodnet", "aodnet[variant=gunet]", "ffa[dim=16,blocks=1]"};
  return *nets;
}

at::Tensor PerSampleGradients(const Backbone& backbone, const Patches& patches,
                              PatchLoss loss) {
  const at::Tensor losses = LossesOf(backbone, patches, loss);
  std::vector<at::Tensor> rows;
  for (int64_t i = 0; i < losses.size(0); ++i) {
    rows.push_back(Flatten(
        torch::autograd::grad({losses[i]}, backbone.parameters().leaves(), {},
                              /*retain_graph=*/true)));
  }
  return at::stack(rows);
}

at::Tensor Flatten(const std::vector<at::Tensor>& pieces) {
  std::vector<at::Tensor> flat;
  flat.reserve(pieces.size());
  for (const at::Tensor& piece : pieces) flat.push_back(piece.flatten());
  return at::cat(flat);
}

void SetParameters(ParameterSet& parameters, const at::Tensor& values) {
  const at::NoGradGuard no_grad;
  at::Tensor flat = parameters.flat();
  flat.copy_(values);
}

}  // namespace bild
