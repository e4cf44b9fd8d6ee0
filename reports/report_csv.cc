#include "reports/report_csv.h"

#include <algorithm>
#include <cstddef>
#include <functional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "reports/csv.h"
#include "reports/published_figures.h"

namespace bild {
namespace {

// A value of each record, in the order of the seeds.
std::string BySeed(const MethodRow& row,
                   const std::function<std::string(const Record&)>& field) {
  std::vector<std::string> values;
  for (const Record& record : row.records) values.push_back(field(record));
  return absl::StrJoin(values, " ");
}

bool IsAnyDirty(const MethodRow& row) {
  return std::any_of(row.records.begin(), row.records.end(),
                     [](const Record& record) { return record.dirty; });
}

// Interval and p values over images, as they stand in the columns.
std::vector<std::string> ImageFields(const Comparison* comparison) {
  if (comparison == nullptr || !comparison->images.has_value()) {
    return {"", "", "", ""};
  }
  const ImageDifference& images = *comparison->images;
  return {CsvNumber(images.interval.low), CsvNumber(images.interval.high),
          CsvNumber(images.p), CsvNumber(images.holm_p)};
}

const Comparison* FindComparison(const std::vector<Comparison>& comparisons,
                                 const std::string& method) {
  for (const Comparison& comparison : comparisons) {
    if (comparison.method == method) return &comparison;
  }
  return nullptr;
}

// The published figure beside the row, and how far the row is from it where
// both were measured in one way.
std::vector<std::string> PublishedFields(const ResultTable& table,
                                         const MethodRow& row) {
  const PublishedFigure* figure = PublishedFigureOf(table, row);
  if (figure == nullptr) return {"", "", "", "", ""};
  return {CsvNumber(figure->psnr_db), figure->ssim,
          figure->profile.empty() ? "unknown" : figure->profile,
          CsvNumber(PsnrMinusPublishedDb(*figure, row)), figure->source};
}

}  // namespace

std::string ReportCsv(const std::vector<ResultTable>& tables,
                      const std::vector<TableComparisons>& comparisons) {
  std::string text = CsvLine({"dataset",
                              "train_dataset",
                              "backbone",
                              "parameters",
                              "method",
                              "checkpoint",
                              "profile",
                              "evaluation_resolution",
                              "tiling",
                              "decoder_probe",
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
                              "resampled",
                              "psnr_minus_plain_db_image_low_95",
                              "psnr_minus_plain_db_image_high_95",
                              "psnr_sign_flip_p",
                              "psnr_sign_flip_p_holm",
                              "psnr_word",
                              "ssim_minus_plain_mean",
                              "ssim_minus_plain_half_width_95",
                              "ssim_minus_plain_image_low_95",
                              "ssim_minus_plain_image_high_95",
                              "ssim_sign_flip_p",
                              "ssim_sign_flip_p_holm",
                              "ssim_word",
                              "published_psnr_db",
                              "published_ssim",
                              "published_profile",
                              "psnr_minus_published_db",
                              "published_source"});
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
      const bool has_spread = difference.summary.count > 1;
      const Comparison* in_psnr =
          FindComparison(comparisons[t].psnr, row.method);
      const Comparison* in_ssim =
          FindComparison(comparisons[t].ssim, row.method);
      std::string resampled;
      if (in_psnr != nullptr && in_psnr->images.has_value()) {
        resampled = in_psnr->images->by_scene ? "scenes" : "images";
      }
      // "input" stands in this table: its row says which one, too.
      std::vector<std::string> fields = {
          r.dataset,
          head.train_dataset,
          head.backbone,
          absl::StrCat(head.parameters),
          r.method,
          head.checkpoint,
          r.profile,
          r.evaluation_resolution,
          head.tiling,
          r.decoder_probe,
          absl::StrCat(r.n),
          absl::StrCat(r.n_clear),
          BySeed(row,
                 [](const Record& of) { return absl::StrCat(of.n_identical); }),
          r.test_list_sha256,
          BySeed(row, [](const Record& of) { return CsvNumber(of.seed); }),
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
          absl::StrJoin(InvalidReasonsOf(row.records), "; "),
          absl::StrJoin(
              DistinctValues(row.records,
                             [](const Record& of) { return of.commit; }),
              " "),
          IsAnyDirty(row) ? "yes" : "no",
          CsvNumber(SummaryOf(row, &Record::step_milliseconds_median).mean),
          resampled};
      const auto append = [&fields](const std::vector<std::string>& more) {
        fields.insert(fields.end(), more.begin(), more.end());
      };
      append(ImageFields(in_psnr));
      append({in_psnr == nullptr ? "" : WordText(*in_psnr)});
      const SeedSummary in_ssim_seeds =
          in_ssim == nullptr ? SeedSummary() : in_ssim->seeds.summary;
      append(
          {CsvNumber(in_ssim_seeds.mean), CsvNumber(in_ssim_seeds.half_width)});
      append(ImageFields(in_ssim));
      append({in_ssim == nullptr ? "" : WordText(*in_ssim)});
      append(PublishedFields(table, row));
      text += CsvLine(fields);
    }
  }
  return text;
}

}  // namespace bild
