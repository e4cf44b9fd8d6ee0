// Do weights and rewards tell faulty patches from sound ones?

#ifndef REPORTS_FAULT_RANKING_H_
#define REPORTS_FAULT_RANKING_H_

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <vector>

#include "reports/result_rows.h"

namespace bild {

// The area under the ROC curve, as Mann and Whitney (1947) count it, within
// batches: over all pairs of a sound and a faulty patch of one batch, the share
// in which the sound one has the larger value; ties count half. 1: every faulty
// patch is below every sound one; 1/2: chance; 0: the order is turned round.
// Patches of different batches are not compared: a weight is a share of its own
// batch, a reward is measured with that step's validation gradient.
class BatchAuc {
 public:
  // The values of one batch, and which of them are faulty.
  void Add(const std::vector<double>& values,
           const std::vector<bool>& is_faulty);
  // Empty where no batch had both kinds.
  std::optional<double> Value() const;

 private:
  double wins_ = 0.0;
  int64_t pairs_ = 0;
};

struct FaultRanking {
  std::optional<double> weight_auc;
  std::optional<double> reward_auc;  // Empty for methods without rewards.
  int64_t patches = 0;
  int64_t faulty = 0;

  double FaultyShare() const {
    return patches == 0
               ? std::numeric_limits<double>::quiet_NaN()
               : static_cast<double>(faulty) / static_cast<double>(patches);
  }
};

// Which logged batches count: those of `method` with
// after_step < step <= until_step.
struct FaultWindow {
  std::string method;
  int64_t after_step = 0;
  int64_t until_step = std::numeric_limits<int64_t>::max();
};

// By seed. A patch is faulty where its pair is in `faults` for its seed.
std::map<int64_t, FaultRanking> RankFaults(
    const std::vector<WeightRow>& weights,
    const std::vector<LabelFaultRow>& faults, const FaultWindow& window);

}  // namespace bild

#endif  // REPORTS_FAULT_RANKING_H_
