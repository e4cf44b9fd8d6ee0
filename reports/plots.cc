#include "reports/plots.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "reports/csv.h"
#include "reports/gnuplot.h"

namespace bild {
namespace {

constexpr int kWidth = 960;        // Pixels of the SVG's own coordinates.
constexpr int kPlotHeight = 350;   // Between the axes.
constexpr int kBelowHeight = 104;  // Axis title and caption.
constexpr int kTitleLine = 27;
constexpr int kSmallLine = 20;
constexpr double kLeft = 0.09;  // Fractions of the width.
constexpr double kRight = 0.96;
// Longest lines that fit beside these margins, in characters of their size.
constexpr size_t kTitleCharacters = 84;
constexpr size_t kSmallCharacters = 118;
// With more points than this, markers and whiskers hide the line.
constexpr size_t kMostMarkers = 40;
// The bands of more series than this make mud of each other.
constexpr size_t kMostBands = 5;

// How a method is drawn: colour, marker and dashes all tell it apart. Colours
// are those of Okabe and Ito (2008), which colour-blind readers can tell apart.
struct LineStyle {
  std::string colour;
  int point;
  int dash;
};

// From dark to light, `position` in [0, 1]: part of the colour map plasma
// (Smith and van der Walt, matplotlib 2015), whose order colour-blind readers
// see and greyscale keeps, without the ends that are close to plain's colour
// and to white.
std::string OrderedColour(double position) {
  constexpr int kColours[][3] = {{46, 5, 149},   {106, 0, 168},  {156, 23, 158},
                                 {189, 55, 134}, {216, 87, 107}, {237, 121, 83},
                                 {251, 159, 58}};
  constexpr int kLast = 6;
  const double place = position * kLast;
  const int below = std::min(static_cast<int>(place), kLast - 1);
  const double share = place - below;
  std::string colour = "#";
  for (int i = 0; i < 3; ++i) {
    const double mixed =
        (1 - share) * kColours[below][i] + share * kColours[below + 1][i];
    colour += fmt::format("{:02x}", static_cast<int>(std::lround(mixed)));
  }
  return colour;
}

// Whether the series is called after the value of a setting, "alpha=0.1".
bool IsSetting(const Series& series) {
  return series.method.find('=') != std::string::npos;
}

// One for each series. Methods have theirs in every figure; values of a setting
// go from dark to light in their order.
std::vector<LineStyle> StylesOf(const std::vector<Series>& all) {
  static const auto* const named = new std::map<std::string, LineStyle>{
      {"plain", {"#0072B2", 7, 1}},
      {"bild", {"#D55E00", 5, 1}},
      {"frozen_random", {"#009E73", 9, 2}},
      {"released", {"#CC79A7", 13, 4}},
      {"uniform_phi_trained", {"#56B4E9", 11, 3}},
      {"shuffled", {"#E69F00", 4, 5}},
      {"l2rw", {"#000000", 6, 2}},
  };
  constexpr const char* kColours[] = {"#0072B2", "#D55E00", "#009E73",
                                      "#CC79A7", "#56B4E9", "#E69F00"};
  const auto settings = std::count_if(all.begin(), all.end(), IsSetting);
  int setting = 0;
  std::vector<LineStyle> styles;
  for (size_t place = 0; place < all.size(); ++place) {
    const auto found = named->find(all[place].method);
    const int point = static_cast<int>(4 + place % 10);
    if (found != named->end()) {
      styles.push_back(found->second);
    } else if (IsSetting(all[place])) {
      const double position =
          settings < 2 ? 0.5 : setting / static_cast<double>(settings - 1);
      styles.push_back({OrderedColour(position), point, 1 + setting % 3});
      ++setting;
    } else {
      styles.push_back(
          {kColours[place % 6], point, static_cast<int>(1 + place % 5)});
    }
  }
  return styles;
}

// Breaks at spaces; a longer word stands alone.
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

bool HasMarkers(const Series& series) {
  return series.points.size() <= kMostMarkers;
}

bool HasBands(const Figure& figure) {
  return figure.series.size() <= kMostBands;
}

bool HasWhiskers(const Figure& figure, const Series& series) {
  return HasBands(figure) && HasMarkers(series) &&
         std::any_of(
             series.points.begin(), series.points.end(),
             [](const SeriesPoint& point) { return point.standard_error > 0; });
}

// A line of text above the plot.
struct HeadLine {
  std::string text;
  int height;
  int font_size;
  const char* colour;
};

std::vector<HeadLine> HeadLines(const Figure& figure) {
  std::vector<HeadLine> lines;
  for (const std::string& text : Wrap(figure.title, kTitleCharacters)) {
    lines.push_back({text, kTitleLine, 18, "#1a1a1a"});
  }
  for (const std::string& text : Wrap(figure.subtitle, kSmallCharacters)) {
    lines.push_back({text, kSmallLine, 14, "#555555"});
  }
  for (const std::string& text : Wrap(figure.warning, kSmallCharacters)) {
    lines.push_back({text, kSmallLine, 14, "#b00020"});
  }
  return lines;
}

// The legend, by hand: gnuplot's own would not leave room above the plot for as
// many lines as it takes.
constexpr int kLegendLine = 24;
constexpr double kSamplePixels = 44;
constexpr double kCharacterPixels = 9.2;  // A generous width of one character.

struct LegendEntry {
  double left;  // Pixels.
  int line;
};

std::vector<LegendEntry> LegendPlaces(const std::vector<Series>& all) {
  std::vector<LegendEntry> places;
  const double first = kLeft * kWidth;
  double left = first;
  int line = 0;
  for (const Series& series : all) {
    const double width =
        kSamplePixels + 10 +
        kCharacterPixels * static_cast<double>(series.method.size());
    if (left + width > kRight * kWidth && left > first) {
      left = first;
      ++line;
    }
    places.push_back({left, line});
    left += width + 28;
  }
  return places;
}

// Terminal, text and margins: from the top the head lines, the legend, the
// plot, the title of its axis, the caption.
class Page {
 public:
  explicit Page(const Figure& figure)
      : figure_(figure),
        head_lines_(HeadLines(figure)),
        styles_(StylesOf(figure.series)),
        legend_(LegendPlaces(figure.series)) {
    for (const HeadLine& line : head_lines_) head_ += line.height;
    const int legend_lines = legend_.empty() ? 0 : legend_.back().line + 1;
    plot_top_ = head_ + 26 + kLegendLine * legend_lines;
    height_ = plot_top_ + kPlotHeight + kBelowHeight;
  }

