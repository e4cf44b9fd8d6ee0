// Times of several pieces of code on a machine that does not stand still: all
// of them in turn, round after round, so that whatever slows the machine down
// slows them all, and compared round by round.

#ifndef BILD_BASE_INTERLEAVED_TIMES_H_
#define BILD_BASE_INTERLEAVED_TIMES_H_

#include <cstddef>
#include <functional>
#include <vector>

namespace bild {

// Linear interpolation between the order statistics, as R's type 7.
struct Quartiles {
  double low = 0.0;  // A quarter of the values lie below.
  double median = 0.0;
  double high = 0.0;  // A quarter lie above.
};

// At least one value, all finite.
Quartiles QuartilesOf(std::vector<double> values);

// Seconds since some moment.
double WallSeconds();
// Processor time that the process was given, on all cores.
double ProcessorSeconds();

class InterleavedTimes {
 public:
  using Clock = std::function<double()>;  // Seconds.

  // At least one entrant.
  InterleavedTimes(std::vector<std::function<void()>> entrants, Clock clock);

  // Calls every entrant once and times it by itself. Round r starts with
  // entrant r modulo their number and goes on in order, so each of them runs
  // after each place equally often.
  void RunRound();

  // Of one entrant in every round so far, in seconds.
  const std::vector<double>& Seconds(size_t entrant) const {
    return seconds_[entrant];
  }
  // seconds of `entrant` / seconds of `reference`, in every round so far.
  std::vector<double> Ratios(size_t entrant, size_t reference) const;

 private:
  std::vector<std::function<void()>> entrants_;
  Clock clock_;
  std::vector<std::vector<double>> seconds_;
};

}  // namespace bild

#endif  // BILD_BASE_INTERLEAVED_TIMES_H_
