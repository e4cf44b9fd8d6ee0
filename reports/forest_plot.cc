#include "reports/forest_plot.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "reports/csv.h"
#include "reports/gnuplot.h"
#include "reports/statistics.h"

namespace bild {
namespace {

constexpr int kWidth = 960;  // Pixels of the SVG's own coordinates.
constexpr int kRowHeight = 26;
constexpr int kBelowHeight = 104;
constexpr size_t kTitleCharacters = 84;
constexpr size_t kSmallCharacters = 118;
// Row labels take up to half of the page, in a font that they fit into.
constexpr double kMostLabelPixels = 0.5 * kWidth;
constexpr double kLargestFont = 15;
constexpr double kSmallestFont = 9;
constexpr double kCharacterOfFont = 0.57;  // Width of a character, on average.

std::vector<std::string> Wrap(const std::string& text, size_t characters) {
  std::vector<std::string> lines;
  for (const std::string& word :
       std::vector<std::string>(absl::StrSplit(text, ' ', absl::SkipEmpty()))) {
    if (lines.empty() || lines.back().size() + 1 + word.size() > characters) {
      lines.push_back(word);
    } else {
      absl::StrAppend(&lines.back(), " ", word);
    }
  }
  return lines;
}

std::vector<double> Defined(const std::vector<double>& values) {
  std::vector<double> defined;
  std::copy_if(values.begin(), values.end(), std::back_inserter(defined),
               [](double value) { return !std::isnan(value); });
  return defined;
}

// What it says beside the row.
std::string LabelOf(const ForestRow& row) {
  const bool has_infinite =
      std::any_of(row.values.begin(), row.values.end(),
                  [](double value) { return std::isinf(value); });
  return has_infinite ? row.label + " (mean ∞)" : row.label;
}

struct Range {
  double low = 0.0;
  double high = 0.0;
};

// Everything that is drawn, and a little more.
Range RangeOf(const ForestPlot& plot) {
  std::vector<double> ends;
  if (plot.has_reference) ends.push_back(plot.reference);
  for (const ForestRow& row : plot.rows) {
    const std::vector<double> values = Defined(row.values);
    std::copy_if(values.begin(), values.end(), std::back_inserter(ends),
                 [](double value) { return std::isfinite(value); });
    const SeedSummary summary = Summarise(values);
    if (!std::isfinite(summary.half_width)) continue;
    ends.push_back(summary.mean - summary.half_width);
    ends.push_back(summary.mean + summary.half_width);
  }
  if (ends.empty()) return {-1.0, 1.0};
  const auto [least, most] = std::minmax_element(ends.begin(), ends.end());
  // One value alone stands in the middle.
  const double pad = *most > *least ? 0.04 * (*most - *least)
                                    : std::max(0.1, 0.1 * std::abs(*most));
  return {*least - pad, *most + pad};
}

// Text above the plot, top down, in pixels.
class Head {
 public:
  void Add(const std::string& text, size_t characters, int height,
           int font_size, const char* colour, double left) {
    for (const std::string& line : Wrap(text, characters)) {
      lines_.push_back({line, height_ + 0.5 * height, font_size, colour, left});
      height_ += height;
    }
  }
  int height() const { return height_; }
  std::string Script(int page_height) const {
    std::string script;
    for (const Line& line : lines_) {
      script += fmt::format(
          "set label {} at screen {:.4f},{:.4f} left font 'sans-serif,{}' "
          "textcolor rgb '{}'\n",
          GnuplotQuoted(line.text), line.left, 1 - line.middle / page_height,
          line.font_size, line.colour);
    }
    return script;
  }

