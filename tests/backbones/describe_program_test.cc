// describe as a user starts it.

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/program_runner.h"

namespace bild {
namespace {

using testing::HasSubstr;

ProgramOutcome Describe(const std::vector<std::string>& arguments) {
  ProgramCall call;
  call.program = TestedProgram("DESCRIBE");
  call.arguments = arguments;
  return RunProgram(call);
}

TEST(DescribeProgram, PrintsOneRowPerNet) {
  const ProgramOutcome outcome =
      Describe({"--backbone=aodnet;dehazenet", "--size=16x16", "--repeats=1",
                "--threads=1"});
  EXPECT_EQ(outcome.exit_code, 0) << bild::Describe(outcome);
  // 1746 weights of convolutions, each on 256 pixels.
  EXPECT_THAT(outcome.out, HasSubstr("| aodnet | 1761 | 0.0004 |"));
  EXPECT_THAT(outcome.out, HasSubstr("| dehazenet | 8929 | "));
  EXPECT_THAT(
      outcome.out,
      HasSubstr("One picture of 16x16 px, float32, 1 thread. Latency: "));
  const ProgramOutcome cpu = Describe(
      {"--backbone=aodnet", "--size=16x16", "--threads=1", "--clock=cpu"});
  EXPECT_EQ(cpu.exit_code, 0) << bild::Describe(cpu);
  EXPECT_THAT(cpu.out, HasSubstr("| processor time (ms) |"));
}

TEST(DescribeProgram, ListsAllThatIsWrongWithItsFlags) {
  const ProgramOutcome outcome =
      Describe({"--backbone=foo", "--size=0x16", "--repeats=0", "--clock=sun"});
  EXPECT_EQ(outcome.exit_code, 2) << bild::Describe(outcome);
  EXPECT_THAT(outcome.err, HasSubstr("there is no net 'foo'"));
  EXPECT_THAT(outcome.err, HasSubstr("--size='0x16'"));
  EXPECT_THAT(outcome.err, HasSubstr("--repeats=0"));
  EXPECT_THAT(outcome.err, HasSubstr("--clock='sun'"));
  EXPECT_EQ(Describe({"--no_such_flag"}).exit_code, 2);
}

}  // namespace
}  // namespace bild
