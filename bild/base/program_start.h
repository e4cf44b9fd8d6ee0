// How every program of the suite begins, and the exit codes it may end with.

#ifndef BILD_BASE_PROGRAM_START_H_
#define BILD_BASE_PROGRAM_START_H_

#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"

namespace bild {

constexpr int kDone = 0;
constexpr int kWorldIsWrong =
    1;                     // Files, data, memory: what was asked is fine.
constexpr int kUsage = 2;  // What was asked is not.

// Reads the command line into the program's flags (bild/base/command_line.h)
// and asks `check`, if there is one, whether they go together. The exit code
// to end with at once: kDone after --help, which prints `about` and every flag;
// kUsage after a usage error, which goes to standard error. Nothing: go on.
std::optional<int> StartProgram(
    int argc, char** argv, const std::string& about,
    const std::function<absl::Status()>& check = nullptr);

}  // namespace bild

#endif  // BILD_BASE_PROGRAM_START_H_
