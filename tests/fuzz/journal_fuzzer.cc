// What a run writes while it trains, and reads when it has ended.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>

#include "bild/journal.h"
#include "tests/fuzz/input_file.h"
#include "tests/fuzz/require.h"

namespace bild {
namespace {

bool Same(double a, double b) {
  return a == b || (std::isnan(a) && std::isnan(b));
}

bool Same(const std::optional<double>& a, const std::optional<double>& b) {
  return a.has_value() == b.has_value() && (!a.has_value() || Same(*a, *b));
}

// Rows are written and read as the same rows.
void CheckRoundTrip(const JournalRows& rows, bool is_utf8) {
  const InputFile file("");
  Journal journal(file.path());
  for (const JournalCurve& curve : rows.curves) journal.Add(curve);
  for (const PatchWeight& weight : rows.weights) journal.Add(weight);
  FUZZ_REQUIRE(journal.Flush().ok());
  const absl::StatusOr<JournalRows> again = ReadJournal(file.path());
  FUZZ_REQUIRE(again.ok());
  FUZZ_REQUIRE(again->curves.size() == rows.curves.size());
  FUZZ_REQUIRE(again->weights.size() == rows.weights.size());
  for (size_t i = 0; i < rows.curves.size(); ++i) {
    FUZZ_REQUIRE(again->curves[i].step == rows.curves[i].step);
    FUZZ_REQUIRE(!is_utf8 || again->curves[i].name == rows.curves[i].name);
    FUZZ_REQUIRE(Same(again->curves[i].value, rows.curves[i].value));
  }
  for (size_t i = 0; i < rows.weights.size(); ++i) {
    const PatchWeight& a = again->weights[i];
    const PatchWeight& b = rows.weights[i];
    FUZZ_REQUIRE(a.step == b.step && a.place == b.place);
    FUZZ_REQUIRE(!is_utf8 || a.id == b.id);
    FUZZ_REQUIRE(a.x_px == b.x_px && a.y_px == b.y_px);
    FUZZ_REQUIRE(a.crop_px == b.crop_px);
    FUZZ_REQUIRE(Same(a.weight, b.weight) && Same(a.loss, b.loss));
    FUZZ_REQUIRE(Same(a.reward, b.reward));
  }
}

void CheckFile(const std::string& text) {
  const InputFile file(text);
  const absl::StatusOr<JournalRows> rows = ReadJournal(file.path());
  if (rows.ok()) return CheckRoundTrip(*rows, /*is_utf8=*/true);
  FUZZ_REQUIRE(rows.status().code() == absl::StatusCode::kDataLoss);
  FUZZ_REQUIRE(rows.status().message().size() < 500);
}

// Any number and any text can be added.
void CheckRows(const std::string& bytes) {
  double number = 0;
  std::memcpy(&number, bytes.data(), std::min(bytes.size(), sizeof number));
  JournalRows rows;
  rows.curves = {{1, bytes, number}};
  PatchWeight weight;
  weight.id = bytes;
  weight.weight = number;
  weight.loss = number;
  if (bytes.size() % 2 == 0) weight.reward = number;
  rows.weights = {weight};
  CheckRoundTrip(rows, /*is_utf8=*/false);
}

}  // namespace
}  // namespace bild

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  bild::CheckFile(bytes);
  bild::CheckRows(bytes);
  return 0;
}
