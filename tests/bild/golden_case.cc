#include "tests/bild/golden_case.h"

#include <cmath>
#include <utility>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/zeros.h"
#include "backbones/catalog.h"
#include "c10/core/GradMode.h"
#include "gtest/gtest.h"
#include "tests/testing/conv2_net.h"

namespace bild {
namespace {

using nlohmann::json;

double MaxAbs(const at::Tensor& t) { return t.abs().max().item<double>(); }

std::unique_ptr<Backbone> MakeNet(const std::string& spec) {
  if (spec == "conv2") {
    auto net = std::make_unique<Conv2Net>();
    net->parameters().Materialise(at::kDouble);
    return net;
  }
  auto made = MakeBackbone(spec, at::kDouble);
  EXPECT_TRUE(made.ok()) << made.status();
  return made.ok() ? std::move(made).value() : nullptr;
}

void SetFlat(ParameterSet& parameters, const at::Tensor& values) {
  const at::NoGradGuard no_grad;
  at::Tensor flat = parameters.flat();
  flat.copy_(values);
}

}  // namespace

GoldenCase::GoldenCase(const GoldenFile& file, const std::string& name)
    : file_(file),
      name_(name),
      config_(file.json.at("cases").at(name).at("config")),
      values_(file.json.at("cases").at(name).at("values")) {
  for (const auto& [tensor, value] : file.tensors) {
    if (tensor.rfind(name + "/", 0) == 0) {
      tensors_[tensor.substr(name.size() + 1)] = value;
    }
  }
  const std::string backbone = config_.at("backbone").get<std::string>();
  net_ = MakeNet(
      file.json.at("backbones").at(backbone).at("net").get<std::string>());
  theta0_ = file.tensors.at(backbone + "/theta0");
  const json& settings = file.json.at("settings");
  ReweightingNetworkOptions network;
  network.channels = settings.at("phi_channels").get<std::vector<int64_t>>();
  network.hidden = settings.at("phi_hidden").get<int64_t>();
  network_ = std::make_unique<ReweightingNetwork>(network, at::kDouble);
}

at::Tensor GoldenCase::Want(const std::string& tensor) {
  const auto found = tensors_.find(tensor);
  if (found == tensors_.end()) {
    ADD_FAILURE() << "the file has no tensor '" << name_ << '/' << tensor
                  << "'";
    return at::zeros({1}, at::kDouble);
  }
  read_.insert(tensor);
  return found->second;
}

void GoldenCase::Expect(const std::string& what, const at::Tensor& got,
                        const at::Tensor& want) {
  ASSERT_TRUE(got.defined()) << what;
  ASSERT_EQ(got.sizes(), want.sizes()) << what;
  EXPECT_LE(MaxAbs(got - want), kTolerance * MaxAbs(want)) << what;
}

void GoldenCase::ExpectValue(const std::string& value, double got) {
  const double want = values_.at(value).get<double>();
  EXPECT_NEAR(got, want, kTolerance * std::abs(want)) << value;
}

void GoldenCase::ExpectAllRead() const {
  for (const auto& [tensor, value] : tensors_) {
    EXPECT_EQ(read_.count(tensor), 1u) << "tensor '" << tensor << "' unchecked";
  }
}

Patches GoldenCase::Training(int64_t n) const {
  return {file_.tensors.at("x")[n], file_.tensors.at("y")[n]};
}

Patches GoldenCase::Validation() const {
  return {file_.tensors.at("xv"), file_.tensors.at("yv")};
}

void GoldenCase::Reset() {
  SetTheta(theta0_);
  SetFlat(network_->parameters(), phi0());
}

void GoldenCase::SetTheta(const at::Tensor& values) {
  SetFlat(net_->parameters(), values);
}

BilevelOptions GoldenCase::Options() const {
  BilevelOptions options;
  options.loss = ParsePatchLoss(config_.at("loss").get<std::string>()).value();
  options.logit_norm =
      ParseLogitNorm(config_.at("logit_norm").get<std::string>()).value();
  options.reward = {0.0, EntropyTerm::kMaximize, RewardScale::kNone};
  return options;
}

RewardOptions GoldenCase::PhiStepReward() const {
  const json& setting = config_.at("phi_step");
  return {setting[2].get<double>(),
          ParseEntropyTerm(setting[0].get<std::string>()).value(),
          ParseRewardScale(setting[1].get<std::string>()).value()};
}

NetworkWeights GoldenCase::Weights(int64_t batch) const {
  const Patches patches = Training(batch);
  auto evaluated = EvaluateWeights(*network_, patches.hazy_input,
                                   patches.clear01, Options().logit_norm);
  EXPECT_TRUE(evaluated.ok()) << evaluated.status();
  return std::move(evaluated).value();
}

std::unique_ptr<Optimizer> GoldenOptimizer(const std::string& name,
                                           double epsilon) {
  OptimizerOptions options;
  options.name = name;
  options.epsilon = epsilon;
  return MakeOptimizer(options).value();
}

at::Tensor PhiGradient(const GoldenCase& golden) {
  return (golden.phi0() - golden.network().parameters().flat()) / kReadOffStep;
}

}  // namespace bild
