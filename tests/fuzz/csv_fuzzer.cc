// Comma-separated values, and the rows of results files in them.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "reports/csv.h"
#include "reports/result_rows.h"
#include "tests/fuzz/input_file.h"
#include "tests/fuzz/require.h"

namespace bild {
namespace {

void CheckRefusal(const absl::Status& status) {
  FUZZ_REQUIRE(status.code() == absl::StatusCode::kInvalidArgument);
  FUZZ_REQUIRE(!status.message().empty());
}

// A number that is read is written so that it reads as the same.
void CheckNumbers(const std::string& field) {
  double number = 0;
  if (ParseCsvNumber(field, &number)) {
    double again = 0;
    FUZZ_REQUIRE(ParseCsvNumber(CsvNumber(number), &again));
    FUZZ_REQUIRE(number == again || (std::isnan(number) && std::isnan(again)));
  }
  int64_t integer = 0;
  if (ParseCsvInteger(field, &integer)) {
    int64_t again = 0;
    FUZZ_REQUIRE(
        ParseCsvInteger(CsvNumber(std::optional<int64_t>(integer)), &again));
    FUZZ_REQUIRE(integer == again);
  }
}

void CheckRows(const std::string& text) {
  const absl::StatusOr<std::vector<CsvRow>> rows = ParseCsv(text);
  if (!rows.ok()) return CheckRefusal(rows.status());
  std::string written;
  int64_t line = 0;
  for (const CsvRow& row : *rows) {
    FUZZ_REQUIRE(row.line > line);
    line = row.line;
    FUZZ_REQUIRE(!row.fields.empty());
    for (const std::string& field : row.fields) CheckNumbers(field);
    written += CsvLine(row.fields);
  }
  const absl::StatusOr<std::vector<CsvRow>> again = ParseCsv(written);
  FUZZ_REQUIRE(again.ok() && again->size() == rows->size());
  for (size_t i = 0; i < rows->size(); ++i) {
    FUZZ_REQUIRE((*again)[i].fields == (*rows)[i].fields);
  }
}

// Any text is a field.
void CheckField(const std::string& text) {
  const auto rows = ParseCsv(CsvLine({text, "", text}));
  FUZZ_REQUIRE(rows.ok() && rows->size() == 1);
  FUZZ_REQUIRE(rows->front().fields ==
               (std::vector<std::string>{text, "", text}));
}

// The rows of a results file: what is read, written and read again is the same.
template <typename Row>
void CheckFile(const std::string& text, const std::string& header,
               absl::StatusOr<std::vector<Row>> (*read)(const std::string&)) {
  const InputFile file(text);
  const absl::StatusOr<std::vector<Row>> rows = read(file.path());
  if (!rows.ok()) return CheckRefusal(rows.status());
  std::string written = header;
  for (const Row& row : *rows) written += ToCsvLine(row);
  const InputFile second(written);
  const auto again = read(second.path());
  FUZZ_REQUIRE(again.ok() && again->size() == rows->size());
  for (size_t i = 0; i < rows->size(); ++i) {
    FUZZ_REQUIRE(ToCsvLine((*again)[i]) == ToCsvLine((*rows)[i]));
  }
}

// As a whole file, and behind its header, so that small inputs reach the rows.
template <typename Row>
void CheckBoth(const std::string& text, const std::string& header,
               absl::StatusOr<std::vector<Row>> (*read)(const std::string&)) {
  CheckFile(text, header, read);
  CheckFile(header + text, header, read);
}

}  // namespace
}  // namespace bild

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  bild::CheckRows(text);
  bild::CheckField(text);
  bild::CheckBoth(text, bild::CurvesHeader(), bild::ReadCurves);
  bild::CheckBoth(text, bild::PerImageHeader(), bild::ReadPerImage);
  bild::CheckBoth(text, bild::WeightsHeader(), bild::ReadWeights);
  bild::CheckBoth(text, bild::LabelFaultsHeader(), bild::ReadLabelFaults);
  return 0;
}
