#include "reports/ablation_rows.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "bild/base/status.h"
#include "reports/fault_ranking.h"
#include "reports/method_order.h"

namespace bild {
namespace {

// Curves that a quantity is the mean of, over the second half of the training.
const std::map<std::string, std::string>& CurveOfQuantity() {
  static const auto* const curves = new std::map<std::string, std::string>{
      {"gain", "gain_normalised_mean"},
      {"own_gain", "own_gain_normalised_mean"},
      {"agreement", "agreement_mean"},
      {"weight_entropy", "weight_entropy"},
      {"zero_gradient_share", "zero_gradient_share"},
      {"effective_batch", "effective_batch"},
      {"weight_loss_correlation", "weight_loss_correlation"}};
  return *curves;
}

void AddCurveMeans(const std::vector<CurvePoint>& curves, AblationRow* row) {
  const int64_t half = row->records.front().steps / 2;
  for (const auto& [quantity, name] : CurveOfQuantity()) {
    std::map<int64_t, std::pair<double, int64_t>> sums;
    for (const CurvePoint& point : curves) {
      if (point.method != row->method || point.name != name ||
          point.step <= half || !std::isfinite(point.value)) {
        continue;
      }
      sums[point.seed].first += point.value;
      ++sums[point.seed].second;
    }
    for (const auto& [seed, sum] : sums) {
      row->values[quantity][seed] = sum.first / static_cast<double>(sum.second);
    }
  }
}

void AddRecords(const std::vector<Record>& records, AblationRow* row) {
  for (const Record& record : records) {
    if (record.method != row->method || !record.seed.has_value() ||
        record.profile != records.front().profile) {
      continue;
    }
    if (record.checkpoint == "last") {
      row->values["psnr_last_db"][*record.seed] = record.psnr_db;
      continue;
    }
    row->values["psnr_db"][*record.seed] = record.psnr_db;
    if (record.step_milliseconds_median.has_value()) {
      row->values["step_milliseconds"][*record.seed] =
          *record.step_milliseconds_median;
    }
    row->records.push_back(record);
  }
}

void AddFaultRanking(const std::vector<WeightRow>& weights,
                     const std::vector<LabelFaultRow>& faults,
                     AblationRow* row) {
  FaultWindow window;
  window.method = row->method;
  window.after_step = row->records.front().steps / 2;
  for (const auto& [seed, ranking] : RankFaults(weights, faults, window)) {
    // Uniform weights rank nothing.
    if (ranking.weight_auc.has_value() && row->method != "plain") {
      row->values["weight_auc"][seed] = *ranking.weight_auc;
    }
    if (ranking.reward_auc.has_value()) {
      row->values["reward_auc"][seed] = *ranking.reward_auc;
    }
    row->values["faulty_share"][seed] = ranking.FaultyShare();
  }
}

std::vector<std::string> MethodsOf(const std::vector<Record>& records) {
  std::vector<std::string> methods;
  for (const Record& record : records) {
    if (record.seed.has_value() && std::find(methods.begin(), methods.end(),
                                             record.method) == methods.end()) {
      methods.push_back(record.method);
    }
  }
  std::sort(methods.begin(), methods.end(), MethodComesBefore);
  return methods;
}

bool IsFile(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error);
}

}  // namespace

const std::vector<Quantity>& Quantities() {
  static const auto* const quantities = new std::vector<Quantity>{
      {"psnr_db", "PSNR (dB)", 2,
       "of the test pictures, at the checkpoint that the validation pictures "
       "chose"},
      {"psnr_last_db", "PSNR, last step (dB)", 2, "at the last step"},
      {"gain", "Gain", 3,
       "normalised weight gain, what the weights bought over uniform ones on "
       "patches that they had not been taught on"},
      {"own_gain", "Own gain", 3,
       "the gain of the network's own weights where others stepped the net"},
      {"agreement", "Agreement", 3,
       "cosine of the gradients of two halves of the validation batch"},
      {"weight_entropy", "Entropy of w", 3,
       "in nats; the logarithm of the batch where weights are uniform"},
      {"effective_batch", "Effective batch", 2, "1 / Σ w²"},
      {"weight_loss_correlation", "Corr(w, loss)", 2,
       "Pearson's correlation of weights and losses within a batch"},
      {"zero_gradient_share", "Zero gradient", 2,
       "share of the outer steps at which the reweighting network was taught "
       "nothing: one patch had all the weight, or no reward differed"},
      {"weight_auc", "AUC of w", 3,
       "how often a sound patch weighs more than a faulty one of the same "
       "batch; ½ is chance"},
      {"reward_auc", "AUC of rewards", 3, "the same of the rewards"},
      {"faulty_share", "Faulty", 3,
       "share of the logged patches that were faulty"},
      {"step_milliseconds", "ms per step", 1,
       "median time of a step; with outer steps now and then, of the mean from "
       "one to the next"}};
  return *quantities;
}

