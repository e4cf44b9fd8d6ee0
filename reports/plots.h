// The figures of a report: curves over training steps, one line per method.
//
// A figure NAME is three files: NAME.csv (what is drawn), NAME.gp (how; draw it
// again with `gnuplot NAME.gp > NAME.svg` in that folder) and NAME.svg.

#ifndef REPORTS_PLOTS_H_
#define REPORTS_PLOTS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "reports/series.h"

namespace bild {

struct Figure {
  std::string file;  // Without folder and ending: "convergence".
  std::string title;
  std::string subtitle;  // Below it, small: net, data, seeds.
  std::string warning;   // Below that, in red; may be empty.
  std::string x_title;
  std::string y_title;
  bool has_zero_line = false;
  std::vector<Series> series;
};

// The text below the plot: what line, band and whiskers are.
std::string FigureCaption(const Figure& figure);

// NAME.csv and NAME.gp as text.
std::string FigureCsv(const Figure& figure);
std::string FigureScript(const Figure& figure);

// Writes the three files into `folder`, each whole or not at all. Needs
// gnuplot, see reports/gnuplot.h for the errors.
absl::Status DrawFigure(const Figure& figure, const std::string& folder);

}  // namespace bild

#endif  // REPORTS_PLOTS_H_