 private:
  struct Line {
    std::string text;
    double middle;
    int font_size;
    const char* colour;
    double left;
  };
  std::vector<Line> lines_;
  int height_ = 10;
};

}  // namespace

std::string ForestCaption() {
  return "Dot: one seed. Diamond and bar: mean and 95 % interval over the "
         "seeds.";
}

std::string ForestCsv(const ForestPlot& plot) {
  std::string text = CsvLine({"place", "label", "kind", "value", "half_width"});
  // gnuplot counts from below.
  for (size_t i = 0; i < plot.rows.size(); ++i) {
    const std::string place = absl::StrCat(plot.rows.size() - i);
    const std::string label = LabelOf(plot.rows[i]);
    const std::vector<double> values = Defined(plot.rows[i].values);
    for (const double value : values) {
      text += CsvLine({place, label, "seed", CsvNumber(value), ""});
    }
    if (values.empty()) continue;
    const SeedSummary summary = Summarise(values);
    text += CsvLine({place, label, "mean", CsvNumber(summary.mean),
                     CsvNumber(summary.half_width)});
  }
  return text;
}

std::string ForestScript(const ForestPlot& plot) {
  size_t longest = 0;
  for (const ForestRow& row : plot.rows) {
    longest = std::max(longest, LabelOf(row).size());
  }
  const double characters = kCharacterOfFont * static_cast<double>(longest);
  const double font_size =
      std::floor(std::clamp(kMostLabelPixels / std::max(characters, 1.0),
                            kSmallestFont, kLargestFont));
  const double left =
      (36 + std::min(kMostLabelPixels, characters * font_size)) / kWidth;
  Head head;
  constexpr double kTextLeft = 0.02;
  head.Add(plot.title, kTitleCharacters, 27, 18, "#1a1a1a", kTextLeft);
  head.Add(plot.subtitle, kSmallCharacters, 20, 14, "#555555", kTextLeft);
  head.Add(plot.warning, kSmallCharacters, 20, 14, "#b00020", kTextLeft);
  const int top = head.height() + 12;
  const int rows = static_cast<int>(plot.rows.size());
  const int bottom = top + kRowHeight * rows + 12;
  const int height = bottom + kBelowHeight;

  const Range range = RangeOf(plot);
  std::string tics;
  for (size_t i = 0; i < plot.rows.size(); ++i) {
    absl::StrAppend(&tics, i == 0 ? "" : ", ",
                    GnuplotQuoted(LabelOf(plot.rows[i])), " ",
                    plot.rows.size() - i);
  }
  std::string script = absl::StrCat(
      "# Draws ", plot.file, ".svg: gnuplot ", plot.file, ".gp > ", plot.file,
      ".svg\nset encoding utf8\nset datafile separator ','\n"
      "set datafile columnheaders\n");
  script += fmt::format(
      "set terminal svg noenhanced size {},{} background '#ffffff' font "
      "'sans-serif,15' linewidth 1.2 rounded\nunset key\n",
      kWidth, height);
  script += head.Script(height);
  script += fmt::format(
      "set label {} at screen {:.4f},{:.4f} left font 'sans-serif,13' "
      "textcolor rgb '#555555'\n",
      GnuplotQuoted(ForestCaption()), kTextLeft, 16.0 / height);
  script += fmt::format(
      "set lmargin at screen {:.4f}\nset rmargin at screen 0.97\n"
      "set tmargin at screen {:.4f}\nset bmargin at screen {:.4f}\n",
      left, 1 - static_cast<double>(top) / height,
      1 - static_cast<double>(bottom) / height);
  script += fmt::format(
      "set border 1 linecolor rgb '#888888' linewidth 1\n"
      "set xtics nomirror out scale 0.5 textcolor rgb '#444444'\n"
      "set ytics nomirror scale 0 font 'sans-serif,{}' textcolor rgb '#1a1a1a' "
      "({})\n"
      "set grid xtics ytics linetype 1 linecolor rgb '#e6e6e6' linewidth 0.8\n"
      "set xlabel {} textcolor rgb '#1a1a1a'\n"
      "set yrange [0.5:{}.5]\nset xrange [{}:{}]\n",
      font_size, tics, GnuplotQuoted(plot.x_title), rows, range.low,
      range.high);
  if (plot.has_reference) {
    script += fmt::format(
        "set arrow from first {0},graph 0 to first {0},graph 1 nohead back "
        "linecolor rgb '#777777' linewidth 1\n",
        plot.reference);
  }
  script += absl::StrCat("file = ", GnuplotQuoted(plot.file + ".csv"),
                         "\nat(kind) = strcol(3) eq kind ? column(4) : NaN\n");
  absl::StrAppend(
      &script,
      "plot \\\n"
      "  file using (at('mean')):1:5 with xerrorbars pointtype 0 linewidth 1.6 "
      "linecolor rgb '#D55E00', \\\n"
      "  file using (at('mean')):1 with points pointtype 13 pointsize 0.9 "
      "linecolor rgb '#D55E00', \\\n"
      "  file using (at('seed')):1 with points pointtype 7 pointsize 0.5 "
      "linecolor rgb '#0072B2'\n");
  return script;
}

absl::Status DrawForest(const ForestPlot& plot, const std::string& folder) {
  return DrawWithGnuplot(folder, plot.file, ForestCsv(plot),
                         ForestScript(plot));
}

}  // namespace bild