const Quantity& QuantityNamed(const std::string& name) {
  return *std::find_if(Quantities().begin(), Quantities().end(),
                       [&name](const Quantity& q) { return q.name == name; });
}

const std::map<int64_t, double>& AblationRow::Of(
    const std::string& quantity) const {
  static const auto* const none = new std::map<int64_t, double>();
  const auto found = values.find(quantity);
  return found == values.end() ? *none : found->second;
}

absl::StatusOr<AblationRows> ReadAblation(const AblationPlan& plan,
                                          const std::string& folder) {
  AblationRows all;
  for (const AblationVariant& variant : plan.variants) {
    const std::string own = absl::StrCat(folder, "/variants/", variant.name);
    BILD_ASSIGN_OR_RETURN(const std::vector<Record> records,
                          ReadRecords(own + "/records.jsonl"));
    BILD_ASSIGN_OR_RETURN(std::vector<CurvePoint> curves,
                          ReadCurves(own + "/curves.csv"));
    if (IsFile(own + "/per_image.csv")) {
      BILD_ASSIGN_OR_RETURN(const std::vector<PerImageRow> images,
                            ReadPerImage(own + "/per_image.csv"));
      all.images[variant.name] = PerImageScores(images);
    }
    std::vector<LabelFaultRow> faults;
    std::vector<WeightRow> weights;
    const bool has_faults = IsFile(own + "/label_faults.csv");
    if (has_faults) {
      BILD_ASSIGN_OR_RETURN(faults, ReadLabelFaults(own + "/label_faults.csv"));
      BILD_ASSIGN_OR_RETURN(weights, ReadWeights(own + "/weights.csv"));
    }
    for (const std::string& method : MethodsOf(records)) {
      AblationRow row;
      row.variant = variant.name;
      row.settings = variant.settings;
      row.method = method;
      AddRecords(records, &row);
      AddCurveMeans(curves, &row);
      if (has_faults) AddFaultRanking(weights, faults, &row);
      all.rows.push_back(std::move(row));
    }
    all.all_records.insert(all.all_records.end(), records.begin(),
                           records.end());
    all.curves[variant.name] = std::move(curves);
  }
  return all;
}

const AblationRow* BaselineOf(const std::vector<AblationRow>& rows,
                              const AblationRow& row,
                              const AblationContrast& contrast) {
  const std::string& variant =
      contrast.variant.empty() ? row.variant : contrast.variant;
  const AblationRow* only = nullptr;
  int64_t count = 0;
  for (const AblationRow& other : rows) {
    if (other.method != contrast.method) continue;
    if (other.variant == variant) return &other;
    only = &other;
    ++count;
  }
  return contrast.variant.empty() && count == 1 ? only : nullptr;
}

std::optional<PairedDifference> Differences(
    const std::vector<AblationRow>& rows, const AblationRow& row,
    const AblationContrast& contrast) {
  const AblationRow* baseline = BaselineOf(rows, row, contrast);
  if (baseline == nullptr || baseline == &row) return std::nullopt;
  PairedDifference paired =
      PairBySeed(row.Of(contrast.quantity), baseline->Of(contrast.quantity));
  if (paired.seeds.empty()) return std::nullopt;
  return paired;
}

std::string BaselineName(const AblationContrast& contrast) {
  return contrast.variant.empty() ? contrast.method : contrast.variant;
}

std::string ContrastTitle(const AblationContrast& contrast) {
  return absl::StrCat(QuantityNamed(contrast.quantity).title, " − ",
                      BaselineName(contrast));
}

std::string RowLabel(const AblationPlan& plan,
                     const std::vector<AblationRow>& rows,
                     const AblationRow& row,
                     const std::vector<std::string>& without) {
  std::vector<std::string> parts;
  for (size_t i = 0; i < plan.knobs.size(); ++i) {
    const std::string& knob = plan.knobs[i];
    const bool varies =
        std::any_of(plan.variants.begin(), plan.variants.end(),
                    [&](const AblationVariant& v) {
                      return v.settings[i] != plan.variants.front().settings[i];
                    });
    if (row.settings[i].empty() || !varies ||
        std::find(without.begin(), without.end(), knob) != without.end()) {
      continue;
    }
    parts.push_back(absl::StrCat(knob, "=", row.settings[i]));
  }
  const auto methods = std::count_if(
      rows.begin(), rows.end(),
      [&row](const AblationRow& r) { return r.variant == row.variant; });
  if (parts.empty() || methods > 1 || row.method != "bild") {
    parts.insert(parts.begin(), row.method);
  }
  return absl::StrJoin(parts, " ");
}

}  // namespace bild
