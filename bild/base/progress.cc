#include "bild/base/progress.h"

#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <utility>

#include "fmt/format.h"

namespace bild {
namespace {

int64_t Tenth(int64_t step, int64_t total) {
  return total > 0 ? step * 10 / total : 0;
}

}  // namespace

bool TerminalRewritesLines() {
  const char* ci = std::getenv("CI");
  const char* terminal = std::getenv("TERM");
  const bool is_ci = ci != nullptr && *ci != '\0';
  const bool is_dumb = terminal == nullptr || *terminal == '\0' ||
                       std::string(terminal) == "dumb";
  return !is_ci && !is_dumb && ::isatty(STDERR_FILENO) == 1;
}

std::string FormatDuration(double seconds) {
  if (!(seconds >= 0) || seconds > 1e9) return "unknown time";
  if (seconds < 9.95) return fmt::format("{:.1f} s", seconds);
  const int64_t whole_s = std::llround(seconds);
  if (whole_s < 60) return fmt::format("{} s", whole_s);
  if (whole_s < 3600) {
    return fmt::format("{} min {:02} s", whole_s / 60, whole_s % 60);
  }
  const int64_t whole_min = whole_s / 60;
  constexpr int64_t kMinutesOfDay = 1440;
  if (whole_min < kMinutesOfDay) {
    return fmt::format("{} h {:02} min", whole_min / 60, whole_min % 60);
  }
  const int64_t whole_h = whole_min / 60;
  return fmt::format("{} d {:02} h", whole_h / 24, whole_h % 24);
}

std::string FormatRate(double steps_per_second) {
  if (!(steps_per_second > 0)) return "-/s";
  if (steps_per_second < 1 / 59.5) {
    return FormatDuration(1 / steps_per_second) + " each";
  }
  if (steps_per_second < 1) {
    return fmt::format("{:.2g} s each", 1 / steps_per_second);
  }
  if (steps_per_second < 99.5) return fmt::format("{:.1f}/s", steps_per_second);
  return fmt::format("{:.0f}/s", steps_per_second);
}

Progress::Progress(std::string label, int64_t total, ProgressOptions options)
    : label_(std::move(label)),
      total_(total),
      options_(std::move(options)),
      logger_(options_.logger != nullptr ? options_.logger : &DefaultLogger()),
      start_(options_.clock()),
      step_(options_.first_step),
      lined_tenth_(Tenth(options_.first_step, total)) {}

Progress::~Progress() {
  if (!is_finished_ && is_drawn_) logger_->ClearStatusLine();
}

void Progress::Update(int64_t step) { Update(step, std::string()); }

void Progress::Update(int64_t step, const std::string& text) {
  Update(step, [&text] { return text; });
}

void Progress::Update(int64_t step, const std::function<std::string()>& text) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (is_finished_) return;
  step_ = step;
  const double elapsed_s = SecondsSinceStart();
  const double unlined_s = elapsed_s - lined_s_;
  const int64_t tenth = Tenth(step, total_);
  const bool is_lined =
      unlined_s >= options_.line_every_s ||
      (tenth > lined_tenth_ && unlined_s >= options_.shortest_s);
  const bool is_redrawn =
      options_.rewrites_line &&
      (!is_drawn_ || elapsed_s - redrawn_s_ >= options_.redraw_every_s);
  if (!is_lined && !is_redrawn) return;

  const std::string line = Line(elapsed_s, text());
  if (is_redrawn) {
    logger_->ShowStatusLine(line);
    redrawn_s_ = elapsed_s;
    is_drawn_ = true;
  }
  if (is_lined) {
    if (options_.rewrites_line) {
      logger_->WriteToFile(LogLevel::kInfo, line);
    } else {
      logger_->Write(LogLevel::kInfo, line);
    }
    lined_s_ = elapsed_s;
    lined_tenth_ = tenth;
  }
}

void Progress::Finish(const std::string& text) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (is_finished_) return;
  is_finished_ = true;
  if (is_drawn_) logger_->ClearStatusLine();
  const double elapsed_s = SecondsSinceStart();
  std::string line = fmt::format("{}  {}", label_, step_);
  if (total_ > 0 && step_ != total_) line += fmt::format(" of {}", total_);
  line += fmt::format("  {}", FormatRate(Rate(elapsed_s)));
  if (!text.empty()) line += "  " + text;
  logger_->Write(LogLevel::kInfo,
                 line + "  done in " + FormatDuration(elapsed_s));
}

double Progress::SecondsSinceStart() const {
  return std::chrono::duration<double>(options_.clock() - start_).count();
}

double Progress::Rate(double elapsed_s) const {
  if (!(elapsed_s > 0)) return 0;
  return static_cast<double>(step_ - options_.first_step) / elapsed_s;
}

std::string Progress::Line(double elapsed_s, const std::string& text) const {
  const double rate = Rate(elapsed_s);
  std::string line = fmt::format("{}  {}", label_, step_);
  if (total_ > 0) {
    line += fmt::format("/{} ({} %)", total_, step_ * 100 / total_);
  }
  line += fmt::format("  {}", FormatRate(rate));
  if (!text.empty()) line += "  " + text;
  if (total_ > step_ && rate > 0) {
    line +=
        fmt::format("  {} left",
                    FormatDuration(static_cast<double>(total_ - step_) / rate));
  }
  return line;
}

}  // namespace bild
