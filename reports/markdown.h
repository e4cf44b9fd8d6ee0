// Pieces of a Markdown document: numbers as the reports print them, and tables.

#ifndef REPORTS_MARKDOWN_H_
#define REPORTS_MARKDOWN_H_

#include <string>
#include <vector>

#include "reports/statistics.h"

namespace bild {

// A fixed number of decimals; never "-0.00"; "∞", "-∞" and "n/a" for the rest.
std::string FormatFixed(double value, int decimals);
// The same with its sign, except for what rounds to 0.
std::string FormatSigned(double value, int decimals);

// How a value over seeds is reported: "23.45 ± 0.12", or "23.45 (1 seed)".
// `mark` stands behind the mean: "100.00† ± 0.00".
std::string FormatMeanAndSd(const SeedSummary& summary, int decimals,
                            const std::string& mark = "");
// The same for a difference: "+0.150 ± 0.050".
std::string FormatSignedMeanAndSd(const SeedSummary& summary, int decimals);

// Behind the PSNR of images some of which equal the clear image, and the
// footnote that explains it, a paragraph with its line feeds: "† `bild`: 3 of
// 140 images identical to the clear image." `whose` is Markdown.
inline constexpr char kIdenticalMark[] = "†";
std::string IdenticalFootnote(const std::string& whose, long identical,
                              long images);

// "1 image", "12 images".
std::string Count(long number, const std::string& thing);

// A code span that shows `text` as it is, backquotes included.
std::string Code(const std::string& text);

// `text` outside a code span, without meaning to Markdown.
std::string PlainText(const std::string& text);

// A table whose source reads well, too: padded to the width of its columns.
class MarkdownTable {
 public:
  // The first `left_columns` columns are text, set to the left; the others are
  // numbers, set to the right.
  MarkdownTable(std::vector<std::string> header, size_t left_columns);

  // As many cells as the header has; bars and line ends in them are escaped.
  void AddRow(std::vector<std::string> cells);

  // Lines, each with its line feed. Columns without any cell are left out.
  std::string ToText() const;

 private:
  std::vector<std::vector<std::string>> lines_;
  size_t left_columns_;
};

}  // namespace bild

#endif  // REPORTS_MARKDOWN_H_
