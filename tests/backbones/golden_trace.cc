#include "tests/backbones/golden_trace.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>

#include "ATen/ops/sigmoid.h"
#include "ATen/ops/tanh.h"
#include "ATen/ops/zeros.h"
#include "backbones/ddu_operators.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

using nlohmann::json;

// Types of modules that are layers here, with a weight of their own.
const std::set<std::string>& LayerTypes() {
  static const auto* types = new std::set<std::string>{
      "Conv2d", "ConvTranspose2d", "Linear", "PReLU", "BatchNorm2d"};
  return *types;
}

using Tensors = std::map<std::string, std::function<at::Tensor()>>;

// The tensors that a vector may hold, from the outputs of layers.
Tensors TensorsOf(const OutputTrace& trace) {
  Tensors tensors;
  tensors["conv_out_before_relu_eval"] = [&] {
    return trace.Output("conv_out");
  };
  for (const char* colour : {"r", "g", "b"}) {
    const std::string guide = std::string("guide_") + colour;
    tensors[guide + "_eval"] = [&trace, guide] {
      return at::tanh(trace.Output(guide + ".conv3.conv"));
    };
  }
  tensors["fusion_eval"] = [&] { return trace.Output("fusion.3"); };
  tensors["x_r_fusion_eval"] = [&] { return trace.Output("x_r_fusion.3"); };
  const auto grid = [&trace] {
    return BilateralGrid(at::sigmoid(trace.Output("u_net.pre")));
  };
  tensors["grid_corner_eval"] = [grid] {
    return grid()
        .slice(2, 0, std::nullopt, 5)
        .slice(3, 0, std::nullopt, 5)
        .slice(4, 0, std::nullopt, 5);
  };
  tensors["applied_r_eval"] = [&trace, grid] {
    const at::Tensor colours = trace.Output("p");
    const BilateralSlice slice(grid(), colours.size(2), colours.size(3));
    return ApplyCoefficients(
        slice.At(at::tanh(trace.Output("guide_r.conv3.conv"))), colours);
  };
  return tensors;
}

}  // namespace

void OutputTrace::Ran(const Layer& layer, const at::Tensor& /*input*/,
                      const at::Tensor& output) {
  const std::string& weight = layer.weight().name;
  const size_t dot = weight.rfind('.');
  if (dot == std::string::npos) return;
  outputs_[weight.substr(0, dot)].push_back(
      output.detach().clone());  // An activation may follow in place.
}

at::Tensor OutputTrace::Output(const std::string& layer, size_t call) const {
  const auto found = outputs_.find(layer);
  if (found == outputs_.end() || call >= found->second.size()) {
    ADD_FAILURE() << "the net has no call " << call << " of a layer '" << layer
                  << "'";
    return at::zeros({0}, at::kDouble);
  }
  return found->second[call];
}

void ExpectStatistics(const std::string& what, const at::Tensor& got,
                      const json& want, double relative) {
  ASSERT_EQ(got.sizes().vec(), want.at("shape").get<std::vector<int64_t>>())
      << what;
  const auto number = [&](const char* key) {
    return want.at(key).get<double>();
  };
  const double tolerance =
      relative * std::max(std::abs(number("min")), std::abs(number("max")));
  EXPECT_NEAR(got.mean().item<double>(), number("mean"), tolerance) << what;
  EXPECT_NEAR(got.min().item<double>(), number("min"), tolerance) << what;
  EXPECT_NEAR(got.max().item<double>(), number("max"), tolerance) << what;
  EXPECT_NEAR(got.norm().item<double>(), number("l2"), relative * number("l2"))
      << what;
  const at::Tensor flat = got.flatten();
  const auto first = want.at("first4").get<std::vector<double>>();
  for (size_t i = 0; i < first.size(); ++i) {
    EXPECT_NEAR(flat[static_cast<int64_t>(i)].item<double>(), first[i],
                tolerance)
        << what << '[' << i << ']';
  }
}

void CheckTrace(const GoldenCase& golden, const OutputTrace& trace,
                double relative) {
  std::map<std::string, size_t> calls;
  for (const json& entry : golden.json().at("trace_eval")) {
    if (LayerTypes().count(entry.at("type").get<std::string>()) == 0) continue;
    const std::string layer = entry.at("module").get<std::string>();
    ExpectStatistics("output of " + layer, trace.Output(layer, calls[layer]++),
                     entry, relative);
  }
  for (const auto& [layer, outputs] : trace.outputs()) {
    EXPECT_EQ(outputs.size(), calls[layer]) << "calls of " << layer;
  }
  for (const auto& [name, of_trace] : TensorsOf(trace)) {
    if (!golden.has_tensor(name)) continue;
    ExpectClose(name, of_trace(), golden.tensor(name), relative);
  }
}

}  // namespace bild
