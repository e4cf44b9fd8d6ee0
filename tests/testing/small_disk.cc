#include "tests/testing/small_disk.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <exception>

namespace bild {
namespace {

constexpr char kMounted = 'M';

std::string Failure(const std::string& what) {
  return what + ": " + std::strerror(errno);
}

bool WriteText(const char* path, const std::string& text) {
  const int descriptor = ::open(path, O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool is_written = ::write(descriptor, text.data(), text.size()) ==
                          static_cast<ssize_t>(text.size());
  ::close(descriptor);
  return is_written;
}

// Returns an empty string, or which step failed.
std::string Mount(const std::string& folder, int64_t size_bytes) {
  const std::string user = "0 " + std::to_string(::getuid()) + " 1\n";
  const std::string group = "0 " + std::to_string(::getgid()) + " 1\n";
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return Failure("unshare");
  WriteText("/proc/self/setgroups", "deny");  // Absent in old kernels.
  if (!WriteText("/proc/self/uid_map", user)) return Failure("uid_map");
  if (!WriteText("/proc/self/gid_map", group)) return Failure("gid_map");
  const std::string options = "size=" + std::to_string(size_bytes);
  if (::mount("tmpfs", folder.c_str(), "tmpfs", 0, options.c_str()) != 0) {
    return Failure("mount");
  }
  return "";
}

[[noreturn]] void RunChild(const std::string& folder, int64_t size_bytes,
                           const std::function<std::string()>& body, int pipe) {
  std::string report = Mount(folder, size_bytes);
  if (report.empty()) {
    report = kMounted;
    try {
      report += body();
    } catch (const std::exception& error) {
      report += std::string("exception: ") + error.what();
    }
  }
  const bool is_told = ::write(pipe, report.data(), report.size()) ==
                       static_cast<ssize_t>(report.size());
  ::_exit(is_told ? 0 : 1);
}

}  // namespace

SmallDiskResult RunOnSmallDisk(const std::string& folder, int64_t size_bytes,
                               const std::function<std::string()>& body) {
  SmallDiskResult result;
  std::array<int, 2> ends = {};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    result.reason = Failure("pipe");
    return result;
  }
  const pid_t child = ::fork();
  if (child == 0) RunChild(folder, size_bytes, body, ends[1]);
  ::close(ends[1]);
  if (child < 0) {
    ::close(ends[0]);
    result.reason = Failure("fork");
    return result;
  }
  std::string report;
  std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t count = ::read(ends[0], buffer.data(), buffer.size());
    if (count > 0) report.append(buffer.data(), static_cast<size_t>(count));
    if (count == 0 || (count < 0 && errno != EINTR)) break;
  }
  ::close(ends[0]);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!report.empty() && report[0] != kMounted) {
    result.reason = report;
    return result;
  }
  result.was_mounted = true;
  result.problem = report.empty() ? "" : report.substr(1);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    result.problem += " (the process on the small disk died, wait status " +
                      std::to_string(status) + ")";
  }
  return result;
}

}  // namespace bild
