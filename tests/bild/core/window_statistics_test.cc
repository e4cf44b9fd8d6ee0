#include "bild/window_statistics.h"

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/testing/random_tensor.h"

namespace bild {
namespace {

// 1, 2, 4: mean 7/3, variance (16/9 + 1/9 + 25/9) / 2 = 7/3, its error
// sqrt(7/9).
TEST(RunningMean, ByHand) {
  RunningMean mean;
  EXPECT_EQ(mean.count(), 0);
  EXPECT_FALSE(mean.mean().has_value());
  EXPECT_FALSE(mean.standard_error().has_value());
  EXPECT_FALSE(mean.t().has_value());
  mean.Add(1.0);
  EXPECT_EQ(mean.mean().value(), 1.0);
  EXPECT_FALSE(mean.standard_error().has_value());
  EXPECT_FALSE(mean.t().has_value());
  mean.Add(2.0);
  mean.Add(4.0);
  EXPECT_EQ(mean.count(), 3);
  EXPECT_NEAR(mean.mean().value(), 7.0 / 3.0, 1e-15);
  EXPECT_NEAR(mean.standard_error().value(), std::sqrt(7.0) / 3.0, 1e-15);
  EXPECT_NEAR(mean.t().value(), std::sqrt(7.0), 1e-14);
}

TEST(RunningMean, EqualValuesHaveNoT) {
  RunningMean mean;
  for (int i = 0; i < 5; ++i) mean.Add(0.1);
  EXPECT_DOUBLE_EQ(mean.mean().value(), 0.1);
  EXPECT_EQ(mean.standard_error().value(), 0.0);
  EXPECT_FALSE(mean.t().has_value());
}

// A large common part does not eat the spread.
TEST(RunningMean, KeepsTheSpreadOfFarValues) {
  SeedEngine engine = TestEngine(1);
  std::vector<double> values;
  RunningMean near_zero, far;
  for (int i = 0; i < 200; ++i) {
    const double value = engine.Normal();
    near_zero.Add(value);
    far.Add(value + 1e9);
    values.push_back(value);
  }
  double sum = 0.0, squares = 0.0;
  for (const double value : values) sum += value;
  for (const double value : values) {
    squares += (value - sum / 200) * (value - sum / 200);
  }
  const double error = std::sqrt(squares / 199 / 200);
  EXPECT_NEAR(near_zero.standard_error().value(), error, 1e-14);
  EXPECT_NEAR(far.standard_error().value(), error, 1e-6 * error);
  EXPECT_NEAR(far.mean().value(), 1e9 + sum / 200, 1e-6);
}

StepReport Report(double loss) {
  StepReport report;
  report.mean_loss = loss;
  report.training_objective = 2.0 * loss;
  report.summary.entropy = 1.5;
  report.summary.effective_batch = 3.0;
  return report;
}

StepReport OuterStep(double loss, double gain, bool is_zero) {
  StepReport report = Report(loss);
  report.summary.weight_loss_correlation = 0.25;
  OuterReport outer;
  outer.validation_objective = loss + 1.0;
  outer.gain = gain;
  outer.normalised_gain = 10.0 * gain;
  outer.agreement = 0.5;
  outer.phi_gradient_norm = 4.0;
  outer.has_zero_phi_gradient = is_zero;
  report.outer = outer;
  return report;
}

std::map<std::string, double> CurvesOf(const WindowStatistics& window) {
  std::map<std::string, double> curves;
  for (const auto& [name, value] : window.Curves()) curves[name] = value;
  return curves;
}

TEST(WindowStatistics, OnlyWhatExists) {
  WindowStatistics window;
  EXPECT_TRUE(window.Curves().empty());
  window.Add(Report(1.0));
  window.Add(Report(3.0));
  EXPECT_EQ(window.steps(), 2);
  EXPECT_EQ(window.outer_steps(), 0);
  EXPECT_EQ(CurvesOf(window),
            (std::map<std::string, double>{{"training_loss", 2.0},
                                           {"training_objective", 4.0},
                                           {"weight_entropy", 1.5},
                                           {"effective_batch", 3.0}}));
  // Nothing was to be learned, so nothing was missed.
  EXPECT_FALSE(window.is_all_zero_gradient());
}

TEST(WindowStatistics, MeansErrorsAndT) {
  WindowStatistics window;
  window.Add(OuterStep(1.0, 0.1, false));
  window.Add(Report(2.0));
  window.Add(OuterStep(3.0, 0.3, false));
  EXPECT_EQ(window.steps(), 3);
  EXPECT_EQ(window.outer_steps(), 2);
  const auto curves = CurvesOf(window);
  EXPECT_DOUBLE_EQ(curves.at("training_loss"), 2.0);
  EXPECT_DOUBLE_EQ(curves.at("validation_objective"), 3.0);
  EXPECT_DOUBLE_EQ(curves.at("weight_loss_correlation"), 0.25);
  EXPECT_DOUBLE_EQ(curves.at("gain_mean"), 0.2);
  // sd of 0.1 and 0.3 is 0.1 sqrt(2), over sqrt(2).
  EXPECT_NEAR(curves.at("gain_standard_error"), 0.1, 1e-15);
  EXPECT_DOUBLE_EQ(curves.at("gain_normalised_mean"), 2.0);
  EXPECT_NEAR(curves.at("gain_normalised_standard_error"), 1.0, 1e-14);
  EXPECT_NEAR(curves.at("gain_normalised_t"), 2.0, 1e-14);
  EXPECT_DOUBLE_EQ(curves.at("agreement_mean"), 0.5);
  EXPECT_DOUBLE_EQ(curves.at("phi_gradient_norm"), 4.0);
}

TEST(WindowStatistics, WhatTheOuterStepFound) {
  WindowStatistics window;
  for (const double value : {0.25, 0.75}) {
    StepReport report = OuterStep(1.0, 0.1, value > 0.5);
    report.outer->own_normalised_gain = value;
    report.outer->gradient_cosine = -value;
    report.outer->reward_spread = 2.0 * value;
    window.Add(report);
  }
  const auto curves = CurvesOf(window);
  EXPECT_DOUBLE_EQ(curves.at("own_gain_normalised_mean"), 0.5);
  EXPECT_NEAR(curves.at("own_gain_normalised_standard_error"), 0.25, 1e-15);
  EXPECT_NEAR(curves.at("own_gain_normalised_t"), 2.0, 1e-14);
  EXPECT_DOUBLE_EQ(curves.at("gradient_cosine"), -0.5);
  EXPECT_DOUBLE_EQ(curves.at("reward_spread"), 1.0);
  EXPECT_DOUBLE_EQ(curves.at("zero_gradient_share"), 0.5);
}

TEST(WindowStatistics, AllZeroMeansAll) {
  WindowStatistics window;
  window.Add(OuterStep(1.0, 0.0, true));
  window.Add(OuterStep(1.0, 0.0, true));
  EXPECT_TRUE(window.is_all_zero_gradient());
  window.Add(OuterStep(1.0, 0.0, false));
  EXPECT_FALSE(window.is_all_zero_gradient());
}

// A step without a normalised gain (all products 0) leaves the mean alone.
TEST(WindowStatistics, MissingValuesAreNotZeros) {
  WindowStatistics window;
  window.Add(OuterStep(1.0, 0.4, false));
  StepReport report = OuterStep(1.0, 0.0, false);
  report.outer->normalised_gain.reset();
  report.outer->agreement.reset();
  window.Add(report);
  const auto curves = CurvesOf(window);
  EXPECT_DOUBLE_EQ(curves.at("gain_mean"), 0.2);
  EXPECT_DOUBLE_EQ(curves.at("gain_normalised_mean"), 4.0);
  EXPECT_EQ(curves.count("gain_normalised_t"), 0u);
  EXPECT_DOUBLE_EQ(curves.at("agreement_mean"), 0.5);
}

}  // namespace
}  // namespace bild
