// gradient_check from the outside: what it prints and how it ends.

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/program_runner.h"

namespace bild {
namespace {

using testing::HasSubstr;

ProgramOutcome Check(const std::vector<std::string>& arguments) {
  ProgramCall call;
  call.program = TestedProgram("GRADIENT_CHECK");
  call.arguments = arguments;
  return RunProgram(call);
}

TEST(GradientCheckProgram, PrintsEveryEngine) {
  const ProgramOutcome outcome = Check({"--backbone=aodnet"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  for (const std::string part :
       {"in_backward ", "layerwise ", "forward ", "per_sample ",
        "finite_difference ", "hessian_vector, 2 steps of adam",
        "approximate\n", "backbone=aodnet largest_exact_error=", " off=0\n"}) {
    EXPECT_THAT(outcome.out, HasSubstr(part));
  }
}

TEST(GradientCheckProgram, UsageErrors) {
  for (const auto& [argument, part] :
       std::vector<std::pair<std::string, std::string>>{
           {"--batch=4", "--backbone: which net?"},
           {"--backbone=resnet", "resnet"},
           {"--loss=l7", "--loss='l7'"},
           {"--beta=1", "beta"}}) {
    const ProgramOutcome outcome = Check({argument});
    EXPECT_EQ(outcome.exit_code, 2) << argument;
    EXPECT_THAT(outcome.err, HasSubstr(part));
    EXPECT_EQ(outcome.out, "");
  }
}

TEST(GradientCheckProgram, Help) {
  const ProgramOutcome outcome = Check({"--help"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, HasSubstr("bazel run //bild:gradient_check"));
}

}  // namespace
}  // namespace bild
