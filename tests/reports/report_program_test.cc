// The program as a user starts it: exit codes and the last line.

#include <stdlib.h>
#include <sys/wait.h>

#include <cstdio>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/reports/sample_results.h"

namespace bild {
namespace {

using testing::HasSubstr;

struct Outcome {
  int exit_code = -1;
  std::string text;  // Standard output and error together.
};

Outcome RunProgram(const std::string& arguments) {
  const std::string command =
      std::string(::getenv("REPORT_PROGRAM")) + " " + arguments + " 2>&1";
  Outcome outcome;
  FILE* output = ::popen(command.c_str(), "r");
  if (output == nullptr) return outcome;
  char buffer[4096];
  size_t count = 0;
  while ((count = std::fread(buffer, 1, sizeof buffer, output)) > 0) {
    outcome.text.append(buffer, count);
  }
  outcome.exit_code = WEXITSTATUS(::pclose(output));
  return outcome;
}

TEST(ReportProgramTest, WritesTheReportAndSaysWhere) {
  const TemporaryFolder folder;
  WriteSampleResults(folder.path(), SampleRecords(), SampleCurves());
  const Outcome outcome = RunProgram(folder.path());
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.text, "report=" + folder.path() + "/report.md\n");
}

TEST(ReportProgramTest, AWrongWorldIsOne) {
  const Outcome outcome = RunProgram("/nowhere/results");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.text, HasSubstr("No results folder '/nowhere/results'"));
}

TEST(ReportProgramTest, WrongUsageIsTwo) {
  for (const char* arguments : {"", "a b", "--baseline=x", "''"}) {
    const Outcome outcome = RunProgram(arguments);
    EXPECT_EQ(outcome.exit_code, 2) << arguments;
    EXPECT_THAT(outcome.text, HasSubstr("RESULTS_DIR"));
  }
  const Outcome help = RunProgram("--help");
  EXPECT_EQ(help.exit_code, 0);
  for (const char* file : {"records.jsonl", "curves.csv", "per_image.csv"}) {
    EXPECT_THAT(help.text, HasSubstr(file));
  }
}

}  // namespace
}  // namespace bild
