// The outer gradient of every backbone, with every engine, against automatic
// differentiation.

#include "benchmarks/gradient_check.h"

#include <limits>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace bild {
namespace {

GradientCheckSpec Spec(const std::string& backbone) {
  GradientCheckSpec spec;
  spec.backbone = backbone;
  return spec;
}

// Narrow, where a net can be: the layers are the same.
class GradientCheckTest : public testing::TestWithParam<std::string> {};

TEST_P(GradientCheckTest, EveryEngineIsWhatItClaims) {
  for (const PatchLoss loss : {PatchLoss::kL1, PatchLoss::kMse}) {
    GradientCheckSpec spec = Spec(GetParam());
    spec.loss = loss;
    const auto check = CheckGradients(spec);
    ASSERT_TRUE(check.ok()) << check.status();
    // Five engines, one with a short step as well, Adam, and two windows.
    ASSERT_EQ(check->rows.size(), 9u);
    for (const GradientCheckRow& row : check->rows) {
      EXPECT_FALSE(row.IsOff()) << row.name << " " << *row.relative_error;
    }
    // How far a finite step is off depends on the kinks that it crosses: a
    // short one is near for every net. That it is off at all shows that
    // something was compared.
    EXPECT_GT(check->rows[4].relative_error.value(),
              GradientCheckRow::kExactTolerance);
    if (GetParam() == "ffa[dim=16,blocks=1]") {
      EXPECT_LE(check->rows[4].relative_error.value(), 3e-2);
    }
    EXPECT_LE(check->rows[5].relative_error.value(), 1e-2);
    EXPECT_LT(check->rows[5].relative_error.value(),
              check->rows[4].relative_error.value());
  }
}

INSTANTIATE_TEST_SUITE_P(
    Nets, GradientCheckTest,
    testing::Values("aodnet", "aodnet[variant=gunet]", "dehazenet",
                    "griddehazenet[width=4,growth=4]", "msbdn[width=1]",
                    "ffa[dim=16,blocks=1]",
                    "aodnet[ddu=16,ddu_grid=64,ddu_width=2]"));

TEST(GradientCheck, NamesOfTheRows) {
  const auto check = CheckGradients(Spec("aodnet"));
  ASSERT_TRUE(check.ok()) << check.status();
  EXPECT_EQ(check->backbone, "aodnet");
  EXPECT_EQ(check->crop_px, 16);
  std::vector<std::string> names;
  for (const GradientCheckRow& row : check->rows) names.push_back(row.name);
  EXPECT_EQ(names, (std::vector<std::string>{
                       "in_backward", "layerwise", "forward", "per_sample",
                       "finite_difference", "finite_difference, a step of 1e-5",
                       "in_backward, adam", "hessian_vector, 2 steps of sgd",
                       "hessian_vector, 2 steps of adam"}));
}

TEST(GradientCheck, WhatIsOff) {
  GradientCheckRow row;
  EXPECT_FALSE(row.IsOff());  // Not valid for the net.
  row.relative_error = 1e-9;
  EXPECT_FALSE(row.IsOff());
  row.relative_error = 1.1e-9;
  EXPECT_TRUE(row.IsOff());
  row.relative_error = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(row.IsOff());
  row.tolerance = GradientCheckRow::kNearTolerance;
  EXPECT_TRUE(row.IsOff());
  row.relative_error = 1e-2;
  EXPECT_FALSE(row.IsOff());
  row.relative_error = 1.0;
  row.tolerance.reset();
  EXPECT_FALSE(row.IsOff());
}

TEST(GradientCheck, WhatCannotBeChecked) {
  EXPECT_EQ(CheckGradients(Spec("resnet")).status().code(),
            absl::StatusCode::kInvalidArgument);
  GradientCheckSpec spec = Spec("aodnet");
  spec.batch = 2;
  EXPECT_EQ(CheckGradients(spec).status().code(),
            absl::StatusCode::kInvalidArgument);
  const auto untrainable = CheckGradients(Spec("dehazenet[variant=patch]"));
  EXPECT_EQ(untrainable.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(
      std::string(untrainable.status().message()).find("cannot be trained"),
      std::string::npos);
  spec = Spec("aodnet");
  spec.validation_batch = 0;
  EXPECT_EQ(CheckGradients(spec).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace bild
