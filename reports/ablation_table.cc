#include "reports/ablation_table.h"

#include <cmath>
#include <cstddef>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "reports/ablation_comparison.h"
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
  return absl::StrCat(contrast.quantity, "_minus_", BaselineName(contrast));
}

// What a row's PSNR is nothing without.
struct Column {
  const char* name;
  std::string (*value)(const AblationRow&);
};

const std::vector<Column>& HowItWasMeasuredColumns() {
  using Row = AblationRow;
  static const auto* const columns = new std::vector<Column>{
      {"dataset", [](const Row& row) { return row.records[0].dataset; }},
      {"train_dataset",
       [](const Row& row) { return row.records[0].train_dataset; }},
      {"backbone", [](const Row& row) { return row.records[0].backbone; }},
      {"profile", [](const Row& row) { return row.records[0].profile; }},
      {"checkpoint", [](const Row& row) { return row.records[0].checkpoint; }},
      {"evaluation_resolution",
       [](const Row& row) { return row.records[0].evaluation_resolution; }},
      {"tiling", [](const Row& row) { return row.records[0].tiling; }},
      {"decoder_probe",
       [](const Row& row) { return row.records[0].decoder_probe; }},
      {"n", [](const Row& row) { return absl::StrCat(row.records[0].n); }},
      {"n_clear",
       [](const Row& row) { return absl::StrCat(row.records[0].n_clear); }},
      {"test_list_sha256",
       [](const Row& row) { return row.records[0].test_list_sha256; }},
      {"commit",
       [](const Row& row) {
         return absl::StrJoin(
             DistinctValues(row.records,
                            [](const Record& record) { return record.commit; }),
             " ");
       }},
      {"verdict",
       [](const Row& row) {
         return VerdictOf(MethodRow{row.method, row.records});
       }},
      {"invalid_reasons", [](const Row& row) {
         return absl::StrJoin(InvalidReasonsOf(row.records), "; ");
       }}};
  return *columns;
}

// Interval and p values over images and the word, as they stand in the columns.
std::vector<std::string> ComparisonFields(
    const std::optional<Comparison>& comparison) {
  if (!comparison.has_value()) return {"", "", "", "", ""};
  if (!comparison->images.has_value()) {
    return {"", "", "", "", WordText(*comparison)};
  }
  const ImageDifference& images = *comparison->images;
  return {CsvNumber(images.interval.low), CsvNumber(images.interval.high),
          CsvNumber(images.p), CsvNumber(images.holm_p), WordText(*comparison)};
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
  // By contrast, then by row.
  std::vector<std::vector<std::optional<Comparison>>> compared;
  for (const AblationContrast& contrast : plan.contrasts) {
    const std::string name = CsvName(contrast);
    header.insert(header.end(), {name, name + "_half_width", name + "_pairs"});
    compared.emplace_back();
    if (contrast.quantity != "psnr_db") continue;
    compared.back() = CompareRows(plan, rows, contrast);
    header.insert(header.end(), {name + "_image_low_95",
                                 name + "_image_high_95", name + "_sign_flip_p",
                                 name + "_sign_flip_p_holm", name + "_word"});
  }
  for (const Column& column : HowItWasMeasuredColumns()) {
    header.emplace_back(column.name);
  }
  std::string text = CsvLine(header);
  for (size_t i = 0; i < rows.rows.size(); ++i) {
    const AblationRow& row = rows.rows[i];
    std::vector<std::string> fields = {row.variant};
    const auto append = [&fields](const std::vector<std::string>& more) {
      fields.insert(fields.end(), more.begin(), more.end());
    };
    append(row.settings);
    append({row.method, absl::StrCat(row.records.size())});
    for (const std::string& name : plan.quantities) {
      const SeedSummary summary = SummaryOf(row.Of(name));
      append({CsvNumber(summary.mean), CsvNumber(summary.sd),
              CsvNumber(summary.half_width)});
    }
    for (size_t c = 0; c < plan.contrasts.size(); ++c) {
      const auto paired = Differences(rows.rows, row, plan.contrasts[c]);
      const SeedSummary summary =
          paired.has_value() ? paired->summary : SeedSummary();
      append({CsvNumber(summary.mean), CsvNumber(summary.half_width),
              paired.has_value() ? absl::StrCat(paired->seeds.size()) : ""});
      if (!compared[c].empty()) append(ComparisonFields(compared[c][i]));
    }
    for (const Column& column : HowItWasMeasuredColumns()) {
      fields.push_back(column.value(row));
    }
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
