#include "bild/learning_rate.h"

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(LearningRate, ConstantStays) {
  const LearningRateSchedule schedule{{LearningRateKind::kConstant}, 0.3, 5};
  for (int64_t step = 1; step <= 5; ++step) {
    EXPECT_EQ(LearningRateAt(schedule, step), 0.3);
  }
}

TEST(LearningRate, CosineFallsFromNearlyTheBaseToZero) {
  const LearningRateSchedule schedule{{LearningRateKind::kCosine}, 0.8, 6};
  // Half of 0.8 times 1 + cos of 30, 60, 90, 120, 150 and 180 degrees.
  const double want[] = {0.4 * (1 + std::sqrt(3.0) / 2), 0.6, 0.4, 0.2,
                         0.4 * (1 - std::sqrt(3.0) / 2), 0};
  for (int64_t step = 1; step <= 6; ++step) {
    EXPECT_NEAR(LearningRateAt(schedule, step), want[step - 1], 1e-15) << step;
  }
}

TEST(LearningRate, CosineAtPublishedLength) {
  const LearningRateSchedule schedule{
      {LearningRateKind::kCosine}, 1e-4, 500000};
  EXPECT_NEAR(LearningRateAt(schedule, 125000), 8.535533905932738e-5, 1e-18);
  // 1 - cos(x) is x^2 / 2 so close to the start: x = pi / 500000.
  EXPECT_NEAR(1e-4 - LearningRateAt(schedule, 1), 9.8696044e-16, 1e-18);
}

TEST(LearningRate, StepsOutsideAreACallersBug) {
  const LearningRateSchedule schedule{{LearningRateKind::kCosine}, 1, 10};
  EXPECT_THROW(LearningRateAt(schedule, 0), std::out_of_range);
  EXPECT_THROW(LearningRateAt(schedule, 11), std::out_of_range);
}

TEST(LearningRate, HalvedEveryThreeSteps) {
  const LearningRateSchedule schedule{
      {LearningRateKind::kHalved, /*every_steps=*/3}, 0.8, 8};
  const double want[] = {0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.2, 0.2};
  for (int64_t step = 1; step <= 8; ++step) {
    EXPECT_EQ(LearningRateAt(schedule, step), want[step - 1]) << step;
  }
}

TEST(LearningRate, TenthEveryTwoSteps) {
  const LearningRateSchedule schedule{
      {LearningRateKind::kTenth, /*every_steps=*/2}, 1e-4, 6};
  const double want[] = {1e-4, 1e-4, 1e-5, 1e-5, 1e-6, 1e-6};
  for (int64_t step = 1; step <= 6; ++step) {
    EXPECT_NEAR(LearningRateAt(schedule, step), want[step - 1], 1e-19) << step;
  }
}

// DehazeNet: 0.005 halved every 100,000 of 500,000 steps, down to 3.125e-4.
TEST(LearningRate, HalvedAtPublishedLength) {
  const LearningRateSchedule schedule{
      {LearningRateKind::kHalved, 100000}, 0.005, 500000};
  EXPECT_EQ(LearningRateAt(schedule, 100000), 0.005);
  EXPECT_EQ(LearningRateAt(schedule, 100001), 0.0025);
  EXPECT_EQ(LearningRateAt(schedule, 500000), 3.125e-4);
}

TEST(LearningRate, NamesAreParsedAndGivenBack) {
  for (const char* name : {"constant", "cosine", "halved_every_1",
                           "halved_every_15540", "tenth_every_350000"}) {
    const auto shape = ParseLearningRateShape(name);
    ASSERT_TRUE(shape.ok()) << shape.status();
    EXPECT_EQ(LearningRateShapeName(*shape), name);
  }
  EXPECT_EQ(ParseLearningRateShape("cosine")->kind, LearningRateKind::kCosine);
  EXPECT_EQ(ParseLearningRateShape("halved_every_20")->every_steps, 20);
  const absl::Status status = ParseLearningRateShape("Cosine").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(),
            "Learning-rate schedule: expected constant, cosine, "
            "halved_every_N or tenth_every_N with a number of steps N, found "
            "'Cosine'.");
  for (const char* text :
       {"", "7", "halved", "halved_every_", "halved_every_0", "halved_every_-5",
        "halved_every_ 5", "halved_every_05", "halved_every_5 ",
        "halved_every_1e3", "constant_every_10", "tenth_every_0", "every_5",
        "halved_every_99999999999999999999"}) {
    EXPECT_FALSE(ParseLearningRateShape(text).ok()) << text;
  }
}

TEST(LearningRate, ValidationNamesEveryProblem) {
  EXPECT_TRUE(ValidateLearningRate({{LearningRateKind::kConstant}, 1, 1}).ok());
  const absl::Status status =
      ValidateLearningRate({{LearningRateKind::kConstant}, 0, 0});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("base rate > 0, found 0"),
                    HasSubstr("at least 1 step in all, found 0")));
  EXPECT_FALSE(
      ValidateLearningRate({{LearningRateKind::kHalved, 0}, 1, 1}).ok());
  for (const double base : {-1.0, std::numeric_limits<double>::infinity(),
                            std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_FALSE(
        ValidateLearningRate({{LearningRateKind::kConstant}, base, 1}).ok());
  }
}

}  // namespace
}  // namespace bild
