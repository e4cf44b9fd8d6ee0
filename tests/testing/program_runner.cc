#include "tests/testing/program_runner.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <stdexcept>
#include <thread>

namespace bild {
namespace {

// The whole content of an unnamed file, which is then closed.
std::string TakeContent(int descriptor) {
  std::string text;
  std::array<char, 4096> buffer;
  ::lseek(descriptor, 0, SEEK_SET);
  for (;;) {
    const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
    if (count <= 0) break;
    text.append(buffer.data(), static_cast<size_t>(count));
  }
  ::close(descriptor);
  return text;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// This process's environment with `changes` on top, as NAME=value.
std::vector<std::string> Environment(
    const std::map<std::string, std::string>& changes) {
  std::vector<std::string> texts;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (changes.count(text.substr(0, text.find('='))) == 0) {
      texts.push_back(text);
    }
  }
  for (const auto& [name, value] : changes) texts.push_back(name + "=" + value);
  return texts;
}

}  // namespace

std::string Describe(const ProgramOutcome& outcome) {
  return "exit code " + std::to_string(outcome.exit_code) + ", signal " +
         std::to_string(outcome.signal) + "\n--- standard output\n" +
         outcome.out + "--- standard error\n" + outcome.err + "---\n";
}

StartedProgram::StartedProgram(const ProgramCall& call) {
  out_ = ::memfd_create("out", MFD_CLOEXEC);
  err_ = ::memfd_create("err", MFD_CLOEXEC);
  // Everything that allocates comes before the fork.
  std::vector<std::string> arguments = {call.program};
  arguments.insert(arguments.end(), call.arguments.begin(),
                   call.arguments.end());
  std::vector<std::string> environment = Environment(call.environment);
  const std::vector<char*> argv = Pointers(arguments);
  const std::vector<char*> envp = Pointers(environment);
  process_ = ::fork();
  if (process_ == 0) {
    ::dup2(out_, STDOUT_FILENO);
    ::dup2(err_, STDERR_FILENO);
    if (call.folder.empty() || ::chdir(call.folder.c_str()) == 0) {
      ::execve(call.program.c_str(), argv.data(), envp.data());
    }
    ::_exit(127);
  }
  if (process_ < 0) throw std::runtime_error("fork failed");
}

StartedProgram::~StartedProgram() {
  if (process_ > 0) Kill();
}

ProgramOutcome StartedProgram::Wait() {
  while (!has_ended_) {
    if (::waitpid(process_, &status_, 0) == process_) has_ended_ = true;
  }
  ProgramOutcome outcome;
  if (WIFEXITED(status_)) outcome.exit_code = WEXITSTATUS(status_);
  if (WIFSIGNALED(status_)) outcome.signal = WTERMSIG(status_);
  outcome.out = TakeContent(out_);
  outcome.err = TakeContent(err_);
  process_ = -1;
  return outcome;
}

ProgramOutcome StartedProgram::Kill() {
  if (!has_ended_) ::kill(process_, SIGKILL);
  return Wait();
}

void StartedProgram::Signal(int signal_number) {
  if (!HasEnded()) ::kill(process_, signal_number);
}

bool StartedProgram::WaitUntil(const std::function<bool()>& condition,
                               std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (HasEnded() || std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

bool StartedProgram::HasEnded() {
  if (!has_ended_) {
    has_ended_ = ::waitpid(process_, &status_, WNOHANG) == process_;
  }
  return has_ended_;
}

ProgramOutcome RunProgram(const ProgramCall& call) {
  return StartedProgram(call).Wait();
}

std::string TestedProgram(const char* variable) {
  const char* path = ::getenv(variable);
  if (path == nullptr) {
    throw std::runtime_error(std::string("the test's rule sets no $") +
                             variable);
  }
  return std::filesystem::absolute(path).string();
}

}  // namespace bild
