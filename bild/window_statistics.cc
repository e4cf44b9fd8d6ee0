#include "bild/window_statistics.h"

#include <cmath>

namespace bild {

void RunningMean::Add(double value) {
  ++count_;
  const double before = value - mean_;
  mean_ += before / static_cast<double>(count_);
  squares_ += before * (value - mean_);
}

std::optional<double> RunningMean::mean() const {
  if (count_ == 0) return std::nullopt;
  return mean_;
}

std::optional<double> RunningMean::standard_error() const {
  if (count_ < 2) return std::nullopt;
  const double n = static_cast<double>(count_);
  return std::sqrt(squares_ / (n - 1.0) / n);
}

std::optional<double> RunningMean::t() const {
  const std::optional<double> error = standard_error();
  if (!error.has_value() || *error == 0.0) return std::nullopt;
  return mean_ / *error;
}

void WindowStatistics::Add(const StepReport& report) {
  training_loss_.Add(report.mean_loss);
  training_objective_.Add(report.training_objective);
  entropy_.Add(report.summary.entropy);
  effective_batch_.Add(report.summary.effective_batch);
  if (report.summary.weight_loss_correlation.has_value()) {
    correlation_.Add(*report.summary.weight_loss_correlation);
  }
  if (!report.outer.has_value()) return;
  const OuterReport& outer = *report.outer;
  ++outer_steps_;
  if (outer.has_zero_phi_gradient) ++zero_gradients_;
  validation_objective_.Add(outer.validation_objective);
  gain_.Add(outer.gain);
  if (outer.normalised_gain.has_value()) {
    normalised_gain_.Add(*outer.normalised_gain);
  }
  if (outer.agreement.has_value()) agreement_.Add(*outer.agreement);
  if (outer.phi_gradient_norm.has_value()) {
    ++phi_steps_;
    phi_gradient_norm_.Add(*outer.phi_gradient_norm);
  }
  if (outer.own_normalised_gain.has_value()) {
    own_normalised_gain_.Add(*outer.own_normalised_gain);
  }
  if (outer.gradient_cosine.has_value()) {
    gradient_cosine_.Add(*outer.gradient_cosine);
  }
  if (outer.reward_spread.has_value()) reward_spread_.Add(*outer.reward_spread);
}

std::vector<std::pair<std::string, double>> WindowStatistics::Curves() const {
  std::vector<std::pair<std::string, double>> curves;
  const auto add = [&curves](const std::string& name,
                             const std::optional<double>& value) {
    if (value.has_value()) curves.emplace_back(name, *value);
  };
  add("training_loss", training_loss_.mean());
  add("training_objective", training_objective_.mean());
  add("validation_objective", validation_objective_.mean());
  add("weight_entropy", entropy_.mean());
  add("effective_batch", effective_batch_.mean());
  add("weight_loss_correlation", correlation_.mean());
  add("gain_mean", gain_.mean());
  add("gain_standard_error", gain_.standard_error());
  add("gain_normalised_mean", normalised_gain_.mean());
  add("gain_normalised_standard_error", normalised_gain_.standard_error());
  add("gain_normalised_t", normalised_gain_.t());
  add("agreement_mean", agreement_.mean());
  add("phi_gradient_norm", phi_gradient_norm_.mean());
  add("own_gain_normalised_mean", own_normalised_gain_.mean());
  add("own_gain_normalised_standard_error",
      own_normalised_gain_.standard_error());
  add("own_gain_normalised_t", own_normalised_gain_.t());
  add("gradient_cosine", gradient_cosine_.mean());
  add("reward_spread", reward_spread_.mean());
  if (phi_steps_ > 0) {
    add("zero_gradient_share",
        static_cast<double>(zero_gradients_) / static_cast<double>(phi_steps_));
  }
  return curves;
}

}  // namespace bild
