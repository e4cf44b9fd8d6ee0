#include "reports/report_csv.h"

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "reports/csv.h"

namespace bild {
namespace {

std::string SeedList(const MethodRow& row) {
  return absl::StrJoin(row.records, " ",
                       [](std::string* out, const Record& record) {
                         absl::StrAppend(out, CsvNumber(record.seed));
                       });
}

const Comparison* FindComparison(const std::vector<Comparison>& comparisons,
                                 const std::string& method) {
  for (const Comparison& comparison : comparisons) {
    if (comparison.method == method) return &comparison;
  }
  return nullptr;
}

}  // namespace

std::string ReportCsv(const std::vector<ResultTable>& tables,
                      const std::vector<std::vector<Comparison>>& comparisons) {
  std::string text = CsvLine({"dataset",
                              "train_dataset",
                              "backbone",
                              "parameters",
                              "method",
                              "checkpoint",
                              "profile",
                              "evaluation_resolution",
                              "tiling",
                              "n",
                              "n_clear",
                              "n_identical",
                              "test_list_sha256",
                              "seeds",
                              "psnr_db_mean",
                              "psnr_db_sd",
                              "psnr_db_half_width_95",
                              "ssim_mean",
                              "ssim_sd",
                              "ciede2000_mean",
                              "ciede2000_sd",
                              "psnr_minus_plain_db_mean",
                              "psnr_minus_plain_db_sd",
                              "psnr_minus_plain_db_half_width_95",
                              "paired_seeds",
                              "beyond_seed_spread",
                              "gain_mean",
                              "gain_sd",
                              "agreement_mean",
                              "entropy_mean",
                              "effective_batch_mean",
                              "run_profile",
                              "published",
                              "steps",
                              "batch",
                              "crop_px",
                              "loss",
                              "verdict",
                              "invalid_reasons",
                              "commit",
                              "dirty",
                              "step_milliseconds_median_mean",
                              "psnr_minus_plain_db_image_low_95",
                              "psnr_minus_plain_db_image_high_95",
                              "resampled",
                              "sign_flip_p",
                              "sign_flip_p_holm",
                              "word"});
  for (size_t t = 0; t < tables.size(); ++t) {
    const ResultTable& table = tables[t];
    for (const MethodRow& row : table.rows) {
      const Record& r = row.records.front();
      const Record& head = table.Head();
      const SeedSummary psnr = Summarise(PsnrValues(row));
      const SeedSummary ssim = Summarise(SsimValues(row));
      const SeedSummary colour = Summarise(ColourDifferenceValues(row));
      const SeedSummary gain = SummaryOf(row, &Record::gain_mean);
      const PairedDifference difference =
          PsnrDifferenceToPlain(table, row).value_or(PairedDifference());
      int64_t identical = 0;
      for (const Record& record : row.records) identical += record.n_identical;
      const bool has_spread = difference.summary.count > 1;
      const Comparison* comparison = FindComparison(comparisons[t], row.method);
      std::optional<double> low_db, high_db, p, holm_p;
      std::string resampled;
      if (comparison != nullptr && comparison->images.has_value()) {
        const ImageDifference& images = *comparison->images;
        low_db = images.interval_db.low;
        high_db = images.interval_db.high;
        p = images.p;
        holm_p = images.holm_p;
        resampled = images.by_scene ? "scenes" : "images";
      }
      // "input" stands in this table: its row says which one, too.
      text += CsvLine(
          {r.dataset,
           head.train_dataset,
           head.backbone,
           absl::StrCat(head.parameters),
           r.method,
           head.checkpoint,
           r.profile,
           r.evaluation_resolution,
           head.tiling,
           absl::StrCat(r.n),
           absl::StrCat(r.n_clear),
           absl::StrCat(identical),
           r.test_list_sha256,
           SeedList(row),
           CsvNumber(psnr.mean),
           CsvNumber(psnr.sd),
           CsvNumber(psnr.half_width),
           CsvNumber(ssim.mean),
           CsvNumber(ssim.sd),
           CsvNumber(colour.mean),
           CsvNumber(colour.sd),
           CsvNumber(difference.summary.mean),
           CsvNumber(difference.summary.sd),
           CsvNumber(difference.summary.half_width),
           absl::StrCat(difference.summary.count),
           !has_spread ? "" : (difference.excludes_zero ? "yes" : "no"),
           CsvNumber(gain.mean),
           CsvNumber(gain.sd),
           CsvNumber(SummaryOf(row, &Record::agreement_mean).mean),
           CsvNumber(SummaryOf(row, &Record::entropy_mean).mean),
           CsvNumber(SummaryOf(row, &Record::effective_batch_mean).mean),
           head.run_profile,
           head.published ? "yes" : "no",
           absl::StrCat(head.steps),
           absl::StrCat(head.batch),
           absl::StrCat(head.crop_px),
           head.loss,
           VerdictOf(row),
           absl::StrJoin(DistinctValues(row.records,
                                        [](const Record& record) {
                                          return record.invalid_reasons;
                                        }),
                         "; "),
           r.commit,
           r.dirty ? "yes" : "no",
           CsvNumber(SummaryOf(row, &Record::step_milliseconds_median).mean),
           CsvNumber(low_db),
           CsvNumber(high_db),
           resampled,
           CsvNumber(p),
           CsvNumber(holm_p),
           comparison == nullptr ? "" : WordText(comparison->word)});
    }
  }
  return text;
}

}  // namespace bild
