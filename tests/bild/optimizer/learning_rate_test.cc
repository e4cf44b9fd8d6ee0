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
  const LearningRateSchedule schedule{LearningRateKind::kConstant, 0.3, 5};
  for (int64_t step = 1; step <= 5; ++step) {
    EXPECT_EQ(LearningRateAt(schedule, step), 0.3);
  }
}

TEST(LearningRate, CosineFallsFromNearlyTheBaseToZero) {
  const LearningRateSchedule schedule{LearningRateKind::kCosine, 0.8, 6};
  // Half of 0.8 times 1 + cos of 30, 60, 90, 120, 150 and 180 degrees.
  const double want[] = {0.4 * (1 + std::sqrt(3.0) / 2), 0.6, 0.4, 0.2,
                         0.4 * (1 - std::sqrt(3.0) / 2), 0};
  for (int64_t step = 1; step <= 6; ++step) {
    EXPECT_NEAR(LearningRateAt(schedule, step), want[step - 1], 1e-15) << step;
  }
}

TEST(LearningRate, CosineAtPublishedLength) {
  const LearningRateSchedule schedule{LearningRateKind::kCosine, 1e-4, 500000};
  EXPECT_NEAR(LearningRateAt(schedule, 125000), 8.535533905932738e-5, 1e-18);
  // 1 - cos(x) is x^2 / 2 so close to the start: x = pi / 500000.
  EXPECT_NEAR(1e-4 - LearningRateAt(schedule, 1), 9.8696044e-16, 1e-18);
}

TEST(LearningRate, StepsOutsideAreACallersBug) {
  const LearningRateSchedule schedule{LearningRateKind::kCosine, 1, 10};
  EXPECT_THROW(LearningRateAt(schedule, 0), std::out_of_range);
  EXPECT_THROW(LearningRateAt(schedule, 11), std::out_of_range);
}

TEST(LearningRate, NamesAreParsedAndGivenBack) {
  for (const char* name : {"constant", "cosine"}) {
    const auto kind = ParseLearningRateKind(name);
    ASSERT_TRUE(kind.ok()) << kind.status();
    EXPECT_EQ(LearningRateKindName(*kind), name);
  }
  EXPECT_EQ(*ParseLearningRateKind("cosine"), LearningRateKind::kCosine);
  const absl::Status status = ParseLearningRateKind("Cosine").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(),
            "Learning-rate schedule: expected constant or cosine, found "
            "'Cosine'.");
}

TEST(LearningRate, ValidationNamesEveryProblem) {
  EXPECT_TRUE(ValidateLearningRate({LearningRateKind::kConstant, 1, 1}).ok());
  const absl::Status status =
      ValidateLearningRate({LearningRateKind::kConstant, 0, 0});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("base rate > 0, found 0"),
                    HasSubstr("at least 1 step in all, found 0")));
  for (const double base : {-1.0, std::numeric_limits<double>::infinity(),
                            std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_FALSE(
        ValidateLearningRate({LearningRateKind::kConstant, base, 1}).ok());
  }
}

}  // namespace
}  // namespace bild