  std::string Script() {
    std::string script = fmt::format(
        "set terminal svg noenhanced size {},{} background '#ffffff' font "
        "'sans-serif,15' linewidth 1.2 rounded\nunset key\n",
        kWidth, height_);
    double top = kAbove;
    for (const HeadLine& line : head_lines_) {
      script += TextLine(line, top + 0.5 * line.height);
      top += line.height;
    }
    script += TextLine({FigureCaption(figure_), kSmallLine, 13, "#555555"},
                       height_ - 16);
    // As a ylabel it would be pushed off the page by wide tick labels.
    script += Label(figure_.y_title,
                    fmt::format("0.02,{:.4f} center rotate by 90",
                                FromTop(plot_top_ + 0.5 * kPlotHeight)),
                    15, "#1a1a1a");
    for (size_t i = 0; i < legend_.size(); ++i) script += Entry(i);
    script += fmt::format(
        "set lmargin at screen {}\nset rmargin at screen {}\n"
        "set tmargin at screen {:.4f}\nset bmargin at screen {:.4f}\n",
        kLeft, kRight, FromTop(plot_top_), FromTop(plot_top_ + kPlotHeight));
    return script;
  }

 private:
  static constexpr int kAbove = 10;

  // gnuplot counts in fractions, from below.
  double FromTop(double pixels) const { return 1 - pixels / height_; }

