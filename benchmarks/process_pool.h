// Runs programs, a few of them at once.

#ifndef BENCHMARKS_PROCESS_POOL_H_
#define BENCHMARKS_PROCESS_POOL_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace bild {

// How many programs at once --jobs asks for, of `threads` threads each: 0 is as
// many as `cores` cores have room for, and one where a program takes all cores
// (`threads` = 0) or another device than the CPU.
int64_t JobsAtOnce(int64_t jobs, int threads, const std::string& device,
                   int64_t cores);

struct PooledProgram {
  std::string name;  // For messages.
  std::string path;
  std::vector<std::string> arguments;  // argv, with argv[0].
};

struct ProcessPoolOptions {
  int64_t at_once = 1;  // At least 1.
  // Called before a program is started, and when it has ended, with whether its
  // exit status was 0.
  std::function<void(const PooledProgram&)> started;
  std::function<void(const PooledProgram&, bool succeeded)> ended;
  // Called every now and then while programs run.
  std::function<void()> waiting;
};

// Runs all `programs`, started in their order, and returns when all have ended.
// They read nothing and what they print is dropped. A Ctrl-C does not reach
// them from the terminal: the first SIGINT or SIGTERM to this process is passed
// on to them as one SIGTERM, no more are started, and when the last has ended
// this is Cancelled. Programs of ours (EndWithStarter) end with this process,
// however it ends. Unavailable where a program cannot be started; those that
// run are ended first.
absl::Status RunPrograms(const std::vector<PooledProgram>& programs,
                         const ProcessPoolOptions& options);

// In a program that RunPrograms started: SIGTERM for this process when the
// other one is gone. Elsewhere nothing. For the beginning of main.
void EndWithStarter();

}  // namespace bild

#endif  // BENCHMARKS_PROCESS_POOL_H_
