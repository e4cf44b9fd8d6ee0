// The program as a user starts it, at the smallest size.

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/program_runner.h"

namespace bild {
namespace {

using testing::HasSubstr;

ProgramOutcome NetParity(const std::vector<std::string>& arguments) {
  ProgramCall call;
  call.program = TestedProgram("NET_PARITY_PROGRAM");
  call.arguments = {"--batch=1", "--crop_px=32", "--rounds=1", "--threads=1"};
  call.arguments.insert(call.arguments.end(), arguments.begin(),
                        arguments.end());
  return RunProgram(call);
}

TEST(NetParityProgramTest, ARowForEveryNet) {
  const std::vector<std::string> nets = {
      "aodnet",
      "dehazenet",
      "ffa[dim=16,blocks=1]",
      "griddehazenet[width=8,growth=8]",
      "msbdn[width=4]",
      "aodnet[ddu=32,ddu_grid=64,ddu_width=8]"};
  std::string list;
  for (const std::string& net : nets) list += (list.empty() ? "" : ";") + net;
  const ProgramOutcome outcome = NetParity({"--backbone=" + list});
  ASSERT_EQ(outcome.exit_code, 0) << Describe(outcome);
  EXPECT_THAT(outcome.out, HasSubstr("1 threads; wall clock; float32"));
  for (const std::string& net : nets) {
    EXPECT_THAT(outcome.out, HasSubstr("| `" + net + "` | "));
  }
}

TEST(NetParityProgramTest, WrongUsageIsTwo) {
  const ProgramOutcome flags = NetParity({"--rounds=0", "--clock=sun"});
  EXPECT_EQ(flags.exit_code, 2) << Describe(flags);
  EXPECT_THAT(flags.err, HasSubstr("--rounds=0"));
  EXPECT_THAT(flags.err, HasSubstr("--clock='sun'"));
  const ProgramOutcome net = NetParity({"--backbone=aodnett"});
  EXPECT_EQ(net.exit_code, 2) << Describe(net);
  EXPECT_THAT(net.err, HasSubstr("aodnett"));
  const ProgramOutcome help = NetParity({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.out, HasSubstr("warmup_rounds"));
}

}  // namespace
}  // namespace bild