  std::string Label(const std::string& text, const std::string& place,
                    int font_size, const char* colour) {
    return fmt::format(
        "set label {} {} at screen {} font 'sans-serif,{}' textcolor rgb "
        "'{}'\n",
        ++labels_, GnuplotQuoted(text), place, font_size, colour);
  }
  std::string TextLine(const HeadLine& line, double pixels_from_top) {
    return Label(line.text,
                 fmt::format("{},{:.4f} left", kLeft, FromTop(pixels_from_top)),
                 line.font_size, line.colour);
  }
  std::string Entry(size_t i) {
    const Series& series = figure_.series[i];
    const LineStyle& style = styles_[i];
    const double y = FromTop(head_ + 18 + kLegendLine * legend_[i].line);
    const double x = legend_[i].left / kWidth;
    std::string script = fmt::format(
        "set arrow {} from screen {:.4f},{:.4f} to screen {:.4f},{:.4f} nohead "
        "linecolor rgb '{}' linewidth 2 dashtype {}\n",
        kFirstLegendArrow + i, x, y, x + kSamplePixels / kWidth, y,
        style.colour, style.dash);
    if (HasMarkers(series)) {
      script += fmt::format(
          "set label {} '' at screen {:.4f},{:.4f} point linecolor rgb '{}' "
          "pointtype {} pointsize 0.6\n",
          ++labels_, x + 0.5 * kSamplePixels / kWidth, y, style.colour,
          style.point);
    }
    return script + Label(series.method,
                          fmt::format("{:.4f},{:.4f} left",
                                      x + (kSamplePixels + 8) / kWidth, y),
                          15, "#1a1a1a");
  }

  static constexpr size_t kFirstLegendArrow = 10;

