#include "bild/initialise.h"

#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "ATen/TensorOperators.h"
#include "backbones/parameter_set.h"
#include "bild/base/seed.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

// A convolution and its bias, and a linear layer: 2,000 + 20 + 900 numbers.
void Declare(ParameterSet& set, at::ScalarType dtype = at::kDouble) {
  set.Add("conv.weight", {20, 25, 2, 2}, 100);
  set.Add("conv.bias", {20}, 100);
  set.Add("linear.weight", {9, 100}, 16);
  set.Materialise(dtype);
}

at::Tensor Values(uint64_t seed, uint64_t net,
                  Initialisation initialisation = Initialisation::kFanIn,
                  at::ScalarType dtype = at::kDouble) {
  ParameterSet set;
  Declare(set, dtype);
  InitialiseParameters(set, seed, net, initialisation);
  return set.flat().clone();
}

TEST(Initialise, Names) {
  EXPECT_EQ(ParseInitialisation("fan_in").value(), Initialisation::kFanIn);
  EXPECT_EQ(ParseInitialisation("normal_0.02").value(),
            Initialisation::kNormal002);
  EXPECT_EQ(ParseInitialisation("normal_0.001").value(),
            Initialisation::kNormal0001);
  EXPECT_EQ(ParseInitialisation("xavier").status().message(),
            "--initialisation='xavier': expected 'fan_in', 'normal_0.02' or "
            "'normal_0.001'.");
}

// Uniform in +-1/sqrt(fan_in): 0.1 and 0.25 here, with a variance of a third of
// its square.
TEST(Initialise, FanInFillsItsBounds) {
  const at::Tensor values = Values(1, kBackboneNet);
  const struct {
    int64_t offset, numel;
    double bound;
  } pieces[] = {{0, 2000, 0.1}, {2000, 20, 0.1}, {2020, 900, 0.25}};
  for (const auto& piece : pieces) {
    const at::Tensor part = values.narrow(0, piece.offset, piece.numel);
    const double largest = part.abs().max().item<double>();
    EXPECT_LE(largest, piece.bound);
    EXPECT_GT(largest, 0.8 * piece.bound);
    if (piece.numel < 100) continue;
    // Five standard errors of the mean, and of the variance's estimate.
    const double n = static_cast<double>(piece.numel);
    EXPECT_NEAR(part.mean().item<double>(), 0.0,
                5.0 * piece.bound / std::sqrt(3.0 * n));
    EXPECT_NEAR(
        part.square().mean().item<double>() * 3.0 / (piece.bound * piece.bound),
        1.0, 5.0 * std::sqrt(0.8 / n));
  }
}

TEST(Initialise, NormalFillsWeightsAlone) {
  const at::Tensor values = Values(1, kBackboneNet, Initialisation::kNormal002);
  for (const auto& [offset, numel] :
       std::vector<std::pair<int64_t, int64_t>>{{0, 2000}, {2020, 900}}) {
    const at::Tensor part = values.narrow(0, offset, numel);
    const double n = static_cast<double>(numel);
    EXPECT_NEAR(part.mean().item<double>(), 0.0, 5.0 * 0.02 / std::sqrt(n));
    EXPECT_NEAR(part.std().item<double>(), 0.02,
                5.0 * 0.02 / std::sqrt(2.0 * n));
  }
  // Biases are those of fan_in, to the bit: the same draws.
  EXPECT_TRUE(values.narrow(0, 2000, 20)
                  .equal(Values(1, kBackboneNet).narrow(0, 2000, 20)));
}

// The same draws as N(0, 0.02^2), a twentieth of them; biases 0.
TEST(Initialise, SmallNormalHasNoBiases) {
  const at::Tensor small = Values(1, kBackboneNet, Initialisation::kNormal0001);
  const at::Tensor large = Values(1, kBackboneNet, Initialisation::kNormal002);
  for (const auto& [offset, numel] :
       std::vector<std::pair<int64_t, int64_t>>{{0, 2000}, {2020, 900}}) {
    EXPECT_TRUE(
        small.narrow(0, offset, numel)
            .allclose(large.narrow(0, offset, numel) / 20.0, 1e-14, 0.0));
  }
  EXPECT_EQ(small.narrow(0, 2000, 20).abs().max().item<double>(), 0.0);
}

// The derivation that the header states, drawn here by hand.
TEST(Initialise, DrawsFromTheStatedStreams) {
  const at::Tensor values = Values(7, kReweightingNet);
  SeedEngine weight(7, SeedStream::kInit, 1, 0);
  SeedEngine linear(7, SeedStream::kInit, 1, 2);
  EXPECT_EQ(values[0].item<double>(), 0.1 * (2.0 * weight.Uniform() - 1.0));
  EXPECT_EQ(values[1].item<double>(), 0.1 * (2.0 * weight.Uniform() - 1.0));
  EXPECT_EQ(values[2020].item<double>(), 0.25 * (2.0 * linear.Uniform() - 1.0));
}

// Numbers that published results hang on: these change, every run changes.
TEST(Initialise, PinnedFirstValues) {
  const at::Tensor backbone = Values(1, kBackboneNet);
  const at::Tensor network = Values(1, kReweightingNet);
  const at::Tensor normal = Values(1, kBackboneNet, Initialisation::kNormal002);
  EXPECT_DOUBLE_EQ(backbone[0].item<double>(), -0.09106126740478747);
  EXPECT_DOUBLE_EQ(backbone[2019].item<double>(), -0.08567233872082142);
  EXPECT_DOUBLE_EQ(network[0].item<double>(), -0.07015721811596203);
  EXPECT_NEAR(normal[0].item<double>(), -0.0022001010638754153, 1e-15);
}

TEST(Initialise, StreamsDiffer) {
  const at::Tensor first = Values(1, kBackboneNet);
  EXPECT_TRUE(first.equal(Values(1, kBackboneNet)));
  EXPECT_EQ(first.eq(Values(2, kBackboneNet)).sum().item<int64_t>(), 0);
  EXPECT_EQ(first.eq(Values(1, kReweightingNet)).sum().item<int64_t>(), 0);
  // Parameters of one shape are not copies of each other.
  EXPECT_EQ(first.narrow(0, 0, 900)
                .div(0.1)
                .eq(first.narrow(0, 2020, 900).div(0.25))
                .sum()
                .item<int64_t>(),
            0);
}

TEST(Initialise, Float32IsFloat64Rounded) {
  EXPECT_TRUE(Values(1, kBackboneNet, Initialisation::kFanIn, at::kFloat)
                  .equal(Values(1, kBackboneNet).to(at::kFloat)));
}

}  // namespace
}  // namespace bild
