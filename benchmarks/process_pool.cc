#include "benchmarks/process_pool.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <map>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "bild/base/stop_signal.h"

namespace bild {
namespace {

// How a started program knows who started it.
constexpr char kStarter[] = "BILD_STARTED_BY";

std::vector<char*> Pointers(std::vector<std::string>* texts) {
  std::vector<char*> pointers;
  for (std::string& text : *texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// 0 or the errno.
int Start(const PooledProgram& program, pid_t* process) {
  std::vector<std::string> arguments = program.arguments;
  const std::string prefix = absl::StrCat(kStarter, "=");
  std::vector<std::string> environment = {absl::StrCat(prefix, ::getpid())};
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (!absl::StartsWith(*entry, prefix)) environment.emplace_back(*entry);
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  // A process group of its own: what the terminal sends, it gets from us, once.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setpgroup(&attributes, 0);
  const int error =
      ::posix_spawn(process, program.path.c_str(), &actions, &attributes,
                    Pointers(&arguments).data(), Pointers(&environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

class Pool {
 public:
  Pool(const std::vector<PooledProgram>& programs,
       const ProcessPoolOptions& options)
      : programs_(programs), options_(options) {}

  absl::Status Run() {
    const StopSignals stop;
    while (true) {
      if (StopSignals::WasAsked()) EndAll();
      while (problem_.ok() && !is_ending_ && next_ < programs_.size() &&
             static_cast<int64_t>(running_.size()) < options_.at_once) {
        StartNext();
      }
      if (running_.empty()) break;
      if (!CollectEnded()) {
        if (options_.waiting) options_.waiting();
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      }
    }
    if (!problem_.ok()) return problem_;
    if (!StopSignals::WasAsked()) return absl::OkStatus();
    return absl::CancelledError("stopped");
  }

 private:
  void StartNext() {
    const PooledProgram& program = programs_[next_++];
    if (options_.started) options_.started(program);
    pid_t process = 0;
    const int error = Start(program, &process);
    if (error == 0) {
      running_[process] = &program;
      return;
    }
    problem_ = absl::UnavailableError(
        absl::StrCat("Cannot start '", program.path, "' for ", program.name,
                     ": ", std::strerror(error), "."));
    EndAll();
  }

  void EndAll() {
    if (is_ending_) return;
    is_ending_ = true;
    for (const auto& [process, program] : running_) ::kill(process, SIGTERM);
  }

  // Whether there was one.
  bool CollectEnded() {
    for (const auto& [process, program] : running_) {
      int state = 0;
      const pid_t ended = ::waitpid(process, &state, WNOHANG);
      if (ended == 0 || (ended < 0 && errno == EINTR)) continue;
      if (options_.ended) {
        options_.ended(*program, ended == process && WIFEXITED(state) &&
                                     WEXITSTATUS(state) == 0);
      }
      running_.erase(process);
      return true;
    }
    return false;
  }

  const std::vector<PooledProgram>& programs_;
  const ProcessPoolOptions& options_;
  size_t next_ = 0;
  std::map<pid_t, const PooledProgram*> running_;
  bool is_ending_ = false;
  absl::Status problem_;
};

}  // namespace

int64_t JobsAtOnce(int64_t jobs, int threads, const std::string& device,
                   int64_t cores) {
  if (jobs > 0) return jobs;
  if (threads == 0 || device != "cpu") return 1;
  return std::max<int64_t>(1, cores / threads);
}

absl::Status RunPrograms(const std::vector<PooledProgram>& programs,
                         const ProcessPoolOptions& options) {
  return Pool(programs, options).Run();
}

void EndWithStarter() {
  const char* text = std::getenv(kStarter);
  int starter = 0;
  if (text == nullptr || !absl::SimpleAtoi(text, &starter)) return;
  ::unsetenv(kStarter);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  // It may have gone before that.
  if (::getppid() != starter) ::raise(SIGTERM);
}

}  // namespace bild
