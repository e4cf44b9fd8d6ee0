// A real SIGKILL at random moments: whatever was being computed or written, the
// next process goes on from a good checkpoint, and the run ends with the files
// of one that was never disturbed.

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <string>

#include "bild/base/seed.h"
#include "gtest/gtest.h"
#include "tests/bild/core/run_files.h"
#include "tests/testing/random_tensor.h"
#include "tests/testing/temporary_folder.h"

namespace bild {
namespace {

constexpr char kVictim[] = "tests/bild/core/training_victim";

struct Outcome {
  int64_t steps = 0;  // That it told of.
  bool was_killed = false;
  int exit_code = -1;
};

// Runs the victim; kills it `microseconds` after it told of `kill_after` steps
// (-1: never).
Outcome RunVictim(const std::string& method, const std::string& folder,
                  int64_t kill_after, useconds_t microseconds) {
  std::array<int, 2> ends = {};
  EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    ::execl(kVictim, kVictim, method.c_str(), folder.c_str(), nullptr);
    ::_exit(127);
  }
  ::close(ends[1]);
  Outcome outcome;
  char byte = 0;
  while (outcome.steps != kill_after) {
    const ssize_t count = ::read(ends[0], &byte, 1);
    if (count == 1) ++outcome.steps;
    if (count == 0 || (count < 0 && errno != EINTR)) break;
  }
  if (outcome.steps == kill_after) {
    ::usleep(microseconds);
    ::kill(child, SIGKILL);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  ::close(ends[0]);
  outcome.was_killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  if (WIFEXITED(status)) outcome.exit_code = WEXITSTATUS(status);
  return outcome;
}

class SigkillTest : public testing::TestWithParam<std::string> {};

TEST_P(SigkillTest, EndsWithTheFilesOfAnUndisturbedRun) {
  const TemporaryFolder folder;
  const std::string unbroken = folder / "unbroken";
  ASSERT_EQ(RunVictim(GetParam(), unbroken, -1, 0).exit_code, 0);

  // A checkpoint comes every second step, and most of a step's time is spent
  // in writing it. Kills before the first step hit the start. How many kills a
  // run takes until it is through depends on the machine, so that runs are
  // made until enough of them have been seen; some land in every run but the
  // luckiest.
  constexpr int64_t kKills = 6;
  constexpr int64_t kRounds = 60;
  SeedEngine engine = TestEngine(1);
  int64_t kills = 0;
  int64_t run = 0;
  for (int64_t round = 0; kills < kKills; ++round) {
    ASSERT_LT(round, kRounds) << kills << " kills";
    const std::string killed = folder / ("killed" + std::to_string(run));
    const auto steps = static_cast<int64_t>(engine.UniformInt(6));
    const auto wait = static_cast<useconds_t>(engine.UniformInt(20000));
    const Outcome outcome = RunVictim(GetParam(), killed, steps, wait);
    if (outcome.was_killed) {
      ++kills;
      continue;
    }
    ASSERT_EQ(outcome.exit_code, 0) << "round " << round;
    EXPECT_EQ(DifferencesOfFiles(killed, FilesIn(unbroken)), "");
    ++run;
  }
  const std::string killed = folder / ("killed" + std::to_string(run));
  EXPECT_EQ(RunVictim(GetParam(), killed, -1, 0).exit_code, 0);
  EXPECT_EQ(DifferencesOfFiles(killed, FilesIn(unbroken)), "");
}

INSTANTIATE_TEST_SUITE_P(Methods, SigkillTest, testing::Values("plain", "bild"),
                         [](const auto& row) { return row.param; });

}  // namespace
}  // namespace bild
