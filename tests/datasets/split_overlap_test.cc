#include "datasets/split_overlap.h"

#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/datasets/memory_dataset.h"

namespace bild {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

Split Sides(std::vector<int64_t> train, std::vector<int64_t> validation) {
  Split split;
  split.train.indices = std::move(train);
  split.validation.indices = std::move(validation);
  return split;
}

TEST(CheckScenesApartTest, SidesWithoutACommonSceneHold) {
  EXPECT_TRUE(
      CheckScenesApart(NumberedPairs(3, 2), Sides({0, 1, 2, 3}, {4, 5})).ok());
}

// Another hazy picture of a scene is the same scene.
TEST(CheckScenesApartTest, ScenesOnBothSidesAreListed) {
  const absl::Status status =
      CheckScenesApart(NumberedPairs(3, 2), Sides({0, 2, 4}, {3, 5}));
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("shares 2 of its scenes"), HasSubstr("s11"),
                    HasSubstr("s12"), Not(HasSubstr("s10")),
                    HasSubstr("--validation_scenes=training")));
}

}  // namespace
}  // namespace bild
