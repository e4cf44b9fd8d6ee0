#include "bild/base/torch_boundary.h"

#include <stdexcept>
#include <string>

#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

using testing::HasSubstr;

TEST(CatchTorchErrorsTest, PassesValuesAndStatuses) {
  EXPECT_EQ(*CatchTorchErrors("Adding",
                              []() -> absl::StatusOr<int> { return 2 + 3; }),
            5);
  EXPECT_EQ(CatchTorchErrors("Reading",
                             [] { return absl::NotFoundError("no file"); }),
            absl::NotFoundError("no file"));
}

TEST(CatchTorchErrorsTest, NamesTheOperationAndDropsTheBacktrace) {
  const absl::Status status =
      CatchTorchErrors("Training step 7", []() -> absl::Status {
        TORCH_CHECK(false, "the batch has ", 3, " patches");
      });
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(std::string(status.message()),
            "Training step 7: the batch has 3 patches");
}

TEST(CatchTorchErrorsTest, OutOfMemorySaysWhatToLower) {
  const absl::Status status =
      CatchTorchErrors("Training step 7", []() -> absl::Status {
        TORCH_CHECK_WITH(OutOfMemoryError, false, "tried 3 GiB");
      });
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("tried 3 GiB"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("--batch"));
}

TEST(CatchTorchErrorsTest, CatchesStandardExceptionsToo) {
  const absl::Status status = CatchTorchErrors("Reading", []() -> absl::Status {
    throw std::out_of_range("at 9 of 4");
  });
  EXPECT_EQ(status, absl::InternalError("Reading: at 9 of 4"));
}

}  // namespace
}  // namespace bild
