#include "reports/markdown.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "fmt/format.h"

namespace bild {
namespace {

// Code points, which is what a reader counts in a padded column.
size_t Width(const std::string& text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(),
      [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string Padded(const std::string& text, size_t width, bool left) {
  const std::string spaces(width - std::min(width, Width(text)), ' ');
  return left ? text + spaces : spaces + text;
}

std::string WithSpread(const std::string& mean, const SeedSummary& summary,
                       int decimals) {
  if (summary.count == 1) return mean + " (1 seed)";
  if (std::isnan(summary.sd)) return mean;
  return absl::StrCat(mean, " ± ", FormatFixed(summary.sd, decimals));
}

}  // namespace

std::string FormatFixed(double value, int decimals) {
  if (std::isnan(value)) return "n/a";
  if (std::isinf(value)) return value > 0 ? "∞" : "-∞";
  const std::string text = fmt::format("{:.{}f}", value, decimals);
  const bool is_zero = text.find_first_not_of("-0.") == std::string::npos;
  return is_zero && text[0] == '-' ? text.substr(1) : text;
}

std::string FormatSigned(double value, int decimals) {
  const std::string text = FormatFixed(value, decimals);
  const bool has_sign = text.find_first_not_of("0.") == std::string::npos ||
                        text[0] == '-' || std::isnan(value);
  return has_sign ? text : "+" + text;
}

std::string FormatMeanAndSd(const SeedSummary& summary, int decimals,
                            const std::string& mark) {
  return WithSpread(FormatFixed(summary.mean, decimals) + mark, summary,
                    decimals);
}

std::string FormatSignedMeanAndSd(const SeedSummary& summary, int decimals) {
  return WithSpread(FormatSigned(summary.mean, decimals), summary, decimals);
}

std::string IdenticalFootnote(const std::string& whose, long identical,
                              long images) {
  return absl::StrCat("\n", kIdenticalMark, " ", whose, ": ", identical, " of ",
                      images, " images identical to the clear image.\n");
}

std::string Count(long number, const std::string& thing) {
  return absl::StrCat(number, " ", thing, number == 1 ? "" : "s");
}

std::string Code(const std::string& text) {
  if (text.empty()) return "";
  if (text.find('`') == std::string::npos) return "`" + text + "`";
  // The fence must be longer than any run of backquotes inside.
  size_t longest = 0;
  size_t run = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  const std::string fence(longest + 1, '`');
  return fence + " " + text + " " + fence;
}

std::string PlainText(const std::string& text) {
  return absl::StrReplaceAll(text, {{"\\", "\\\\"},
                                    {"`", "\\`"},
                                    {"*", "\\*"},
                                    {"<", "\\<"},
                                    {"\n", " "},
                                    {"\r", " "}});
}

MarkdownTable::MarkdownTable(std::vector<std::string> header,
                             size_t left_columns)
    : left_columns_(left_columns) {
  AddRow(std::move(header));
}

void MarkdownTable::AddRow(std::vector<std::string> cells) {
  for (std::string& cell : cells) {
    cell = absl::StrReplaceAll(cell, {{"|", "\\|"}, {"\n", " "}, {"\r", " "}});
  }
  lines_.push_back(std::move(cells));
}

std::string MarkdownTable::ToText() const {
  std::vector<size_t> widths(lines_.front().size(), 0);
  for (size_t column = 0; column < widths.size(); ++column) {
    for (size_t i = 1; i < lines_.size(); ++i) {
      widths[column] = std::max(widths[column], Width(lines_[i][column]));
    }
    // At least as wide as the header and its rule; 0 marks an empty column.
    if (widths[column] > 0) {
      widths[column] =
          std::max({widths[column], Width(lines_.front()[column]), size_t{3}});
    }
  }
  const auto print = [&](const std::vector<std::string>& cells) {
    std::string line = "|";
    for (size_t column = 0; column < widths.size(); ++column) {
      if (widths[column] == 0) continue;
      absl::StrAppend(
          &line, " ",
          Padded(cells[column], widths[column], column < left_columns_), " |");
    }
    return line + "\n";
  };
  std::vector<std::string> rule;
  for (size_t column = 0; column < widths.size(); ++column) {
    const bool left = column < left_columns_;
    const size_t dashes = std::max(widths[column], size_t{1}) - 1;
    rule.push_back((left ? ":" : "") + std::string(dashes, '-') +
                   (left ? "" : ":"));
  }
  std::string text = print(lines_.front()) + print(rule);
  for (size_t i = 1; i < lines_.size(); ++i) text += print(lines_[i]);
  return text;
}

}  // namespace bild
