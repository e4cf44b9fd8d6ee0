// Means over a logging window, with standard errors where they mean something.

#ifndef BILD_WINDOW_STATISTICS_H_
#define BILD_WINDOW_STATISTICS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bild/bilevel_step.h"

namespace bild {

// n, mean and sample standard deviation of a stream of numbers (Welford 1962).
class RunningMean {
 public:
  void Add(double value);
  int64_t count() const { return count_; }
  // Empty for no value.
  std::optional<double> mean() const;
  // sd / sqrt(n), sd with divisor n - 1. Empty for fewer than two values.
  std::optional<double> standard_error() const;
  // mean / standard error; empty where the latter is empty or 0.
  std::optional<double> t() const;

 private:
  int64_t count_ = 0;
  double mean_ = 0.0;
  double squares_ = 0.0;
};

// One logging window of a run.
class WindowStatistics {
 public:
  void Add(const StepReport& report);

  int64_t steps() const { return training_loss_.count(); }
  int64_t outer_steps() const { return outer_steps_; }
  // Every outer step of the window had a zero phi-gradient, and phi was to be
  // updated.
  bool is_all_zero_gradient() const {
    return outer_steps_ > 0 && zero_gradients_ == outer_steps_;
  }

  // (curve name, value), those that exist.
  std::vector<std::pair<std::string, double>> Curves() const;

 private:
  RunningMean training_loss_, training_objective_, entropy_, effective_batch_,
      correlation_, validation_objective_, gain_, normalised_gain_, agreement_,
      phi_gradient_norm_, own_normalised_gain_, gradient_cosine_,
      reward_spread_;
  int64_t outer_steps_ = 0;
  int64_t phi_steps_ = 0;
  int64_t zero_gradients_ = 0;
};

}  // namespace bild

#endif  // BILD_WINDOW_STATISTICS_H_
