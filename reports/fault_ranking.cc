#include "reports/fault_ranking.h"

#include <cmath>
#include <set>
#include <string>
#include <utility>

namespace bild {
namespace {

struct Batch {
  std::vector<double> weights;
  std::vector<double> rewards;  // As many, or none.
  std::vector<bool> is_faulty;
};

}  // namespace

void BatchAuc::Add(const std::vector<double>& values,
                   const std::vector<bool>& is_faulty) {
  for (size_t i = 0; i < values.size(); ++i) {
    if (is_faulty[i]) continue;
    for (size_t j = 0; j < values.size(); ++j) {
      if (!is_faulty[j]) continue;
      ++pairs_;
      if (values[i] > values[j]) {
        wins_ += 1.0;
      } else if (values[i] == values[j]) {
        wins_ += 0.5;
      }
    }
  }
}

std::optional<double> BatchAuc::Value() const {
  if (pairs_ == 0) return std::nullopt;
  return wins_ / static_cast<double>(pairs_);
}

std::map<int64_t, FaultRanking> RankFaults(
    const std::vector<WeightRow>& weights,
    const std::vector<LabelFaultRow>& faults, const FaultWindow& window) {
  std::set<std::pair<int64_t, std::string>> faulty;
  for (const LabelFaultRow& row : faults) faulty.emplace(row.seed, row.id);
  std::map<int64_t, std::map<int64_t, Batch>> batches;  // Seed, step.
  for (const WeightRow& row : weights) {
    if (row.method != window.method || row.step <= window.after_step ||
        row.step > window.until_step) {
      continue;
    }
    Batch& batch = batches[row.seed][row.step];
    batch.weights.push_back(row.weight);
    if (row.reward.has_value()) batch.rewards.push_back(*row.reward);
    batch.is_faulty.push_back(faulty.count({row.seed, row.id}) > 0);
  }
  std::map<int64_t, FaultRanking> rankings;
  for (const auto& [seed, steps] : batches) {
    FaultRanking& ranking = rankings[seed];
    BatchAuc of_weights;
    BatchAuc of_rewards;
    for (const auto& [step, batch] : steps) {
      of_weights.Add(batch.weights, batch.is_faulty);
      if (batch.rewards.size() == batch.weights.size()) {
        of_rewards.Add(batch.rewards, batch.is_faulty);
      }
      ranking.patches += static_cast<int64_t>(batch.weights.size());
      for (const bool is_faulty : batch.is_faulty) {
        if (is_faulty) ++ranking.faulty;
      }
    }
    ranking.weight_auc = of_weights.Value();
    ranking.reward_auc = of_rewards.Value();
  }
  return rankings;
}

}  // namespace bild
