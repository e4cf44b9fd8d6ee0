#include "reports/ablation_report.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "bild/base/atomic_file.h"
#include "bild/base/status.h"
#include "reports/ablation_comparison.h"
#include "reports/ablation_rows.h"
#include "reports/ablation_table.h"
#include "reports/curve_distance_section.h"
#include "reports/forest_plot.h"
#include "reports/markdown.h"
#include "reports/plots.h"
#include "reports/provenance.h"
#include "reports/series.h"

namespace bild {
namespace {

// What the sweep was made on: "aodnet on synthetic_its, 300 steps of batch 8,
// crop 64 px, seeds 1, 2, 3".
std::string Subject(const AblationRows& rows) {
  const Record& head = rows.rows.front().records.front();
  std::set<int64_t> seeds;
  for (const AblationRow& row : rows.rows) {
    for (const Record& record : row.records) seeds.insert(*record.seed);
  }
  return absl::StrCat(head.backbone, " trained on ", head.train_dataset,
                      ", tested on ", head.n, " pictures of ", head.dataset,
                      ", ", head.steps, " steps of batch ", head.batch,
                      ", crop ", head.crop_px,
                      seeds.size() == 1 ? " px, seed " : " px, seeds ",
                      absl::StrJoin(seeds, ", "));
}

// What makes its PSNR another number than the next one's.
std::string HowItWasScored(const AblationRows& rows) {
  const Record& head = rows.rows.front().records.front();
  return absl::StrCat("PSNR: profile ", Code(head.profile), ", checkpoint ",
                      Code(head.checkpoint), ", ", Count(head.n, "test image"),
                      " (", Count(head.n_clear, "clear image"), "), list ",
                      Code(head.test_list_sha256.substr(0, 12)),
                      ", resolution ", Code(head.evaluation_resolution),
                      ", tiling ", Code(head.tiling), ", decoder probe ",
                      Code(head.decoder_probe), ".");
}

// The values of the knobs `by` that occur, as combinations in order of row.
std::vector<std::vector<std::string>> Combinations(
    const AblationPlan& plan, const AblationRows& rows,
    const std::vector<std::string>& by) {
  std::vector<std::vector<std::string>> found;
  for (const AblationRow& row : rows.rows) {
    std::vector<std::string> values;
    for (const std::string& knob : by) {
      const auto place = std::find(plan.knobs.begin(), plan.knobs.end(), knob) -
                         plan.knobs.begin();
      values.push_back(row.settings[static_cast<size_t>(place)]);
    }
    const bool is_complete =
        std::none_of(values.begin(), values.end(),
                     [](const std::string& value) { return value.empty(); });
    if (is_complete &&
        std::find(found.begin(), found.end(), values) == found.end()) {
      found.push_back(values);
    }
  }
  return found;
}

bool Belongs(const AblationPlan& plan, const AblationRow& row,
             const std::vector<std::string>& by,
             const std::vector<std::string>& values) {
  for (size_t i = 0; i < by.size(); ++i) {
    const auto place = std::find(plan.knobs.begin(), plan.knobs.end(), by[i]) -
                       plan.knobs.begin();
    const std::string& own = row.settings[static_cast<size_t>(place)];
    if (!own.empty() && own != values[i]) return false;
  }
  return true;
}

// Series of the rows, in their order and under their labels.
std::vector<Series> SeriesOf(const AblationPlan& plan, const AblationRows& rows,
                             const AblationFigure& figure,
                             const std::vector<std::string>& values) {
  std::vector<CurvePoint> curves;
  std::vector<std::string> labels;
  for (const AblationRow& row : rows.rows) {
    if (!Belongs(plan, row, figure.by, values)) continue;
    labels.push_back(RowLabel(plan, rows.rows, row, figure.by));
    for (CurvePoint point : rows.curves.at(row.variant)) {
      if (point.method != row.method || point.name != figure.curve) continue;
      point.method = labels.back();
      curves.push_back(point);
    }
  }
  std::vector<Series> series = PoolOverSeeds(curves, figure.curve, "");
  const auto place = [&labels](const Series& s) {
    return std::find(labels.begin(), labels.end(), s.method) - labels.begin();
  };
  std::sort(series.begin(), series.end(),
            [&place](const Series& a, const Series& b) {
              return place(a) < place(b);
            });
  return series;
}

std::vector<Figure> CurveFigures(const AblationPlan& plan,
                                 const AblationRows& rows) {
  std::vector<Figure> figures;
  for (const AblationFigure& wanted : plan.figures) {
    std::vector<std::vector<std::string>> combinations =
        Combinations(plan, rows, wanted.by);
    if (wanted.by.empty()) combinations = {{}};
    for (const std::vector<std::string>& values : combinations) {
      Figure figure;
      figure.file = wanted.file;
      figure.title = wanted.title;
      for (size_t i = 0; i < values.size(); ++i) {
        absl::StrAppend(&figure.file, "_", values[i]);
        absl::StrAppend(&figure.title, i == 0 ? ": " : ", ", wanted.by[i], "=",
                        values[i]);
      }
      figure.subtitle = Subject(rows);
      std::vector<Record> records;
      for (const AblationRow& row : rows.rows) {
        if (!Belongs(plan, row, wanted.by, values)) continue;
        records.insert(records.end(), row.records.begin(), row.records.end());
      }
      figure.warning = HonestyLine(records, "curves");
      figure.x_title = "training step";
      figure.y_title = wanted.y_title;
      figure.has_zero_line = wanted.has_zero_line;
      figure.series = SeriesOf(plan, rows, wanted, values);
      if (!figure.series.empty()) figures.push_back(std::move(figure));
    }
  }
  return figures;
}

std::vector<ForestPlot> Forests(const AblationPlan& plan,
                                const AblationRows& rows) {
  std::vector<ForestPlot> forests;
  for (const AblationContrast& contrast : plan.contrasts) {
    ForestPlot forest;
    forest.file = absl::StrCat(
        contrast.quantity, "_minus_",
        contrast.variant.empty() ? contrast.method : contrast.variant);
    forest.x_title = ContrastTitle(contrast);
    forest.title = absl::StrCat(forest.x_title, ", seed by seed");
    forest.has_reference = true;
    for (const AblationRow& row : rows.rows) {
      const auto paired = Differences(rows.rows, row, contrast);
      if (!paired.has_value()) continue;
      forest.rows.push_back(
          {RowLabel(plan, rows.rows, row), paired->differences});
    }
    forests.push_back(std::move(forest));
  }
  for (const std::string& name : plan.seed_by_seed) {
    ForestPlot forest;
    forest.file = name;
    forest.x_title = QuantityNamed(name).title;
    forest.title = absl::StrCat(forest.x_title, ", seed by seed");
    forest.has_reference = name == "weight_auc" || name == "reward_auc";
    forest.reference = 0.5;
    for (const AblationRow& row : rows.rows) {
      std::vector<double> values;
      for (const auto& entry : row.Of(name)) values.push_back(entry.second);
      if (!values.empty()) {
        forest.rows.push_back({RowLabel(plan, rows.rows, row), values});
      }
    }
    forests.push_back(std::move(forest));
  }
  std::vector<ForestPlot> drawable;
  for (ForestPlot& forest : forests) {
    if (forest.rows.empty()) continue;
    forest.subtitle = Subject(rows);
    forest.warning = HonestyLine(rows.all_records, "rows");
    drawable.push_back(std::move(forest));
  }
  return drawable;
}

std::string ReadingTheTable(const AblationPlan& plan,
                            const AblationRows& rows) {
  std::vector<std::string> names = plan.quantities;
  for (const std::string& name : plan.seed_by_seed) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      names.push_back(name);
    }
  }
  std::string text =
      "Values are means ± standard deviation over the seeds; differences are "
      "paired by seed, with a 95 % interval of Student's t in brackets. A "
      "knob is empty where it does not matter to the row.\n\n";
  for (const std::string& name : names) {
    const bool is_there = std::any_of(
        rows.rows.begin(), rows.rows.end(),
        [&name](const AblationRow& row) { return !row.Of(name).empty(); });
    if (!is_there) continue;
    const Quantity& quantity = QuantityNamed(name);
    absl::StrAppend(&text, "* **", quantity.title, "**: ", quantity.meaning,
                    ".\n");
  }
  return text +
         "\nGain, agreement, entropy, effective batch, correlation and "
         "AUC are over the second half of the training.\n\n";
}

