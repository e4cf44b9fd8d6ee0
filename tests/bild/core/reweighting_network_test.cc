#include "bild/reweighting_network.h"

#include <cstdint>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/full.h"
#include "bild/initialise.h"
#include "c10/core/GradMode.h"
#include "c10/util/Exception.h"
#include "gtest/gtest.h"
#include "tests/testing/random_tensor.h"

namespace bild {
namespace {

TEST(ReweightingNetwork, SizeOfThePublishedOne) {
  const ReweightingNetwork network({}, at::kFloat);
  EXPECT_EQ(network.parameters().size(), 873313);
  EXPECT_EQ(network.parameters().list().front()->name, "down_conv1.weight");
  EXPECT_EQ(network.parameters().list().back()->name, "linear.2.bias");
  ReweightingNetworkOptions narrow;
  narrow.channels = {4};
  narrow.hidden = 3;
  // 6*4*9+4, four convolutions 4*4*9+4, 4*3+3, 3*1+1.
  EXPECT_EQ(ReweightingNetwork(narrow, at::kFloat).parameters().size(),
            220 + 4 * 148 + 15 + 4);
}

TEST(ReweightingNetwork, RefusesWidthsThatAreNone) {
  ReweightingNetworkOptions options;
  options.channels = {};
  EXPECT_THROW(ReweightingNetwork(options, at::kFloat), c10::Error);
  options = {};
  options.hidden = 0;
  EXPECT_THROW(ReweightingNetwork(options, at::kFloat), c10::Error);
  options = {};
  options.channels = {8, 0};
  EXPECT_THROW(ReweightingNetwork(options, at::kFloat), c10::Error);
}

// Everything zero but a path that can be followed by hand, on one pixel pair.
// Channel sums: hazy 3 * 0.1, clear 3 * 0.2, together 0.9; down_conv1 of
// weights 1 and bias -2: -1.1, leaky: -0.22. Each block adds conv(leaky(conv))
// = 0 and leaks again: -0.044, -0.0088. Head: relu(-0.0088 + 1) = 0.9912, times
// 2, minus 3.
TEST(ReweightingNetwork, ByHandOnOnePixel) {
  ReweightingNetworkOptions options;
  options.channels = {1};
  options.hidden = 1;
  ReweightingNetwork network(options, at::kDouble);
  const at::NoGradGuard no_grad;
  for (const auto& parameter : network.parameters().list()) {
    if (parameter->name == "down_conv1.weight") parameter->value.fill_(1.0);
    if (parameter->name == "down_conv1.bias") parameter->value.fill_(-2.0);
    if (parameter->name == "linear.0.weight") parameter->value.fill_(1.0);
    if (parameter->name == "linear.0.bias") parameter->value.fill_(1.0);
    if (parameter->name == "linear.2.weight") parameter->value.fill_(2.0);
    if (parameter->name == "linear.2.bias") parameter->value.fill_(-3.0);
  }
  const at::Tensor logits =
      network.Logits(at::full({2, 3, 1, 1}, 0.1, at::kDouble),
                     at::full({2, 3, 1, 1}, 0.2, at::kDouble));
  ASSERT_EQ(logits.sizes(), (std::vector<int64_t>{2}));
  EXPECT_NEAR(logits[0].item<double>(), 2.0 * 0.9912 - 3.0, 1e-14);
}

// A patch's logit is its own: it does not depend on the others of the batch,
// and hazy and clear are not interchangeable.
TEST(ReweightingNetwork, LogitsArePerPatch) {
  ReweightingNetworkOptions options;
  options.channels = {4, 5};
  options.hidden = 3;
  ReweightingNetwork network(options, at::kDouble);
  InitialiseParameters(network.parameters(), 1, kReweightingNet,
                       Initialisation::kFanIn);
  const at::NoGradGuard no_grad;
  SeedEngine engine = TestEngine(1);
  for (const int64_t size_px : {1, 5, 8}) {
    const at::Tensor hazy = UniformTensor(engine, {3, 3, size_px, size_px});
    const at::Tensor clear = UniformTensor(engine, {3, 3, size_px, size_px});
    const at::Tensor together = network.Logits(hazy, clear);
    for (int64_t i = 0; i < 3; ++i) {
      EXPECT_NEAR(network.Logits(hazy.narrow(0, i, 1), clear.narrow(0, i, 1))
                      .item<double>(),
                  together[i].item<double>(), 1e-14);
    }
    EXPECT_GT(RelativeError(network.Logits(clear, hazy), together), 1e-6);
  }
}

}  // namespace
}  // namespace bild
