// Log lines for people: `I 12:34:56 text` on standard error, and in a file if
// one was named.
//
//   LogInfo("{} pairs under {}", pairs, folder);
//   LogWarning("step {}: the loss is {}", step, loss);
//
// I is information, W a warning, E an error; times are local. Results never go
// here: they are files and standard output.

#ifndef BILD_BASE_LOG_H_
#define BILD_BASE_LOG_H_

#include <chrono>
#include <functional>
#include <mutex>
#include <ostream>
#include <string>
#include <utility>

#include "fmt/core.h"

namespace bild {

enum class LogLevel { kInfo, kWarning, kError };

// Where lines go. Every method may be called from any thread; a line is never
// torn by another one. Nothing here fails: a log that cannot be written must
// not end a run of hours.
class Logger {
 public:
  using Clock = std::function<std::chrono::system_clock::time_point()>;

  // `stream` must outlive the logger. `columns` is the width that the status
  // line is cut to; 0 asks the terminal on standard error, or takes 80.
  explicit Logger(std::ostream* stream,
                  Clock clock = std::chrono::system_clock::now,
                  int columns = 0);
  ~Logger();
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  // Copies every further line to `path`, appended, each with one write so that
  // it is there when the process is killed. A file that cannot be opened or
  // written (no folder, full disk) is reported once as a warning and then left
  // alone; the stream goes on. An empty path closes the file.
  void AppendTo(const std::string& path);

  // One line. Line breaks in `text` stay, without a prefix of their own.
  void Write(LogLevel level, const std::string& text);
  // The same, to the file alone: what a terminal shows in its status line.
  void WriteToFile(LogLevel level, const std::string& text);

  // The line at the bottom of a terminal that is rewritten in place; lines of
  // the log scroll by above it. Only for a stream that is a terminal.
  void ShowStatusLine(const std::string& text);
  void ClearStatusLine();

 private:
  std::string Format(LogLevel level, const std::string& text) const;
  void WriteToStream(const std::string& line);
  void AppendLine(const std::string& line);
  void GiveUpFile(int error, const std::string& doing);
  void CloseFile();

  std::mutex mutex_;
  std::ostream* const stream_;
  const Clock clock_;
  const int columns_;
  std::string status_line_;
  std::string file_path_;
  int file_ = -1;  // Descriptor, or -1 where there is none.
};

// The logger of the process, on standard error. LogInfo and its like write to
// it.
Logger& DefaultLogger();

template <typename... Arguments>
void LogInfo(fmt::format_string<Arguments...> format,
             Arguments&&... arguments) {
  DefaultLogger().Write(
      LogLevel::kInfo,
      fmt::format(format, std::forward<Arguments>(arguments)...));
}

template <typename... Arguments>
void LogWarning(fmt::format_string<Arguments...> format,
                Arguments&&... arguments) {
  DefaultLogger().Write(
      LogLevel::kWarning,
      fmt::format(format, std::forward<Arguments>(arguments)...));
}

template <typename... Arguments>
void LogError(fmt::format_string<Arguments...> format,
              Arguments&&... arguments) {
  DefaultLogger().Write(
      LogLevel::kError,
      fmt::format(format, std::forward<Arguments>(arguments)...));
}

}  // namespace bild

#endif  // BILD_BASE_LOG_H_
