// Comma-separated values: RFC 4180, with line feeds as line ends.

#ifndef REPORTS_CSV_H_
#define REPORTS_CSV_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace bild {

// A field as it stands in the file: quoted where it holds a comma, a quote or a
// line end.
std::string CsvField(const std::string& text);

// Numbers: the shortest decimal that reads back to the same double, "inf",
// "-inf"; the empty field for NaN and for no value.
std::string CsvNumber(double value);
std::string CsvNumber(const std::optional<double>& value);
std::string CsvNumber(const std::optional<int64_t>& value);

// One line with its line feed; `fields` are quoted here.
std::string CsvLine(const std::vector<std::string>& fields);

struct CsvRow {
  int64_t line = 0;  // Where the row begins, from 1.
  std::vector<std::string> fields;
};

// All rows of a text, the header included; "\n" and "\r\n" both end a row.
// InvalidArgument with the line: a quote inside an unquoted field, text after a
// closing quote, a quote that is never closed.
absl::StatusOr<std::vector<CsvRow>> ParseCsv(const std::string& text);

// ParseCsv, then checks that the header is `header` and that every row has as
// many fields; returns the rows without the header. `name` begins the error.
absl::StatusOr<std::vector<CsvRow>> ParseCsvTable(
    const std::string& text, const std::vector<std::string>& header,
    const std::string& name);

// The whole field as a number: what CsvNumber writes, the empty field as NaN.
// False (and `value` untouched) for anything else.
bool ParseCsvNumber(const std::string& field, double* value);
bool ParseCsvInteger(const std::string& field, int64_t* value);

}  // namespace bild

#endif  // REPORTS_CSV_H_
