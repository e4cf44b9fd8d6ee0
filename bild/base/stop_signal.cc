#include "bild/base/stop_signal.h"

#include <atomic>

namespace bild {
namespace {

std::atomic<int> last_signal{0};
static_assert(std::atomic<int>::is_always_lock_free,
              "a signal handler may only touch what takes no lock");

void Note(int signal_number) { last_signal = signal_number; }

void Install(int signal_number, struct sigaction* before) {
  struct sigaction action = {};
  action.sa_handler = Note;
  sigemptyset(&action.sa_mask);
  // The second one finds the default: it ends the process.
  action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;
  ::sigaction(signal_number, nullptr, before);
  if (before->sa_handler == SIG_IGN) return;
  ::sigaction(signal_number, &action, nullptr);
}

}  // namespace

StopSignals::StopSignals() {
  Install(SIGINT, &interrupt_before_);
  Install(SIGTERM, &terminate_before_);
}

StopSignals::~StopSignals() {
  ::sigaction(SIGINT, &interrupt_before_, nullptr);
  ::sigaction(SIGTERM, &terminate_before_, nullptr);
}

bool StopSignals::WasAsked() { return last_signal != 0; }

void StopSignals::EndBySignal() {
  const int signal_number = last_signal;
  if (signal_number == 0) return;
  ::signal(signal_number, SIG_DFL);
  ::raise(signal_number);
}

}  // namespace bild
