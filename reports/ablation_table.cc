#include "reports/ablation_table.h"

#include <cmath>
#include <cstddef>
#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "reports/aggregate.h"
#include "reports/csv.h"
#include "reports/markdown.h"
#include "reports/statistics.h"

namespace bild {
namespace {

// A difference is smaller than what it comes from and takes one decimal more.
constexpr int kMoreDecimals = 1;

SeedSummary SummaryOf(const std::map<int64_t, double>& by_seed) {
  std::vector<double> values;
  for (const auto& entry : by_seed) values.push_back(entry.second);
  return Summarise(values);
}

// "+0.150 [-0.020, +0.320]".
std::string DifferenceCell(const SeedSummary& summary, int decimals) {
  const std::string mean = FormatSigned(summary.mean, decimals);
  if (std::isnan(summary.half_width)) return mean;
  return absl::StrCat(
      mean, " [", FormatSigned(summary.mean - summary.half_width, decimals),
      ", ", FormatSigned(summary.mean + summary.half_width, decimals), "]");
}

std::string CsvName(const AblationContrast& contrast) {
  return absl::StrCat(
      contrast.quantity, "_minus_",
      contrast.variant.empty() ? contrast.method : contrast.variant);
}

}  // namespace

std::string AblationTable(const AblationPlan& plan, const AblationRows& rows) {
  std::vector<std::string> header = plan.knobs;
  header.emplace_back("Method");
  for (const std::string& name : plan.quantities) {
    header.push_back(QuantityNamed(name).title);
  }
  for (const AblationContrast& contrast : plan.contrasts) {
    header.push_back(ContrastTitle(contrast));
  }
  MarkdownTable table(header, /*left_columns=*/plan.knobs.size() + 1);
  for (const AblationRow& row : rows.rows) {
    std::vector<std::string> cells = row.settings;
    cells.push_back(Code(row.method));
    for (const std::string& name : plan.quantities) {
      const SeedSummary summary = SummaryOf(row.Of(name));
      cells.push_back(
          summary.count == 0
              ? ""
              : FormatMeanAndSd(summary, QuantityNamed(name).decimals));
    }
    for (const AblationContrast& contrast : plan.contrasts) {
      const auto paired = Differences(rows.rows, row, contrast);
      cells.push_back(
          paired.has_value()
              ? DifferenceCell(
                    paired->summary,
                    QuantityNamed(contrast.quantity).decimals + kMoreDecimals)
              : "");
    }
    table.AddRow(std::move(cells));
  }
  return table.ToText();
}

std::string SeedBySeedTable(const AblationPlan& plan,
                            const AblationRows& rows) {
  if (plan.seed_by_seed.empty()) return "";
  std::vector<std::string> header = plan.knobs;
  header.insert(header.end(), {"Method", "Seed"});
  for (const std::string& name : plan.seed_by_seed) {
    header.push_back(QuantityNamed(name).title);
  }
  MarkdownTable table(header, /*left_columns=*/plan.knobs.size() + 1);
  for (const AblationRow& row : rows.rows) {
    std::set<int64_t> seeds;
    for (const Record& record : row.records) seeds.insert(*record.seed);
    for (const int64_t seed : seeds) {
      std::vector<std::string> cells = row.settings;
      cells.push_back(Code(row.method));
      cells.push_back(absl::StrCat(seed));
      for (const std::string& name : plan.seed_by_seed) {
        const auto& values = row.Of(name);
        const auto value = values.find(seed);
        cells.push_back(
            value == values.end()
                ? ""
                : FormatFixed(value->second, QuantityNamed(name).decimals));
      }
      table.AddRow(std::move(cells));
    }
  }
  return table.ToText();
}

std::string AblationCsv(const AblationPlan& plan, const AblationRows& rows) {
  std::vector<std::string> header = {"variant"};
  header.insert(header.end(), plan.knobs.begin(), plan.knobs.end());
  header.insert(header.end(), {"method", "seeds"});
  for (const std::string& name : plan.quantities) {
    header.insert(header.end(), {name, name + "_sd", name + "_half_width"});
  }
  for (const AblationContrast& contrast : plan.contrasts) {
    const std::string name = CsvName(contrast);
    header.insert(header.end(), {name, name + "_half_width", name + "_pairs"});
  }
  header.insert(header.end(), {"verdict", "invalid_reasons"});
  std::string text = CsvLine(header);
  for (const AblationRow& row : rows.rows) {
    std::vector<std::string> fields = {row.variant};
    fields.insert(fields.end(), row.settings.begin(), row.settings.end());
    fields.insert(fields.end(), {row.method, absl::StrCat(row.records.size())});
    for (const std::string& name : plan.quantities) {
      const SeedSummary summary = SummaryOf(row.Of(name));
      fields.insert(fields.end(),
                    {CsvNumber(summary.mean), CsvNumber(summary.sd),
                     CsvNumber(summary.half_width)});
    }
    for (const AblationContrast& contrast : plan.contrasts) {
      const auto paired = Differences(rows.rows, row, contrast);
      if (!paired.has_value()) {
        fields.insert(fields.end(), {"", "", ""});
        continue;
      }
      fields.insert(fields.end(), {CsvNumber(paired->summary.mean),
                                   CsvNumber(paired->summary.half_width),
                                   absl::StrCat(paired->seeds.size())});
    }
    fields.push_back(VerdictOf(MethodRow{row.method, row.records}));
    fields.push_back(row.records.front().invalid_reasons);
    text += CsvLine(fields);
  }
  return text;
}

std::string AblationSeedsCsv(const AblationPlan& plan,
                             const AblationRows& rows) {
  std::vector<std::string> header = {"variant"};
  header.insert(header.end(), plan.knobs.begin(), plan.knobs.end());
  header.insert(header.end(), {"method", "seed", "quantity", "value"});
  std::string text = CsvLine(header);
  for (const AblationRow& row : rows.rows) {
    for (const Quantity& quantity : Quantities()) {
      for (const auto& [seed, value] : row.Of(quantity.name)) {
        std::vector<std::string> fields = {row.variant};
        fields.insert(fields.end(), row.settings.begin(), row.settings.end());
        fields.insert(fields.end(), {row.method, absl::StrCat(seed),
                                     quantity.name, CsvNumber(value)});
        text += CsvLine(fields);
      }
    }
  }
  return text;
}

}  // namespace bild
