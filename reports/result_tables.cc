#include "reports/result_tables.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "fmt/format.h"
#include "reports/markdown.h"
#include "reports/method_order.h"

namespace bild {
namespace {

// Decimals of what is printed (spec: PSNR two, SSIM four, CIEDE2000 two). A
// difference is smaller than what it comes from and takes one more.
constexpr int kPsnrDecimals = 2;
constexpr int kSsimDecimals = 4;
constexpr int kColourDecimals = 2;
constexpr int kDifferenceDecimals = 3;
constexpr int kGainDecimals = 3;

using OptionalField = std::optional<double> Record::*;

// A quality value: of the seeds, or of the one record that has none.
std::string QualityCell(const MethodRow& row, std::vector<double> values,
                        int decimals, bool is_marked) {
  if (values.empty()) return "";
  const std::string mark = is_marked ? kIdenticalMark : "";
  if (!row.HasSeeds()) return FormatFixed(values.front(), decimals) + mark;
  return FormatMeanAndSd(Summarise(values), decimals, mark);
}

std::string MeanCell(const MethodRow& row, OptionalField field, int decimals) {
  const SeedSummary summary = SummaryOf(row, field);
  return summary.count == 0 ? "" : FormatFixed(summary.mean, decimals);
}

std::string DifferenceCell(const ResultTable& table, const MethodRow& row) {
  const auto difference = PsnrDifferenceToPlain(table, row);
  if (!difference.has_value() || difference->seeds.empty()) return "";
  return FormatSignedMeanAndSd(difference->summary, kDifferenceDecimals);
}

// "0.214 ± 0.031, t 3.5 to 6.0": over the seeds, and the seeds' own t.
std::string GainCell(const MethodRow& row) {
  const SeedSummary gain = SummaryOf(row, &Record::gain_mean);
  if (gain.count == 0) return "";
  std::string cell = FormatMeanAndSd(gain, kGainDecimals);
  const std::vector<double> t =
      ValuesOf(row, [](const Record& r) { return r.gain_t; });
  if (t.empty()) return cell;
  const auto [least, most] = std::minmax_element(t.begin(), t.end());
  absl::StrAppend(&cell, ", t ", FormatFixed(*least, 1));
  if (t.size() > 1) absl::StrAppend(&cell, " to ", FormatFixed(*most, 1));
  return cell;
}

std::string EntropyCell(const MethodRow& row) {
  const std::string entropy = MeanCell(row, &Record::entropy_mean, 3);
  const std::string batch = MeanCell(row, &Record::effective_batch_mean, 2);
  return entropy.empty() && batch.empty() ? ""
                                          : absl::StrCat(entropy, " / ", batch);
}

bool HasIdentical(const MethodRow& row) {
  return std::any_of(row.records.begin(), row.records.end(),
                     [](const Record& r) { return r.n_identical > 0; });
}

std::string IdenticalFootnotes(const ResultTable& table) {
  std::string text;
  for (const MethodRow& row : table.rows) {
    for (const Record& record : row.records) {
      if (record.n_identical == 0) continue;
      const std::string seed =
          record.seed.has_value() ? absl::StrCat(", seed ", *record.seed) : "";
      text += IdenticalFootnote(Code(record.method) + seed, record.n_identical,
                                record.n);
    }
  }
  return text;
}

// Whose reweighting network was taught nothing, though it was to be taught.
std::string ZeroGradientNotes(const ResultTable& table) {
  std::string text;
  for (const MethodRow& row : table.rows) {
    const std::vector<double> shares = ValuesOf(
        row, [](const Record& record) { return record.zero_gradient_share; });
    if (shares.empty() ||
        !std::all_of(shares.begin(), shares.end(),
                     [](double share) { return share == 1.0; })) {
      continue;
    }
    absl::StrAppend(&text, "\n", Code(row.method),
                    ": the gradient of the reweighting network was zero but "
                    "for rounding at every outer step of the last logging "
                    "window. Its weights are not learned.\n");
  }
  return text;
}

std::string SentenceFor(const std::string& method,
                        const PairedDifference& difference) {
  const std::string names = absl::StrCat(Code(method), " and ", Code("plain"));
  const SeedSummary& summary = difference.summary;
  if (summary.count == 0) {
    return names + " share no seed: no difference can be given.";
  }
  if (!std::isfinite(summary.mean)) {
    return names + ": a mean is infinite, no difference can be given.";
  }
  const std::string size =
      FormatFixed(std::abs(summary.mean), kDifferenceDecimals);
  const std::string side = summary.mean == 0  ? "equal to"
                           : summary.mean > 0 ? size + " dB above"
                                              : size + " dB below";
  std::string text =
      absl::StrCat(Code(method), " is ", side, " ", Code("plain"));
  if (summary.count == 1) {
    absl::StrAppend(&text, ". One seed: nothing can be said about the method.");
  } else {
    absl::StrAppend(
        &text, " (", summary.count, " seeds, paired by seed, sd ",
        FormatFixed(summary.sd, kDifferenceDecimals), " dB, 95 % interval ",
        FormatSigned(summary.mean - summary.half_width, kDifferenceDecimals),
        " to ",
        FormatSigned(summary.mean + summary.half_width, kDifferenceDecimals),
        " dB): **", difference.excludes_zero ? "beyond" : "within",
        " the seeds' spread**.");
  }
  if (difference.unpaired > 0) {
    absl::StrAppend(&text, " Left out: ", Count(difference.unpaired, "seed"),
                    " that only one of them has.");
  }
  return text;
}

std::string SeedCell(const Record& record) {
  return record.seed.has_value() ? absl::StrCat(*record.seed) : "-";
}

std::string StepCell(const Record& record) {
  return record.checkpoint_step.has_value()
             ? absl::StrCat(*record.checkpoint_step)
             : "";
}

std::string OptionalCell(const std::optional<double>& value, int decimals) {
  return value.has_value() ? FormatFixed(*value, decimals) : "";
}

}  // namespace

std::string MethodTable(const ResultTable& table) {
  MarkdownTable text({"Method", "PSNR (dB)", "SSIM", "CIEDE2000",
                      "PSNR − plain (dB)", "Weight gain", "Agreement",
                      "Entropy / effective batch", "ms per step", "Verdict"},
                     /*left_columns=*/1);
  for (const MethodRow& row : table.rows) {
    const bool mark = HasIdentical(row);
    text.AddRow(
        {Code(row.method),
         QualityCell(row, PsnrValues(row), kPsnrDecimals, mark),
         QualityCell(row, SsimValues(row), kSsimDecimals, false),
         QualityCell(row, ColourDifferenceValues(row), kColourDecimals, false),
         DifferenceCell(table, row), GainCell(row),
         MeanCell(row, &Record::agreement_mean, 3), EntropyCell(row),
         MeanCell(row, &Record::step_milliseconds_median, 1), VerdictOf(row)});
  }
  return text.ToText() + IdenticalFootnotes(table) + ZeroGradientNotes(table);
}

std::string DifferenceSentences(const ResultTable& table) {
  std::string text;
  for (const MethodRow& row : table.rows) {
    const auto difference = PsnrDifferenceToPlain(table, row);
    if (!difference.has_value()) continue;
    absl::StrAppend(&text, "- ", SentenceFor(row.method, *difference), "\n");
  }
  if (!text.empty() && table.Head().n < 10) {
    absl::StrAppend(&text, "\nFew images (", table.Head().n,
                    "): other test images may well turn the order round.\n");
  }
  return text;
}

std::string SeedTable(const ResultTable& table) {
  MarkdownTable text(
      {"Method", "Seed", "PSNR (dB)", "SSIM", "CIEDE2000", "PSNR − plain (dB)",
       "Validation PSNR (dB)", "Checkpoint step"},
      /*left_columns=*/1);
  for (const MethodRow& row : table.rows) {
    const auto difference = PsnrDifferenceToPlain(table, row);
    for (const Record& record : row.records) {
      std::string to_plain;
      for (size_t i = 0; difference.has_value() && i < difference->seeds.size();
           ++i) {
        if (record.seed == difference->seeds[i]) {
          to_plain =
              FormatSigned(difference->differences[i], kDifferenceDecimals);
        }
      }
      text.AddRow({Code(record.method), SeedCell(record),
                   FormatFixed(record.psnr_db, kPsnrDecimals) +
                       (record.n_identical > 0 ? kIdenticalMark : ""),
                   FormatFixed(record.ssim, kSsimDecimals),
                   OptionalCell(record.ciede2000, kColourDecimals), to_plain,
                   OptionalCell(record.validation_psnr_db, kPsnrDecimals),
                   StepCell(record)});
    }
  }
  return text.ToText();
}

std::string TrainingTable(const std::vector<Record>& records) {
  std::vector<Record> runs;
  std::set<std::vector<std::string>> seen;
  for (const Record& record : records) {
    if (!record.seed.has_value()) continue;
    if (seen.insert({record.backbone, record.train_list_sha256, record.method,
                     SeedCell(record)})
            .second) {
      runs.push_back(record);
    }
  }
  if (runs.empty()) return "";
  std::sort(runs.begin(), runs.end(), [](const Record& a, const Record& b) {
    if (a.backbone != b.backbone) return a.backbone < b.backbone;
    if (a.method != b.method) return MethodComesBefore(a.method, b.method);
    return a.seed < b.seed;
  });
  MarkdownTable text({"Method", "Seed", "Weight gain", "Its standard error",
                      "t", "Agreement", "Norm of φ's gradient", "Entropy",
                      "Effective batch", "Correlation of weight and loss",
                      "ms per step", "Wall time (s)", "Peak memory (MiB)"},
                     /*left_columns=*/1);
  for (const Record& record : runs) {
    text.AddRow({Code(record.method), SeedCell(record),
                 OptionalCell(record.gain_mean, kGainDecimals),
                 OptionalCell(record.gain_standard_error, kGainDecimals),
                 OptionalCell(record.gain_t, 1),
                 OptionalCell(record.agreement_mean, 3),
                 record.phi_gradient_norm.has_value()
                     ? fmt::format("{:.3g}", *record.phi_gradient_norm)
                     : "",
                 OptionalCell(record.entropy_mean, 3),
                 OptionalCell(record.effective_batch_mean, 2),
                 OptionalCell(record.weight_loss_correlation, 2),
                 OptionalCell(record.step_milliseconds_median, 1),
                 OptionalCell(record.wall_seconds, 1),
                 OptionalCell(record.peak_memory_mib, 0)});
  }
  return text.ToText();
}

}  // namespace bild
