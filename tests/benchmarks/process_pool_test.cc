#include "benchmarks/process_pool.h"

#include <signal.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/temporary_folder.h"

namespace bild {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

PooledProgram Shell(const std::string& name, const std::string& script) {
  return {name, "/bin/sh", {"sh", "-c", script}};
}

// Waits up to a minute for a file.
std::string Until(const std::string& path) {
  return "i=0; while [ ! -e " + path +
         " ] && [ $i -lt 6000 ]; do sleep 0.01; i=$((i+1)); done; ";
}

std::string Text(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(JobsAtOnceTest, AsAskedOrAsTheCoresHaveRoomFor) {
  EXPECT_EQ(JobsAtOnce(3, 1, "cpu", 2), 3);
  EXPECT_EQ(JobsAtOnce(0, 1, "cpu", 16), 16);
  EXPECT_EQ(JobsAtOnce(0, 3, "cpu", 16), 5);
  EXPECT_EQ(JobsAtOnce(0, 4, "cpu", 2), 1);
  EXPECT_EQ(JobsAtOnce(0, 0, "cpu", 16), 1);
  EXPECT_EQ(JobsAtOnce(0, 1, "cuda:0", 16), 1);
}

TEST(RunProgramsTest, InOrderOneAtATimeAndSaysHowEachEnded) {
  const TemporaryFolder folder;
  const std::string log = folder / "log";
  std::vector<std::string> events;
  ProcessPoolOptions options;
  options.started = [&](const PooledProgram& p) {
    events.push_back("+" + p.name);
  };
  options.ended = [&](const PooledProgram& p, bool succeeded) {
    events.push_back((succeeded ? "-" : "!") + p.name);
  };
  const absl::Status status =
      RunPrograms({Shell("a", "echo a; echo a >> " + log),
                   Shell("b", "echo b >> " + log + "; exit 3"),
                   Shell("c", "kill -9 $$"), Shell("d", "echo d >> " + log)},
                  options);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_THAT(events,
              ElementsAre("+a", "-a", "+b", "!b", "+c", "!c", "+d", "-d"));
  EXPECT_EQ(Text(log), "a\nb\nd\n");
  EXPECT_TRUE(RunPrograms({}, {}).ok());
}

// Two that wait for each other end only if both run.
TEST(RunProgramsTest, SeveralAtOnceAndNoMore) {
  const TemporaryFolder folder;
  int running = 0;
  int most = 0;
  int failed = 0;
  bool has_waited = false;
  ProcessPoolOptions options;
  options.at_once = 2;
  options.started = [&](const PooledProgram&) {
    most = std::max(most, ++running);
  };
  options.ended = [&](const PooledProgram&, bool succeeded) {
    --running;
    if (!succeeded) ++failed;
  };
  options.waiting = [&] { has_waited = true; };
  const absl::Status status =
      RunPrograms({Shell("a", "> " + folder / "a; " + Until(folder / "b") +
                                  "[ -e " + folder / "b ]"),
                   Shell("b", "> " + folder / "b; " + Until(folder / "a") +
                                  "[ -e " + folder / "a ]"),
                   Shell("c", "true"), Shell("d", "true")},
                  options);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(most, 2);
  EXPECT_EQ(failed, 0);
  EXPECT_TRUE(has_waited);
}

TEST(RunProgramsTest, NoSuchProgram) {
  const absl::Status status =
      RunPrograms({{"x", "/no/such/program", {"program"}}}, {});
  EXPECT_THAT(std::string(status.message()),
              testing::AllOf(HasSubstr("/no/such/program"), HasSubstr("for x"),
                             HasSubstr("No such file")));
}

// In a process of its own: that it was asked to stop is never forgotten.
TEST(RunProgramsDeathTest, AStopIsPassedOnAndWaitedFor) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  const TemporaryFolder folder;
  const std::string asked = folder / "asked";
  const auto stopped = [&folder, &asked] {
    ProcessPoolOptions options;
    options.at_once = 2;
    const std::string puts_away = "trap 'sleep 0.1; echo put away >> " + asked +
                                  "; exit 1' TERM; > " +
                                  folder / "up; while :; do sleep 0.01; done";
    const absl::Status status = RunPrograms(
        {Shell("a", puts_away),
         Shell("b", Until(folder / "up") + "kill -INT $PPID; sleep 0.05"),
         Shell("c", puts_away)},
        options);
    std::exit(absl::IsCancelled(status) && Text(asked) == "put away\n" ? 7 : 1);
  };
  EXPECT_EXIT(stopped(), testing::ExitedWithCode(7), "");
}

TEST(EndWithStarterDeathTest, EndsWhereTheStarterIsGone) {
  EndWithStarter();  // Nobody started this one.
  const auto orphan = [] {
    ::setenv("BILD_STARTED_BY", "1", 1);
    EndWithStarter();
    std::exit(0);
  };
  EXPECT_EXIT(orphan(), testing::KilledBySignal(SIGTERM), "");
}

}  // namespace
}  // namespace bild
