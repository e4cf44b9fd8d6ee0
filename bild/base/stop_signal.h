// Ctrl-C (and what a scheduler sends before it kills): the first asks for a
// stop at the next good place, the second ends the process at once.

#ifndef BILD_BASE_STOP_SIGNAL_H_
#define BILD_BASE_STOP_SIGNAL_H_

#include <signal.h>

namespace bild {

// While one exists, SIGINT and SIGTERM are noted instead of ending the process;
// a signal that was ignored before (nohup) stays ignored. One at a time, in one
// thread.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // Whether one came since the process started.
  static bool WasAsked();

  // Ends the process by the signal that came, as it would have ended without
  // us: who started it (a shell loop) sees that it was interrupted. For main,
  // after everything is put away; returns where none came.
  static void EndBySignal();

 private:
  struct sigaction interrupt_before_;
  struct sigaction terminate_before_;
};

}  // namespace bild

#endif  // BILD_BASE_STOP_SIGNAL_H_
