#include "reports/report.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "bild/base/atomic_file.h"
#include "bild/base/status.h"
#include "reports/aggregate.h"
#include "reports/comparison.h"
#include "reports/comparison_table.h"
#include "reports/markdown.h"
#include "reports/plots.h"
#include "reports/provenance.h"
#include "reports/published_figures.h"
#include "reports/record.h"
#include "reports/report_csv.h"
#include "reports/result_rows.h"
#include "reports/result_tables.h"
#include "reports/series.h"
#include "reports/statistics.h"

namespace bild {
namespace {

// "ffa on ots, seeds 1, 2, 3": what the curves of the folder belong to.
std::string CurvesOf(const std::vector<Record>& records) {
  std::vector<std::string> backbones;
  std::vector<std::string> datasets;
  std::vector<std::string> seeds;
  const auto add = [](const std::string& value,
                      std::vector<std::string>* values) {
    if (std::find(values->begin(), values->end(), value) == values->end()) {
      values->push_back(value);
    }
  };
  for (const Record& record : records) {
    if (!record.seed.has_value()) continue;  // Was not trained.
    add(record.backbone, &backbones);
    add(record.train_dataset, &datasets);
    add(absl::StrCat(*record.seed), &seeds);
  }
  return absl::StrCat(absl::StrJoin(backbones, ", "), " trained on ",
                      absl::StrJoin(datasets, ", "),
                      seeds.size() == 1 ? ", seed " : ", seeds ",
                      absl::StrJoin(seeds, ", "));
}

std::vector<Figure> Figures(const std::vector<Record>& records,
                            const std::vector<CurvePoint>& curves) {
  constexpr char kPsnr[] = "validation_psnr_db";
  Figure convergence;
  convergence.file = "convergence";
  convergence.title = "PSNR on the validation split while training";
  convergence.y_title = "validation PSNR (dB)";
  convergence.series = PoolOverSeeds(curves, kPsnr, "");

  Figure difference;
  difference.file = "psnr_difference";
  difference.title =
      "PSNR on the validation split: each method minus plain, seed by seed";
  difference.y_title = "validation PSNR − plain (dB)";
  difference.has_zero_line = true;
  difference.series =
      PoolOverSeeds(DifferencesToPlain(curves, kPsnr), kPsnr, "");

  Figure gain;
  gain.file = "weight_gain";
  gain.title = "What the weights gain over uniform ones, per logging window";
  gain.y_title = "normalised weight gain";
  gain.has_zero_line = true;
  gain.series = PoolOverSeeds(curves, "gain_normalised_mean",
                              "gain_normalised_standard_error");

  std::vector<Figure> drawable;
  for (Figure& figure : std::vector<Figure>{convergence, difference, gain}) {
    if (figure.series.empty()) continue;
    figure.x_title = "training step";
    figure.subtitle = CurvesOf(records);
    figure.warning = HonestyLine(records, "curves");
    drawable.push_back(std::move(figure));
  }
  return drawable;
}

std::string TableHeading(const ResultTable& table) {
  const Record& head = table.Head();
  std::string text;
  if (!head.backbone.empty())
    absl::StrAppend(&text, Code(head.backbone), " on ");
  absl::StrAppend(&text, Code(head.dataset), ", profile ", Code(head.profile));
  if (!head.checkpoint.empty()) {
    absl::StrAppend(&text, ", checkpoint ", Code(head.checkpoint));
  }
  return text;
}

// Which images and how: what makes this table another one than the next.
std::string TableSubject(const ResultTable& table) {
  const Record& head = table.Head();
  std::string text = absl::StrCat(
      Count(head.n, "test image"), " (", Count(head.n_clear, "clear image"),
      "), list ", Code(head.test_list_sha256.substr(0, 12)), ", resolution ",
      Code(head.evaluation_resolution), ", tiling ", Code(head.tiling),
      ", decoder probe ", Code(head.decoder_probe));
  if (head.steps > 0) {
    absl::StrAppend(&text, "; ", head.steps, " steps of batch ", head.batch,
                    ", crop ", head.crop_px, " px");
  }
  return text + ".";
}

std::string ReadingTheTables(bool has_training) {
  std::string text =
      "PSNR, SSIM and CIEDE2000 are means over the test images; CIEDE2000 is "
      "better when lower.";
  if (!has_training) return text + "\n";
  absl::StrAppend(
      &text,
      " Behind ±: sample standard deviation over the seeds of the seeds' "
      "means.\n\n*Weight gain*: the first-order decrease of the validation "
      "loss that the weights bought over uniform ones, normalised, over the "
      "last logging window; t is each seed's own, mean over standard error. "
      "*Agreement*: cosine of the validation gradients of two half batches. "
      "*Entropy* of the weights in nats (its maximum is the logarithm of the "
      "batch), and the *effective batch*, 1/Σw². *ms per step*: mean over the "
      "seeds of each run's median; comparable only where nothing else ran on "
      "the machine.\n");
  return text;
}

// What the intervals over seeds can and cannot say; "" for a single seed.
std::string WhatSeedsCanSay(const std::vector<ResultTable>& tables) {
  int64_t pairs = 0;
  for (const ResultTable& table : tables) {
    for (const MethodRow& row : table.rows) {
      const auto difference = PsnrDifferenceToPlain(table, row);
      if (difference.has_value()) {
        pairs = std::max(pairs, difference->summary.count);
      }
    }
  }
  if (pairs < 2) return "";
  return absl::StrCat(
      "\n*Beyond the seeds' spread*: the 95 % interval of the differences, "
      "seed by seed, leaves out 0. The interval is Student's t and takes the "
      "differences to be normal. A sign-flip test does not, and with ",
      pairs, " seeds it cannot get below p = ", SmallestSignFlipP(pairs),
      pairs < 6 ? "; six seeds are the least that can reach 0.05" : "",
      ". Whether other test images would change the order is another question, "
      "which seeds do not answer.\n");
}

std::string FigureText(const Figure& figure) {
  return absl::StrCat("![", figure.y_title, " against training step](figures/",
                      figure.file, ".svg)\n\n", FigureCaption(figure),
                      " Only steps that every seed of a method logged are "
                      "drawn. Data: [",
                      figure.file, ".csv](figures/", figure.file, ".csv)\n\n");
}

std::string ReportMarkdown(const std::vector<Record>& records,
                           const std::vector<ResultTable>& tables,
                           const std::vector<TableComparisons>& compared,
                           const std::vector<Figure>& figures) {
  std::string text = absl::StrCat(
      "# ",
      absl::StrJoin(
          DistinctValues(records,
                         [](const Record& r) { return PlainText(r.target); }),
          ", "),
      "\n\n");
  const std::string honesty = HonestyLine(records, "rows");
  if (!honesty.empty())
    absl::StrAppend(&text, "> **", PlainText(honesty), "**\n\n");
  for (size_t t = 0; t < tables.size(); ++t) {
    const ResultTable& table = tables[t];
    absl::StrAppend(&text, "## ", TableHeading(table), "\n\n",
                    TableSubject(table), "\n\n", MethodTable(table), "\n");
    for (const std::string& part :
         {PublishedTable(table), DifferenceSentences(table),
          ComparisonTable(compared[t].psnr, "plain"),
          ComparisonTable(compared[t].ssim, "plain")}) {
      if (!part.empty()) absl::StrAppend(&text, part, "\n");
    }
  }
  const std::string training = TrainingTable(records);
  std::vector<std::vector<Comparison>> shown;
  for (const TableComparisons& table : compared) shown.push_back(table.psnr);
  absl::StrAppend(&text, "## Reading the tables\n\n",
                  ReadingTheTables(!training.empty()), WhatSeedsCanSay(tables),
                  ReadingTheComparisons(shown), "\n");
  absl::StrAppend(&text, "## Curves\n\n");
  for (const Figure& figure : figures) {
    absl::StrAppend(&text, FigureText(figure));
  }
  if (figures.empty()) absl::StrAppend(&text, "No curve was logged.\n\n");
  absl::StrAppend(&text, "## Seed by seed\n\n");
  for (const ResultTable& table : tables) {
    absl::StrAppend(&text, "### ", TableHeading(table), "\n\n",
                    SeedTable(table), "\n");
  }
  if (!training.empty()) {
    absl::StrAppend(&text, "### Training, last logging window\n\n", training,
                    "\n");
  }
  absl::StrAppend(&text, "## How it was measured\n\n",
                  HowItWasMeasured(records));
  return text;
}

absl::Status CheckFolder(const std::string& results_dir) {
  std::error_code error;
  if (std::filesystem::is_directory(results_dir, error)) {
    return absl::OkStatus();
  }
  return absl::NotFoundError(
      absl::StrCat("No results folder '", results_dir,
                   "': expected a folder with "
                   "records.jsonl, as a benchmark writes it to its --out."));
}

}  // namespace

absl::Status WriteReport(const std::string& results_dir) {
  BILD_RETURN_IF_ERROR(CheckFolder(results_dir));
  BILD_ASSIGN_OR_RETURN(const std::vector<Record> records,
                        ReadRecords(results_dir + "/records.jsonl"));
  // Weights that were scored, not trained, have no curves.
  const std::string curves_path = results_dir + "/curves.csv";
  std::vector<CurvePoint> curves;
  std::error_code error;
  if (std::filesystem::exists(curves_path, error)) {
    BILD_ASSIGN_OR_RETURN(curves, ReadCurves(curves_path));
  }
  const std::string images_path = results_dir + "/per_image.csv";
  PerImageScores images;
  if (std::filesystem::exists(images_path, error)) {
    BILD_ASSIGN_OR_RETURN(const std::vector<PerImageRow> rows,
                          ReadPerImage(images_path));
    images = PerImageScores(rows);
  }
  absl::StatusOr<std::vector<ResultTable>> tables = GroupIntoTables(records);
  if (!tables.ok()) {
    return absl::Status(tables.status().code(),
                        absl::StrCat("'", results_dir, "/records.jsonl': ",
                                     std::string(tables.status().message())));
  }
  std::vector<TableComparisons> compared;
  for (const ResultTable& table : *tables) {
    compared.push_back({CompareToPlain(table, images, ComparedMetric::kPsnrDb),
                        CompareToPlain(table, images, ComparedMetric::kSsim)});
  }
  const std::vector<Figure> figures = Figures(records, curves);
  for (const Figure& figure : figures) {
    BILD_RETURN_IF_ERROR(DrawFigure(figure, results_dir + "/figures"));
  }
  BILD_RETURN_IF_ERROR(WriteFileAtomically(results_dir + "/report.csv",
                                           ReportCsv(*tables, compared)));
  return WriteFileAtomically(
      results_dir + "/report.md",
      ReportMarkdown(records, *tables, compared, figures));
}

}  // namespace bild
