#include "bild/base/log.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <iostream>

namespace bild {
namespace {

constexpr char kEraseLine[] = "\r\x1b[K";

char Letter(LogLevel level) {
  switch (level) {
    case LogLevel::kInfo:
      return 'I';
    case LogLevel::kWarning:
      return 'W';
    case LogLevel::kError:
      return 'E';
  }
  return '?';
}

int ColumnsOfTerminal() {
  winsize size = {};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    return size.ws_col;
  }
  return 80;
}

}  // namespace

Logger::Logger(std::ostream* stream, Clock clock, int columns)
    : stream_(stream), clock_(std::move(clock)), columns_(columns) {}

Logger::~Logger() { CloseFile(); }

void Logger::AppendTo(const std::string& path) {
  const std::lock_guard<std::mutex> lock(mutex_);
  CloseFile();
  file_path_ = path;
  if (path.empty()) return;
  file_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (file_ < 0) GiveUpFile(errno, "open");
}

void Logger::Write(LogLevel level, const std::string& text) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const std::string line = Format(level, text);
  WriteToStream(line);
  AppendLine(line);
}

void Logger::WriteToFile(LogLevel level, const std::string& text) {
  const std::lock_guard<std::mutex> lock(mutex_);
  AppendLine(Format(level, text));
}

void Logger::ShowStatusLine(const std::string& text) {
  const std::lock_guard<std::mutex> lock(mutex_);
  // A line that reaches the last column wraps, and then cannot be erased.
  const int columns = columns_ > 0 ? columns_ : ColumnsOfTerminal();
  status_line_ = text.substr(0, static_cast<size_t>(std::max(columns - 1, 0)));
  *stream_ << kEraseLine + status_line_ << std::flush;
}

void Logger::ClearStatusLine() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (status_line_.empty()) return;
  status_line_.clear();
  *stream_ << kEraseLine << std::flush;
}

std::string Logger::Format(LogLevel level, const std::string& text) const {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(clock_());
  std::tm local = {};
  ::localtime_r(&seconds, &local);
  return fmt::format("{} {:02}:{:02}:{:02} {}\n", Letter(level), local.tm_hour,
                     local.tm_min, local.tm_sec, text);
}

void Logger::WriteToStream(const std::string& line) {
  // One insertion, so that other writers to the same terminal do not tear it.
  if (status_line_.empty()) {
    *stream_ << line << std::flush;
  } else {
    *stream_ << kEraseLine + line + status_line_ << std::flush;
  }
}

void Logger::AppendLine(const std::string& line) {
  if (file_ < 0) return;
  size_t done = 0;
  while (done < line.size()) {
    const ssize_t count =
        ::write(file_, line.data() + done, line.size() - done);
    if (count >= 0) {
      done += static_cast<size_t>(count);
    } else if (errno != EINTR) {
      GiveUpFile(errno, "write");
      return;
    }
  }
}

void Logger::GiveUpFile(int error, const std::string& doing) {
  CloseFile();
  WriteToStream(
      Format(LogLevel::kWarning,
             fmt::format(
                 "Cannot {} the log file '{}': {}. The run goes on without it.",
                 doing, file_path_, std::strerror(error))));
}

void Logger::CloseFile() {
  if (file_ >= 0) ::close(file_);
  file_ = -1;
}

Logger& DefaultLogger() {
  // Never destroyed: destructors of other objects may still log.
  static Logger& logger = *new Logger(&std::cerr);
  return logger;
}

}  // namespace bild
