#include "reports/csv.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "bild/base/status.h"
#include "reports/number.h"

namespace bild {
namespace {

absl::Status CsvError(int64_t line, const std::string& problem) {
  return absl::InvalidArgumentError(absl::StrCat("line ", line, ": ", problem));
}

// Walks over the text once, field by field.
class CsvParser {
 public:
  explicit CsvParser(const std::string& text) : text_(text) {}

  absl::StatusOr<std::vector<CsvRow>> Parse() {
    std::vector<CsvRow> rows;
    while (place_ < text_.size()) {
      CsvRow row;
      row.line = line_;
      bool more = true;
      while (more) {
        std::string field;
        BILD_RETURN_IF_ERROR(TakeField(&field));
        row.fields.push_back(std::move(field));
        more = place_ < text_.size() && text_[place_] == ',';
        if (more) ++place_;
      }
      TakeLineEnd();
      rows.push_back(std::move(row));
    }
    return rows;
  }

 private:
  // Is there an end of a row here: "\n", "\r\n" or the end of the text?
  bool AtLineEnd() const {
    return place_ == text_.size() || text_[place_] == '\n' ||
           text_.compare(place_, 2, "\r\n") == 0;
  }
  void TakeLineEnd() {
    if (place_ == text_.size()) return;
    place_ += text_[place_] == '\r' ? 2 : 1;
    ++line_;
  }

  absl::Status TakeField(std::string* field) {
    if (place_ < text_.size() && text_[place_] == '"') {
      return TakeQuotedField(field);
    }
    while (!AtLineEnd() && text_[place_] != ',') {
      if (text_[place_] == '"') {
        return CsvError(line_, "a quote inside a field that is not quoted");
      }
      field->push_back(text_[place_++]);
    }
    return absl::OkStatus();
  }

  absl::Status TakeQuotedField(std::string* field) {
    const int64_t first_line = line_;
    for (++place_; place_ < text_.size(); ++place_) {
      if (text_[place_] == '\n') ++line_;
      if (text_[place_] == '"') {
        if (text_.compare(place_, 2, "\"\"") != 0) break;
        ++place_;
      }
      field->push_back(text_[place_]);
    }
    if (place_ == text_.size()) {
      return CsvError(first_line, "a quoted field that is never closed");
    }
    ++place_;
    if (!AtLineEnd() && text_[place_] != ',') {
      return CsvError(line_, "text after the closing quote of a field");
    }
    return absl::OkStatus();
  }

  const std::string& text_;
  size_t place_ = 0;
  int64_t line_ = 1;
};

}  // namespace

std::string CsvField(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted.push_back('"');
    quoted.push_back(c);
  }
  quoted.push_back('"');
  return quoted;
}

std::string CsvNumber(double value) {
  return std::isnan(value) ? "" : FormatShortest(value);
}

std::string CsvNumber(const std::optional<double>& value) {
  return value.has_value() ? CsvNumber(*value) : "";
}

std::string CsvNumber(const std::optional<int64_t>& value) {
  return value.has_value() ? absl::StrCat(*value) : "";
}

std::string CsvLine(const std::vector<std::string>& fields) {
  // A single empty field would be an empty line, which reads as no field.
  if (fields.size() == 1 && fields[0].empty()) return "\"\"\n";
  return absl::StrJoin(fields, ",",
                       [](std::string* out, const std::string& field) {
                         absl::StrAppend(out, CsvField(field));
                       }) +
         "\n";
}

absl::StatusOr<std::vector<CsvRow>> ParseCsv(const std::string& text) {
  return CsvParser(text).Parse();
}

absl::StatusOr<std::vector<CsvRow>> ParseCsvTable(
    const std::string& text, const std::vector<std::string>& header,
    const std::string& name) {
  absl::StatusOr<std::vector<CsvRow>> rows = ParseCsv(text);
  if (!rows.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", name, "' ", std::string(rows.status().message()),
                     ". Expected CSV as RFC 4180 has it."));
  }
  if (rows->empty() || rows->front().fields != header) {
    return absl::InvalidArgumentError(absl::StrCat(
        "'", name, "' line 1: expected the header '",
        absl::StrJoin(header, ","), "', found '",
        rows->empty() ? "" : absl::StrJoin(rows->front().fields, ","), "'."));
  }
  rows->erase(rows->begin());
  std::vector<std::string> problems;
  for (const CsvRow& row : *rows) {
    if (row.fields.size() != header.size()) {
      problems.push_back(
          absl::StrCat("line ", row.line, ": ", row.fields.size(), " fields"));
    }
  }
  if (!problems.empty()) {
    return absl::InvalidArgumentError(ListProblems(
        absl::StrCat("'", name, "': expected ", header.size(),
                     " fields in every row:"),
        problems,
        "A last row that breaks off means a run that was cut short."));
  }
  return rows;
}

bool ParseCsvNumber(const std::string& field, double* value) {
  if (field.empty()) {
    *value = std::numeric_limits<double>::quiet_NaN();
    return true;
  }
  double parsed = 0;
  const char* end = field.data() + field.size();
  const auto result = std::from_chars(field.data(), end, parsed);
  if (result.ec != std::errc() || result.ptr != end || std::isnan(parsed)) {
    return false;
  }
  *value = parsed;
  return true;
}

bool ParseCsvInteger(const std::string& field, int64_t* value) {
  int64_t parsed = 0;
  const char* end = field.data() + field.size();
  const auto result = std::from_chars(field.data(), end, parsed);
  if (result.ec != std::errc() || result.ptr != end) return false;
  *value = parsed;
  return true;
}

}  // namespace bild
