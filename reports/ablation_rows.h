// The numbers of a sweep: a row per (variant, method), every quantity by seed.

#ifndef REPORTS_ABLATION_ROWS_H_
#define REPORTS_ABLATION_ROWS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "reports/ablation_plan.h"
#include "reports/comparison.h"
#include "reports/record.h"
#include "reports/result_rows.h"
#include "reports/statistics.h"

namespace bild {

// A column of numbers: its name in the CSV files and in a plan, its heading,
// and how it is printed.
struct Quantity {
  std::string name;
  std::string title;
  int decimals = 3;
  std::string meaning;  // A sentence for the reader.
};
// All quantities that a plan may name:
//
//   psnr_db                  test PSNR of best@val in the first metric profile
//   psnr_last_db             the same of the last step
//   gain, own_gain,          means of the logging windows that end in the
//   agreement,               second half of the training
//   weight_entropy,
//   effective_batch,
//   weight_loss_correlation,
//   zero_gradient_share
//   weight_auc, reward_auc   of reports/fault_ranking.h, second half
//   faulty_share             of the patches that those were looked at
//   step_milliseconds        median time of a step
const std::vector<Quantity>& Quantities();
// `name` is one of them.
const Quantity& QuantityNamed(const std::string& name);

struct AblationRow {
  std::string variant;
  std::vector<std::string> settings;  // As in the plan.
  std::string method;
  std::vector<Record> records;  // best@val, first profile; a seed each.
  // Quantity to seed to value; undefined values are not there.
  std::map<std::string, std::map<int64_t, double>> values;

  const std::map<int64_t, double>& Of(const std::string& quantity) const;
};

struct AblationRows {
  std::vector<AblationRow> rows;    // In the order of plan and methods.
  std::vector<Record> all_records;  // Every one of the sweep.
  // By variant, as the files of its folder have them.
  std::map<std::string, std::vector<CurvePoint>> curves;
  std::map<std::string, PerImageScores> images;
};

// Reads folder/variants/<name>/ of every variant: records.jsonl, curves.csv,
// per_image.csv where there is one and, where there is a label_faults.csv, that
// and weights.csv. Errors name the file.
absl::StatusOr<AblationRows> ReadAblation(const AblationPlan& plan,
                                          const std::string& folder);

// The row that a contrast takes `row` against; null where there is none.
const AblationRow* BaselineOf(const std::vector<AblationRow>& rows,
                              const AblationRow& row,
                              const AblationContrast& contrast);

// row − baseline by seed; nothing for the baseline itself and where no seed has
// both values.
std::optional<PairedDifference> Differences(
    const std::vector<AblationRow>& rows, const AblationRow& row,
    const AblationContrast& contrast);

// What the row's differences are to: "plain".
std::string BaselineName(const AblationContrast& contrast);

// "PSNR (dB) − plain".
std::string ContrastTitle(const AblationContrast& contrast);

// "frozen_random logit_norm=none": method and settings, without the knobs in
// `without` and those that have one value in the whole sweep, and without bild
// where a variant trains nothing else and a setting says which it is.
std::string RowLabel(const AblationPlan& plan,
                     const std::vector<AblationRow>& rows,
                     const AblationRow& row,
                     const std::vector<std::string>& without = {});

}  // namespace bild

#endif  // REPORTS_ABLATION_ROWS_H_
