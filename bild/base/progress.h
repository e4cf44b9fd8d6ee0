// Progress of long work: one line rewritten in place on a terminal, a plain log
// line now and then elsewhere.
//
//   Progress progress("train ffa bild seed 1", steps);
//   for (...) progress.Update(step, [&] { return fmt::format("loss {:.4f}", l);
//   }); progress.Finish();
//
//   train ffa bild seed 1  120/770 (15 %)  2.4/s  loss 0.0312  4 min 31 s left
//
// A library shows nothing by itself: it takes a `Progress*`, which may be null.

#ifndef BILD_BASE_PROGRESS_H_
#define BILD_BASE_PROGRESS_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include "bild/base/log.h"

namespace bild {

// Whether standard error is a terminal that can rewrite a line, and not CI's.
bool TerminalRewritesLines();

// "0.4 s", "12 s", "4 min 31 s", "2 h 05 min", "3 d 04 h".
std::string FormatDuration(double seconds);

// "2.4/s", or below one step a second the other way round: "1.8 s each", "1 min
// 40 s each".
std::string FormatRate(double steps_per_second);

struct ProgressOptions {
  Logger* logger = nullptr;  // Null: DefaultLogger().
  bool rewrites_line = TerminalRewritesLines();
  std::function<std::chrono::steady_clock::time_point()> clock =
      std::chrono::steady_clock::now;
  // Where the work starts: a resumed run's rate counts from there.
  int64_t first_step = 0;
  // Between two drawings of the rewritten line.
  double redraw_every_s = 0.2;
  // A plain line comes after this time, or after a further tenth of the steps
  // but then not sooner than `shortest_s` after the line before. On a terminal
  // plain lines go to the log's file alone.
  double line_every_s = 10;
  double shortest_s = 1;
};

// Thread-safe. Destroyed without Finish (an error on the way), it clears its
// terminal line and says nothing.
class Progress {
 public:
  // `label` names the work, in ASCII. `total` = 0: the number of steps is not
  // known, and no time left is shown.
  Progress(std::string label, int64_t total, ProgressOptions options = {});
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `step` steps are done. `text` is any news about them (a loss); the function
  // is called only when a line is due, so it may cost something.
  void Update(int64_t step);
  void Update(int64_t step, const std::string& text);
  void Update(int64_t step, const std::function<std::string()>& text);

  // The last line: how many steps, how fast, how long. Later calls do nothing.
  void Finish(const std::string& text = "");

 private:
  double SecondsSinceStart() const;
  double Rate(double elapsed_s) const;
  std::string Line(double elapsed_s, const std::string& text) const;

  const std::string label_;
  const int64_t total_;
  const ProgressOptions options_;
  Logger* const logger_;
  const std::chrono::steady_clock::time_point start_;

  std::mutex mutex_;
  bool is_finished_ = false;
  int64_t step_;
  int64_t lined_tenth_;
  double lined_s_ = 0;    // When the last plain line came, since the start.
  double redrawn_s_ = 0;  // When the terminal line was last drawn.
  bool is_drawn_ = false;
};

}  // namespace bild

#endif  // BILD_BASE_PROGRESS_H_
