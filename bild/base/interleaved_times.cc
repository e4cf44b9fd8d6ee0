#include "bild/base/interleaved_times.h"

#include <time.h>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <utility>

namespace bild {
namespace {

// `sorted` at the share `p` of its length.
double Quantile(const std::vector<double>& sorted, double p) {
  const double place = p * static_cast<double>(sorted.size() - 1);
  const size_t below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  const double share = place - static_cast<double>(below);
  return sorted[below] + share * (sorted[above] - sorted[below]);
}

}  // namespace

Quartiles QuartilesOf(std::vector<double> values) {
  assert(!values.empty());
  std::sort(values.begin(), values.end());
  return {Quantile(values, 0.25), Quantile(values, 0.5),
          Quantile(values, 0.75)};
}

double WallSeconds() {
  return std::chrono::duration<double>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

double ProcessorSeconds() {
  timespec now;
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) +
         1e-9 * static_cast<double>(now.tv_nsec);
}

InterleavedTimes::InterleavedTimes(std::vector<std::function<void()>> entrants,
                                   Clock clock)
    : entrants_(std::move(entrants)),
      clock_(std::move(clock)),
      seconds_(entrants_.size()) {
  assert(!entrants_.empty());
}

void InterleavedTimes::RunRound() {
  const size_t count = entrants_.size();
  const size_t first = seconds_[0].size() % count;
  for (size_t i = 0; i < count; ++i) {
    const size_t entrant = (first + i) % count;
    const double start = clock_();
    entrants_[entrant]();
    seconds_[entrant].push_back(clock_() - start);
  }
}

std::vector<double> InterleavedTimes::Ratios(size_t entrant,
                                             size_t reference) const {
  std::vector<double> ratios;
  ratios.reserve(seconds_[entrant].size());
  for (size_t round = 0; round < seconds_[entrant].size(); ++round) {
    ratios.push_back(seconds_[entrant][round] / seconds_[reference][round]);
  }
  return ratios;
}

}  // namespace bild