std::string ReportMarkdown(const AblationPlan& plan, const AblationRows& rows,
                           const std::vector<ForestPlot>& forests,
                           const std::vector<Figure>& figures) {
  std::string text = absl::StrCat("# ", plan.target, "\n\n", plan.question,
                                  "\n\n", PlainText(Subject(rows)), ". ",
                                  HowItWasScored(rows), "\n\n");
  const std::string honesty = HonestyLine(rows.all_records, "rows");
  if (!honesty.empty()) {
    absl::StrAppend(&text, "> **", PlainText(honesty), "**\n\n");
  }
  absl::StrAppend(&text, AblationTable(plan, rows), "\n");
  for (const std::string& sentence : plan.left_out) {
    absl::StrAppend(&text, "Left out: ", PlainText(sentence), "\n\n");
  }
  const std::string comparisons = AblationComparisons(plan, rows);
  if (!comparisons.empty()) {
    absl::StrAppend(&text, "## Over the test images\n\n", comparisons, "\n");
  }
  absl::StrAppend(&text, CurveDistanceSection(plan, rows),
                  "## Reading the table\n\n", ReadingTheTable(plan, rows),
                  "## Figures\n\n");
  for (const ForestPlot& forest : forests) {
    absl::StrAppend(&text, "![", forest.title, "](figures/", forest.file,
                    ".svg)\n\n", ForestCaption(), " Data: [", forest.file,
                    ".csv](figures/", forest.file, ".csv)\n\n");
  }
  for (const Figure& figure : figures) {
    absl::StrAppend(&text, "![", figure.title, "](figures/", figure.file,
                    ".svg)\n\n", FigureCaption(figure), " Data: [", figure.file,
                    ".csv](figures/", figure.file, ".csv)\n\n");
  }
  const std::string seeds = SeedBySeedTable(plan, rows);
  if (!seeds.empty()) {
    absl::StrAppend(&text, "## Seed by seed\n\n", seeds, "\n");
  }
  absl::StrAppend(&text, "## The runs\n\n");
  for (const AblationVariant& variant : plan.variants) {
    absl::StrAppend(&text, "* [", variant.name, "](variants/", variant.name,
                    "/report.md)\n");
  }
  absl::StrAppend(&text, "\n## How it was measured\n\n",
                  HowItWasMeasured(rows.all_records));
  return text;
}

}  // namespace

absl::Status WriteAblationReport(const AblationPlan& plan,
                                 const std::string& folder) {
  BILD_ASSIGN_OR_RETURN(const AblationRows rows, ReadAblation(plan, folder));
  const std::vector<ForestPlot> forests = Forests(plan, rows);
  const std::vector<Figure> figures = CurveFigures(plan, rows);
  for (const ForestPlot& forest : forests) {
    BILD_RETURN_IF_ERROR(DrawForest(forest, folder + "/figures"));
  }
  for (const Figure& figure : figures) {
    BILD_RETURN_IF_ERROR(DrawFigure(figure, folder + "/figures"));
  }
  BILD_RETURN_IF_ERROR(
      WriteFileAtomically(folder + "/report.csv", AblationCsv(plan, rows)));
  BILD_RETURN_IF_ERROR(
      WriteFileAtomically(folder + "/seeds.csv", AblationSeedsCsv(plan, rows)));
  return WriteFileAtomically(folder + "/report.md",
                             ReportMarkdown(plan, rows, forests, figures));
}

}  // namespace bild
