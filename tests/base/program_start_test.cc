#include "bild/base/program_start.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

ABSL_FLAG(int, program_start_answer, 7, "a number of this test");

namespace bild {
namespace {

using testing::HasSubstr;

struct Started {
  std::optional<int> code;
  std::string standard_output;
  std::string standard_error;
};

Started Start(std::vector<std::string> arguments,
              const std::function<absl::Status()>& check = nullptr) {
  arguments.insert(arguments.begin(), "program");
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Started started;
  started.code = StartProgram(static_cast<int>(pointers.size()),
                              pointers.data(), "Counts things.", check);
  started.standard_output = testing::internal::GetCapturedStdout();
  started.standard_error = testing::internal::GetCapturedStderr();
  return started;
}

TEST(ProgramStart, SetsFlagsAndGoesOn) {
  const Started started = Start({"--program_start_answer=42"});
  EXPECT_FALSE(started.code.has_value());
  EXPECT_EQ(absl::GetFlag(FLAGS_program_start_answer), 42);
  EXPECT_EQ(started.standard_output + started.standard_error, "");
}

TEST(ProgramStart, HelpEndsWellWhateverElseIsAsked) {
  bool was_checked = false;
  const Started started = Start({"--no_such_flag", "--help"}, [&was_checked] {
    was_checked = true;
    return absl::OkStatus();
  });
  EXPECT_EQ(started.code, kDone);
  EXPECT_THAT(started.standard_output, HasSubstr("Counts things."));
  EXPECT_THAT(started.standard_output,
              HasSubstr("--program_start_answer=7\n      a number of"));
  EXPECT_EQ(started.standard_error, "");
  EXPECT_FALSE(was_checked);
}

TEST(ProgramStart, EveryUnknownFlagIsAUsageError) {
  const Started started = Start({"--no_such_flag", "--nor_this=1"});
  EXPECT_EQ(started.code, kUsage);
  EXPECT_THAT(started.standard_error, HasSubstr("no_such_flag"));
  EXPECT_THAT(started.standard_error, HasSubstr("nor_this"));
  EXPECT_EQ(started.standard_output, "");
}

TEST(ProgramStart, TheCheckSeesTheFlagsAndMayRefuse) {
  const Started started = Start({"--program_start_answer=3"}, [] {
    return absl::InvalidArgumentError(
        "--program_start_answer=" +
        std::to_string(absl::GetFlag(FLAGS_program_start_answer)) +
        " is not 42");
  });
  EXPECT_EQ(started.code, kUsage);
  EXPECT_EQ(started.standard_error, "--program_start_answer=3 is not 42\n");
}

}  // namespace
}  // namespace bild
