// What papers and their authors' read-me files print for these nets, to stand
// beside a row in a column of its own: never mixed with what was measured here.

#ifndef REPORTS_PUBLISHED_FIGURES_H_
#define REPORTS_PUBLISHED_FIGURES_H_

#include <optional>
#include <string>
#include <vector>

#include "reports/aggregate.h"

namespace bild {

struct PublishedFigure {
  std::string backbone;  // With the options that make it the published net.
  std::string method;    // "plain" or "bild".
  std::string dataset;   // Tested on.
  double psnr_db = 0.0;
  std::string ssim;  // With the decimals that it has there.
  // The metric profile that the authors' script computes; "" where nobody here
  // knows it.
  std::string profile;
  std::string source;
};

// All figures that are known, by backbone.
const std::vector<PublishedFigure>& PublishedFigures();

// The figure that may stand beside a row: of the same net on the whole set of
// the same name at full size; of "plain" for weights that were given. Null
// where there is none.
const PublishedFigure* PublishedFigureOf(const ResultTable& table,
                                         const MethodRow& row);

// Mean PSNR of the row minus the figure's, in dB; nothing where the figure's
// profile is unknown or another than the row's.
std::optional<double> PsnrMinusPublishedDb(const PublishedFigure& figure,
                                           const MethodRow& row);

// Markdown: a line per row with a published figure; "" where there is none.
std::string PublishedTable(const ResultTable& table);

}  // namespace bild

#endif  // REPORTS_PUBLISHED_FIGURES_H_