  const Figure& figure_;
  std::vector<HeadLine> head_lines_;
  std::vector<LineStyle> styles_;
  std::vector<LegendEntry> legend_;
  int head_ = kAbove;
  int plot_top_ = 0;
  int height_ = 0;
  int labels_ = 0;
};

// The lowest that a line, a band or a whisker reaches.
double LeastDrawn(const Figure& figure) {
  double least = std::numeric_limits<double>::infinity();
  for (const Series& series : figure.series) {
    for (const SeriesPoint& point : series.points) {
      least = std::min(least, point.minimum);
      if (point.standard_error > 0) {
        least = std::min(least, point.mean - point.standard_error);
      }
    }
  }
  return least;
}

void AppendAxes(const Figure& figure, std::string* script) {
  int64_t last = 1;
  for (const Series& series : figure.series) {
    if (!series.points.empty()) {
      last = std::max(last, series.points.back().step);
    }
  }
  absl::StrAppend(
      script,
      "set border 3 linecolor rgb '#888888' linewidth 1\n"
      "set tics nomirror out scale 0.5 textcolor rgb '#444444'\n"
      "set format x '%.0f'\n"
      "set grid xtics ytics linetype 1 linecolor rgb '#e6e6e6' linewidth 0.8\n",
      "set xlabel ", GnuplotQuoted(figure.x_title),
      " textcolor rgb '#1a1a1a'\n", "set xrange [0:", last, "]\n",
      "set offsets 0,0,graph 0.04,graph 0.04\n");
  // What is never negative has no room below 0.
  if (LeastDrawn(figure) >= 0) {
    absl::StrAppend(script, "set yrange [0<*:*]\n");
  }
  if (figure.has_zero_line) {
    absl::StrAppend(
        script,
        "set arrow 1 from graph 0,first 0 to graph 1,first 0 nohead "
        "back linecolor rgb '#777777' linewidth 1\n");
  }
}

// Of all layers the bands first, so that no band hides a line.
void AppendPlot(const Figure& figure, std::string* script) {
  std::vector<std::string> bands;
  std::vector<std::string> whiskers;
  std::vector<std::string> lines;
  const std::vector<LineStyle> styles = StylesOf(figure.series);
  for (size_t i = 0; i < figure.series.size(); ++i) {
    const Series& series = figure.series[i];
    const LineStyle& style = styles[i];
    const std::string method = GnuplotQuoted(series.method);
    const std::string rows = fmt::format("file using (at({0})):", method);
    if (HasBands(figure)) {
      bands.push_back(fmt::format(
          "{}5:6 with filledcurves fillcolor rgb '{}' fillstyle transparent "
          "solid 0.15 noborder",
          rows, style.colour));
    }
    if (HasWhiskers(figure, series)) {
      whiskers.push_back(fmt::format(
          "{}4:7 with yerrorbars linecolor rgb '{}' linewidth 1 pointtype 0 "
          "notitle",
          rows, style.colour));
    }
    lines.push_back(fmt::format(
        "{}4 with {} linecolor rgb '{}' linewidth 2 dashtype {}{}", rows,
        HasMarkers(series) ? "linespoints" : "lines", style.colour, style.dash,
        HasMarkers(series)
            ? fmt::format(" pointtype {} pointsize 0.6", style.point)
            : ""));
  }
  std::vector<std::string> layers = bands;
  layers.insert(layers.end(), whiskers.begin(), whiskers.end());
  layers.insert(layers.end(), lines.begin(), lines.end());
  absl::StrAppend(script, "file = ", GnuplotQuoted(figure.file + ".csv"),
                  "\nat(method) = strcol(1) eq method ? column(2) : NaN\n",
                  "plot \\\n  ", absl::StrJoin(layers, ", \\\n  "), "\n");
}

}  // namespace

std::string FigureCaption(const Figure& figure) {
  const bool has_several_seeds = std::any_of(
      figure.series.begin(), figure.series.end(), [](const Series& series) {
        return std::any_of(
            series.points.begin(), series.points.end(),
            [](const SeriesPoint& point) { return point.seeds > 1; });
      });
  const bool has_whiskers = std::any_of(
      figure.series.begin(), figure.series.end(),
      [&figure](const Series& series) { return HasWhiskers(figure, series); });
  return absl::StrCat(
      !has_several_seeds ? "One seed."
      : HasBands(figure)
          ? "Line: mean over the seeds. Band: from the lowest to "
            "the highest seed."
          : "Line: mean over the seeds. The lowest and the "
            "highest seed are in the CSV file.",
      has_whiskers ? " Whiskers: standard error of the mean, within the window."
                   : "");
}

std::string FigureCsv(const Figure& figure) {
  std::string text = CsvLine({"method", "step", "seeds", "mean", "minimum",
                              "maximum", "standard_error"});
  for (const Series& series : figure.series) {
    for (const SeriesPoint& point : series.points) {
      text += CsvLine({series.method, absl::StrCat(point.step),
                       absl::StrCat(point.seeds), CsvNumber(point.mean),
                       CsvNumber(point.minimum), CsvNumber(point.maximum),
                       CsvNumber(point.standard_error)});
    }
  }
  return text;
}

std::string FigureScript(const Figure& figure) {
  std::string script =
      absl::StrCat("# Draws ", figure.file, ".svg: gnuplot ", figure.file,
                   ".gp > ", figure.file, ".svg\n");
  absl::StrAppend(&script,
                  "set encoding utf8\n"
                  "set datafile separator ','\n"
                  "set datafile columnheaders\n");
  script += Page(figure).Script();
  AppendAxes(figure, &script);
  AppendPlot(figure, &script);
  return script;
}

absl::Status DrawFigure(const Figure& figure, const std::string& folder) {
  return DrawWithGnuplot(folder, figure.file, FigureCsv(figure),
                         FigureScript(figure));
}

}  // namespace bild
