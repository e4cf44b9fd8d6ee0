// A figure of rows below each other: of each a dot per seed, the mean and its
// 95 % interval (Lewis and Clarke 2001 call it a forest plot). NAME.csv,
// NAME.gp and NAME.svg, as reports/plots.h has it.

#ifndef REPORTS_FOREST_PLOT_H_
#define REPORTS_FOREST_PLOT_H_

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace bild {

struct ForestRow {
  std::string label;
  // One a seed; NaN, where undefined, is left out. An infinite one makes the
  // mean infinite: neither is drawn, and the label says so.
  std::vector<double> values;
};

struct ForestPlot {
  std::string file;  // Without folder and ending.
  std::string title;
  std::string subtitle;
  std::string warning;  // In red; may be empty.
  std::string x_title;
  bool has_reference = false;  // A vertical line at `reference`.
  double reference = 0.0;
  std::vector<ForestRow> rows;  // From the top.
};

// What dots, diamond and bar are.
std::string ForestCaption();

std::string ForestCsv(const ForestPlot& plot);
std::string ForestScript(const ForestPlot& plot);

// Writes the three files into `folder`, each whole or not at all.
absl::Status DrawForest(const ForestPlot& plot, const std::string& folder);

}  // namespace bild

#endif  // REPORTS_FOREST_PLOT_H_
