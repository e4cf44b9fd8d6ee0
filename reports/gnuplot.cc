#include "reports/gnuplot.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bild/base/atomic_file.h"
#include "bild/base/status.h"

namespace bild {
namespace {

// A pipe whose ends close themselves.
class Pipe {
 public:
  Pipe() {
    if (::pipe2(ends_, O_CLOEXEC) != 0) ends_[0] = ends_[1] = -1;
  }
  ~Pipe() {
    CloseEnd(0);
    CloseEnd(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  bool ok() const { return ends_[0] >= 0; }
  int reading() const { return ends_[0]; }
  int writing() const { return ends_[1]; }
  void CloseReading() { CloseEnd(0); }
  void CloseWriting() { CloseEnd(1); }

 private:
  void CloseEnd(int end) {
    if (ends_[end] >= 0) ::close(ends_[end]);
    ends_[end] = -1;
  }
  int ends_[2] = {-1, -1};
};

// Starts the program with its output going into the pipes; 0 or the errno.
int Spawn(const GnuplotRun& run, const Pipe& output, const Pipe& errors,
          pid_t* process) {
  // Nothing of the user's environment can change a figure.
  const char* path = std::getenv("PATH");
  std::string path_entry =
      absl::StrCat("PATH=", path != nullptr ? path : "/usr/bin:/bin");
  std::string locale = "LC_ALL=C.UTF-8";
  char* environment[] = {path_entry.data(), locale.data(), nullptr};
  std::string program = run.program;
  std::string defaults = "--default-settings";
  std::string script = run.script;
  char* arguments[] = {program.data(), defaults.data(), script.data(), nullptr};

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output.writing(), 1);
  posix_spawn_file_actions_adddup2(&actions, errors.writing(), 2);
  posix_spawn_file_actions_addchdir_np(&actions, run.folder.c_str());
  const int error = ::posix_spawnp(process, program.c_str(), &actions, nullptr,
                                   arguments, environment);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

// Reads both pipes until the program has closed them; false at the deadline.
bool ReadBoth(Pipe* output, Pipe* errors, int timeout_seconds,
              std::string* output_text, std::string* error_text) {
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::seconds(timeout_seconds);
  while (output->reading() >= 0 || errors->reading() >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    // poll passes over negative descriptors.
    pollfd waiting[] = {{output->reading(), POLLIN, 0},
                        {errors->reading(), POLLIN, 0}};
    if (::poll(waiting, 2, static_cast<int>(left.count())) < 0) {
      if (errno == EINTR) continue;
      return false;
    }
    for (int i = 0; i < 2; ++i) {
      if (waiting[i].revents == 0) continue;
      char buffer[1 << 14];
      const ssize_t count = ::read(waiting[i].fd, buffer, sizeof buffer);
      if (count > 0) {
        (i == 0 ? output_text : error_text)
            ->append(buffer, static_cast<size_t>(count));
      } else if (count == 0 || errno != EINTR) {
        (i == 0 ? output : errors)->CloseReading();
      }
    }
  }
  return true;
}

int WaitFor(pid_t process) {
  int state = 0;
  while (::waitpid(process, &state, 0) < 0 && errno == EINTR) {
  }
  return state;
}

bool IsWholeSvg(const std::string& text) {
  const std::string end = "</svg>\n";
  return text.rfind("<?xml", 0) == 0 && text.size() > end.size() &&
         text.find(end, text.size() - end.size() - 2) != std::string::npos;
}

}  // namespace

std::string GnuplotQuoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') quoted.push_back('\'');
    const auto code = static_cast<unsigned char>(c);
    quoted.push_back(code < 0x20 || code == 0x7F ? ' ' : c);
  }
  return quoted + "'";
}

absl::StatusOr<std::string> RunGnuplot(const GnuplotRun& run) {
  Pipe output;
  Pipe errors;
  if (!output.ok() || !errors.ok()) {
    return absl::UnavailableError(
        absl::StrCat("Cannot open a pipe to '", run.program,
                     "': ", std::strerror(errno), "."));
  }
  pid_t process = 0;
  const int error = Spawn(run, output, errors, &process);
  if (error == ENOENT) {
    return absl::NotFoundError(
        absl::StrCat("Cannot draw '", run.script, "' in '", run.folder,
                     "': no program '", run.program,
                     "' on PATH. Install it (Debian: apt-get install -y "
                     "gnuplot-nox) and write the report again."));
  }
  if (error != 0) {
    return absl::UnavailableError(absl::StrCat(
        "Cannot start '", run.program, "': ", std::strerror(error), "."));
  }
  output.CloseWriting();
  errors.CloseWriting();
  std::string svg;
  std::string complaint;
  if (!ReadBoth(&output, &errors, run.timeout_seconds, &svg, &complaint)) {
    ::kill(process, SIGKILL);
    WaitFor(process);
    return absl::DeadlineExceededError(
        absl::StrCat("'", run.program, " ", run.script, "' in '", run.folder,
                     "' did not end within ", run.timeout_seconds,
                     " s and was stopped. ", complaint));
  }
  const int state = WaitFor(process);
  if (!WIFEXITED(state) || WEXITSTATUS(state) != 0 || !IsWholeSvg(svg)) {
    const std::string how =
        WIFSIGNALED(state)
            ? absl::StrCat("was ended by signal ", WTERMSIG(state))
            : absl::StrCat("ended with exit status ", WEXITSTATUS(state));
    return absl::InternalError(absl::StrCat(
        "'", run.program, " ", run.script, "' in '", run.folder, "' ", how,
        " and gave ", IsWholeSvg(svg) ? "a" : "no", " whole SVG file: ",
        complaint.empty() ? "it said nothing." : complaint));
  }
  return svg;
}

absl::Status DrawWithGnuplot(const std::string& folder, const std::string& file,
                             const std::string& numbers,
                             const std::string& script) {
  const std::string path = absl::StrCat(folder, "/", file);
  BILD_RETURN_IF_ERROR(MakeFolders(folder));
  BILD_RETURN_IF_ERROR(WriteFileAtomically(path + ".csv", numbers));
  BILD_RETURN_IF_ERROR(WriteFileAtomically(path + ".gp", script));
  GnuplotRun run;
  run.folder = folder;
  run.script = file + ".gp";
  BILD_ASSIGN_OR_RETURN(const std::string svg, RunGnuplot(run));
  return WriteFileAtomically(path + ".svg", svg);
}

}  // namespace bild
