// Result records, one line of JSON each.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "reports/record.h"
#include "tests/fuzz/input_file.h"
#include "tests/fuzz/require.h"

namespace bild {
namespace {

void CheckRefusal(const absl::Status& status) {
  FUZZ_REQUIRE(status.code() == absl::StatusCode::kInvalidArgument ||
               status.code() == absl::StatusCode::kFailedPrecondition);
  FUZZ_REQUIRE(!status.message().empty());
}

void CheckLine(const std::string& line) {
  const absl::StatusOr<Record> record = ParseRecord(line);
  if (!record.ok()) return CheckRefusal(record.status());
  const std::string written = ToJsonLine(*record);
  FUZZ_REQUIRE(written.find('\n') == std::string::npos);
  const absl::StatusOr<Record> again = ParseRecord(written);
  FUZZ_REQUIRE(again.ok());
  FUZZ_REQUIRE(ToJsonLine(*again) == written);
  // Nothing but the times goes with them.
  const Record timeless = RecordWithoutTimes(*record);
  FUZZ_REQUIRE(ToJsonLine(RecordWithoutTimes(timeless)) ==
               ToJsonLine(timeless));
  FUZZ_REQUIRE(ParseRecord(ToJsonLine(timeless)).ok());
}

void CheckFile(const std::string& text) {
  const InputFile file(text);
  const absl::StatusOr<std::vector<Record>> records = ReadRecords(file.path());
  if (!records.ok()) return CheckRefusal(records.status());
  const auto lines =
      static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
  FUZZ_REQUIRE(records->size() == lines + (text.back() == '\n' ? 0 : 1));
}

// A record with the text in it, whatever its bytes: it is always readable.
void CheckText(const std::string& text) {
  Record record;
  record.method = "plain";
  record.profile = "default";
  record.n = 1;
  record.invalid_reasons = "synthetic";
  record.backbone = text;
  record.dataset = text;
  record.psnr_db = static_cast<double>(text.size()) / 3;
  record.ssim = 0.5;
  const absl::StatusOr<Record> read = ParseRecord(ToJsonLine(record));
  FUZZ_REQUIRE(read.ok() && read->psnr_db == record.psnr_db);
  FUZZ_REQUIRE(ToJsonLine(*read) == ToJsonLine(record));
}

}  // namespace
}  // namespace bild

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  bild::CheckLine(text);
  bild::CheckFile(text);
  bild::CheckText(text);
  // So that a few bytes reach a field's value: the last one wins nothing, a
  // field that stands there twice is refused.
  const std::string record = bild::ToJsonLine(bild::Record());
  bild::CheckLine(record.substr(0, record.size() - 1) + text + "}");
  return 0;
}
