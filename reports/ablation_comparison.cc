#include "reports/ablation_comparison.h"

#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "reports/comparison_table.h"

namespace bild {
namespace {

const PerImageScores& ImagesOf(const AblationRows& rows,
                               const AblationRow& row) {
  static const auto* const none = new PerImageScores();
  const auto found = rows.images.find(row.variant);
  return found == rows.images.end() ? *none : found->second;
}

}  // namespace

std::vector<std::optional<Comparison>> CompareRows(
    const AblationPlan& plan, const AblationRows& rows,
    const AblationContrast& contrast) {
  std::vector<Comparison> family;
  std::vector<size_t> places;
  for (size_t i = 0; i < rows.rows.size(); ++i) {
    const AblationRow& row = rows.rows[i];
    const AblationRow* baseline = BaselineOf(rows.rows, row, contrast);
    if (baseline == nullptr || baseline == &row) continue;
    const MethodRow method = {row.method, row.records};
    const MethodRow against = {baseline->method, baseline->records};
    Comparison comparison =
        Compare({method, ImagesOf(rows, row)},
                {against, ImagesOf(rows, *baseline)}, ComparedMetric::kPsnrDb);
    comparison.method = RowLabel(plan, rows.rows, row);
    family.push_back(std::move(comparison));
    places.push_back(i);
  }
  JudgeTogether(&family);
  std::vector<std::optional<Comparison>> by_row(rows.rows.size());
  for (size_t k = 0; k < family.size(); ++k) {
    by_row[places[k]] = std::move(family[k]);
  }
  return by_row;
}

std::string AblationComparisons(const AblationPlan& plan,
                                const AblationRows& rows) {
  std::string text;
  std::vector<std::vector<Comparison>> shown;
  for (const AblationContrast& contrast : plan.contrasts) {
    if (contrast.quantity != "psnr_db") continue;
    std::vector<Comparison> family;
    for (auto& comparison : CompareRows(plan, rows, contrast)) {
      if (comparison.has_value()) family.push_back(*std::move(comparison));
    }
    const std::string table = ComparisonTable(family, BaselineName(contrast));
    if (table.empty()) continue;
    absl::StrAppend(&text, text.empty() ? "" : "\n", table);
    shown.push_back(std::move(family));
  }
  if (text.empty()) return "";
  return absl::StrCat(
      text, ReadingTheComparisons(shown),
      "\nThe reports of the single runs adjust over their own rows only. "
      "Who chooses among the settings of this sweep goes by the tables "
      "above.\n");
}

}  // namespace bild
