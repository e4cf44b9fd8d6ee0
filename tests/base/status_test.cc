#include "bild/base/status.h"

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

absl::StatusOr<int> Half(int value) {
  if (value % 2 != 0) {
    return absl::InvalidArgumentError("odd: " + std::to_string(value));
  }
  return value / 2;
}

absl::Status CheckEighth(int value, int* eighth) {
  BILD_ASSIGN_OR_RETURN(const int half, Half(value));
  BILD_ASSIGN_OR_RETURN(int quarter, Half(half));
  BILD_ASSIGN_OR_RETURN(*eighth, Half(quarter));
  return absl::OkStatus();
}

absl::StatusOr<std::string> Word(int value) {
  int eighth = 0;
  BILD_RETURN_IF_ERROR(CheckEighth(value, &eighth));
  return std::string("eighth ") + std::to_string(eighth);
}

absl::StatusOr<std::unique_ptr<int>> MakeInt() {
  return std::make_unique<int>(5);
}

absl::StatusOr<int> MoveOutOfStatusOr() {
  BILD_ASSIGN_OR_RETURN(std::unique_ptr<int> value, MakeInt());
  return *value;
}

TEST(StatusMacrosTest, ValuesPassAndTheFirstErrorReturns) {
  EXPECT_EQ(*Word(24), "eighth 3");
  EXPECT_EQ(Word(7).status(), absl::InvalidArgumentError("odd: 7"));
  EXPECT_EQ(Word(12).status(), absl::InvalidArgumentError("odd: 3"));
  EXPECT_EQ(*MoveOutOfStatusOr(), 5);
}

TEST(StatusMacrosTest, TheExpressionIsEvaluatedOnce) {
  int calls = 0;
  const auto count = [&calls]() {
    ++calls;
    return absl::OkStatus();
  };
  const auto run = [&]() -> absl::Status {
    BILD_RETURN_IF_ERROR(count());
    return absl::OkStatus();
  };
  EXPECT_TRUE(run().ok());
  EXPECT_EQ(calls, 1);
}

std::vector<std::string> Problems(int count) {
  std::vector<std::string> problems;
  for (int i = 1; i <= count; ++i) {
    problems.push_back("problem " + std::to_string(i));
  }
  return problems;
}

TEST(ListProblemsTest, ShowsAllOfUpToTen) {
  EXPECT_EQ(ListProblems("Two are wrong:", Problems(2), "Repair them."),
            "Two are wrong:\n  problem 1\n  problem 2\nRepair them.");
  EXPECT_EQ(ListProblems("None.", {}, ""), "None.");
  EXPECT_THAT(ListProblems("Ten:", Problems(10), ""),
              testing::EndsWith("\n  problem 10"));
}

TEST(ListProblemsTest, ShowsTenAndTheCountOfMore) {
  const std::string text = ListProblems("Many:", Problems(13), "");
  EXPECT_THAT(text,
              testing::EndsWith("\n  problem 10\n  ... 3 more, 13 in all"));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("problem 11")));
}

}  // namespace
}  // namespace bild
