// Programs as a user starts them: arguments, environment, exit code, output.

#ifndef TESTS_TESTING_PROGRAM_RUNNER_H_
#define TESTS_TESTING_PROGRAM_RUNNER_H_

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace bild {

// What is started, and in which surroundings. A fork and an exec, no shell.
struct ProgramCall {
  std::string program;  // A path.
  std::vector<std::string> arguments;
  std::string folder;  // That it starts in; empty: this process's.
  // Variables set on top of this process's own.
  std::map<std::string, std::string> environment;
};

struct ProgramOutcome {
  int exit_code = -1;  // -1: it was ended by a signal, or never started.
  int signal = 0;      // That ended it; 0: none.
  std::string out;     // Standard output.
  std::string err;     // Standard error.
};

// The outcome in one text, for a failing assertion.
std::string Describe(const ProgramOutcome& outcome);

// A program that runs beside this process. Killed and waited for when the
// object goes. Its output is kept in unnamed files, so it never waits for a
// reader.
class StartedProgram {
 public:
  explicit StartedProgram(const ProgramCall& call);
  ~StartedProgram();
  StartedProgram(const StartedProgram&) = delete;
  StartedProgram& operator=(const StartedProgram&) = delete;

  // Waits for its end.
  ProgramOutcome Wait();
  // Sends SIGKILL and waits for the end: its own, where it was quicker.
  ProgramOutcome Kill();
  // Sends a signal (Ctrl-C is SIGINT), if it still runs.
  void Signal(int signal_number);
  // Looks every millisecond; true as soon as `condition` is. False when the
  // program ended before, or `limit` has passed.
  bool WaitUntil(const std::function<bool()>& condition,
                 std::chrono::milliseconds limit);

 private:
  bool HasEnded();

  pid_t process_ = -1;
  int out_ = -1;
  int err_ = -1;
  bool has_ended_ = false;
  int status_ = 0;  // As waitpid gives it.
};

// Starts it and waits.
ProgramOutcome RunProgram(const ProgramCall& call);

// The path of a program that the test's BUILD rule names in its environment
// variable `variable`, absolute, so that it can be started in any folder.
std::string TestedProgram(const char* variable);

}  // namespace bild

#endif  // TESTS_TESTING_PROGRAM_RUNNER_H_
