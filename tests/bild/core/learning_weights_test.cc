#include "bild/learning_weights.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "ATen/TensorOperators.h"
#include "ATen/ops/full.h"
#include "ATen/ops/softmax.h"
#include "ATen/ops/tensor.h"
#include "ATen/ops/zeros.h"
#include "gtest/gtest.h"
#include "tests/testing/random_tensor.h"
#include "torch/csrc/autograd/autograd.h"

namespace bild {
namespace {

at::Tensor Vector(const std::vector<double>& values) {
  return at::tensor(values, at::kDouble);
}

void ExpectVector(const at::Tensor& got, const std::vector<double>& want,
                  double tolerance = 1e-15) {
  ASSERT_EQ(got.size(0), static_cast<int64_t>(want.size()));
  for (size_t i = 0; i < want.size(); ++i) {
    EXPECT_NEAR(got[static_cast<int64_t>(i)].item<double>(), want[i], tolerance)
        << "element " << i;
  }
}

TEST(LogitNorm, Names) {
  EXPECT_EQ(ParseLogitNorm("zscore").value(), LogitNorm::kZscore);
  EXPECT_EQ(ParseLogitNorm("none").value(), LogitNorm::kNone);
  const auto unknown = ParseLogitNorm("softmax");
  EXPECT_EQ(unknown.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(unknown.status().message(),
            "--logit_norm='softmax': expected 'zscore' or 'none'.");
}

// Logits 0, 1, 3: mean 4/3, variance (16/9 + 1/9 + 25/9) / 2 = 7/3.
TEST(NormaliseLogits, ByHand) {
  const at::Tensor logits = Vector({0, 1, 3});
  const auto z = NormaliseLogits(logits, LogitNorm::kZscore);
  ASSERT_TRUE(z.ok()) << z.status();
  const double deviation = std::sqrt(7.0 / 3.0);
  ExpectVector(*z, {-4.0 / 3.0 / deviation, -1.0 / 3.0 / deviation,
                    5.0 / 3.0 / deviation});
  const auto same = NormaliseLogits(logits, LogitNorm::kNone);
  ASSERT_TRUE(same.ok());
  EXPECT_TRUE(same->equal(logits));
}

TEST(NormaliseLogits, ZscoreHasMeanZeroAndDeviationOneAndForgetsScale) {
  SeedEngine engine = TestEngine(1);
  for (const int64_t batch : {3, 4, 8, 17}) {
    const at::Tensor logits = NormalTensor(engine, {batch});
    const at::Tensor z = NormaliseLogits(logits, LogitNorm::kZscore).value();
    EXPECT_NEAR(z.sum().item<double>(), 0.0, 1e-13);
    EXPECT_NEAR(z.square().sum().item<double>(), static_cast<double>(batch - 1),
                1e-12);
    const at::Tensor moved =
        NormaliseLogits(logits * 1e-3 + 7.0, LogitNorm::kZscore).value();
    EXPECT_LE(RelativeError(moved, z), 1e-11);
  }
}

// However the network shouts, one weight of four stays below
// e^1.5 / (e^1.5 + 3 e^-0.5) = 0.7112.
TEST(NormaliseLogits, ZscoreLimitsConcentration) {
  const at::Tensor z =
      NormaliseLogits(Vector({1e6, 0, 0, 0}), LogitNorm::kZscore).value();
  EXPECT_NEAR(at::softmax(z, 0)[0].item<double>(), 0.7112346, 1e-7);
}

// The gradient passes through mean and deviation: it is orthogonal to both the
// constant vector and z.
TEST(NormaliseLogits, GradientPassesThroughMeanAndDeviation) {
  SeedEngine engine = TestEngine(2);
  const at::Tensor logits = NormalTensor(engine, {6}).requires_grad_();
  const at::Tensor z = NormaliseLogits(logits, LogitNorm::kZscore).value();
  const at::Tensor gradient =
      torch::autograd::grad({z}, {logits}, {NormalTensor(engine, {6})})[0];
  EXPECT_GT(gradient.norm().item<double>(), 0.1);
  EXPECT_NEAR(gradient.sum().item<double>(), 0.0, 1e-14);
  EXPECT_NEAR(gradient.dot(z.detach()).item<double>(), 0.0, 1e-14);
}

TEST(NormaliseLogits, TwoPatchesOrFewerAreAnError) {
  for (const int64_t batch : {1, 2}) {
    const auto z =
        NormaliseLogits(at::zeros({batch}, at::kDouble), LogitNorm::kZscore);
    EXPECT_EQ(z.status().code(), absl::StatusCode::kInvalidArgument);
    const std::string message(z.status().message());
    EXPECT_NE(message.find("--batch=" + std::to_string(batch)),
              std::string::npos);
    EXPECT_NE(message.find("at least 3 patches"), std::string::npos);
    EXPECT_NE(message.find("--logit_norm=none"), std::string::npos);
    EXPECT_TRUE(CheckBatchForLogitNorm(batch, LogitNorm::kNone).ok());
    EXPECT_TRUE(
        NormaliseLogits(at::zeros({batch}, at::kDouble), LogitNorm::kNone)
            .ok());
  }
  EXPECT_TRUE(CheckBatchForLogitNorm(3, LogitNorm::kZscore).ok());
}

// For many values the mean of equal numbers is not that number, in either
// precision: their deviation must be seen to be 0 all the same.
TEST(NormaliseLogits, EqualLogitsAreAnError) {
  SeedEngine engine = TestEngine(3);
  for (int64_t trial = 0; trial < 200; ++trial) {
    const int64_t batch = Choose(engine, {3, 5, 6, 7, 8, 10, 24, 33});
    const double value =
        trial == 0 ? 0.0 : engine.Normal() * std::pow(10.0, engine.Normal());
    for (const at::ScalarType dtype : {at::kDouble, at::kFloat}) {
      const auto z =
          NormaliseLogits(at::full({batch}, value, dtype), LogitNorm::kZscore);
      ASSERT_EQ(z.status().code(), absl::StatusCode::kFailedPrecondition)
          << batch << " times " << value;
      EXPECT_NE(std::string(z.status().message())
                    .find("logits of the batch are equal"),
                std::string::npos);
    }
  }
}

TEST(NormaliseLogits, LogitsThatAreNotFiniteAreAnError) {
  for (const double bad : {std::numeric_limits<double>::infinity(),
                           std::numeric_limits<double>::quiet_NaN()}) {
    for (const LogitNorm norm : {LogitNorm::kZscore, LogitNorm::kNone}) {
      const auto z = NormaliseLogits(Vector({0, bad, 1}), norm);
      EXPECT_EQ(z.status().code(), absl::StatusCode::kFailedPrecondition);
      EXPECT_NE(std::string(z.status().message()).find("not finite"),
                std::string::npos);
    }
  }
}

// H = 1/2 ln 2 + 2 (1/4 ln 4) = 3/2 ln 2; 1 / (1/4 + 1/8) = 8/3.
TEST(SummariseWeights, ByHand) {
  const WeightSummary summary =
      SummariseWeights(Vector({0.5, 0.25, 0.25}), Vector({0.1, 0.4, 0.2}));
  EXPECT_NEAR(summary.entropy, 1.5 * std::log(2.0), 1e-15);
  EXPECT_NEAR(summary.effective_batch, 8.0 / 3.0, 1e-14);
  // dw = (2, -1, -1) / 12, dl = (-4, 5, -1) / 30: -12 / sqrt(6 * 42).
  ASSERT_TRUE(summary.weight_loss_correlation.has_value());
  EXPECT_NEAR(*summary.weight_loss_correlation, -12.0 / std::sqrt(252.0),
              1e-14);
}

TEST(SummariseWeights, UniformWeightsAndConstantLosses) {
  for (const int64_t batch : {1, 3, 7, 10}) {
    SeedEngine engine = TestEngine(4);
    const double uniform = 1.0 / static_cast<double>(batch);
    for (const at::ScalarType dtype : {at::kDouble, at::kFloat}) {
      const WeightSummary summary = SummariseWeights(
          at::full({batch}, uniform, dtype), NormalTensor(engine, {batch}));
      EXPECT_NEAR(summary.entropy, std::log(static_cast<double>(batch)), 1e-6);
      EXPECT_NEAR(summary.effective_batch, static_cast<double>(batch), 1e-5);
      EXPECT_FALSE(summary.weight_loss_correlation.has_value());
    }
  }
  // Equal losses: their mean may differ from them by rounding.
  EXPECT_FALSE(
      SummariseWeights(Vector({0.2, 0.3, 0.5}), Vector({0.1, 0.1, 0.1}))
          .weight_loss_correlation.has_value());
}

TEST(SummariseWeights, AllWeightOnOnePatch) {
  const WeightSummary summary =
      SummariseWeights(Vector({0, 1, 0}), Vector({1, 3, 2}));
  EXPECT_EQ(summary.entropy, 0.0);
  EXPECT_EQ(summary.effective_batch, 1.0);
  EXPECT_NEAR(summary.weight_loss_correlation.value(), std::sqrt(0.75), 1e-15);
}

}  // namespace
}  // namespace bild
