// What the folder of a synthetic set says about itself.

#include <cstddef>
#include <cstdint>
#include <string>

#include "datasets/synthetic/synthetic_record.h"
#include "tests/fuzz/require.h"

namespace bild {
namespace {

void CheckText(const std::string& text) {
  const absl::StatusOr<SyntheticRecord> record =
      ParseSyntheticRecord(text, "f");
  if (!record.ok()) {
    FUZZ_REQUIRE(absl::IsDataLoss(record.status()));
    FUZZ_REQUIRE(record.status().message().size() < 3000);
    return;
  }
  const std::string written = SyntheticRecordText(*record);
  const absl::StatusOr<SyntheticRecord> again =
      ParseSyntheticRecord(written, "f");
  FUZZ_REQUIRE(again.ok());
  FUZZ_REQUIRE(SyntheticRecordText(*again) == written);
  // What it says is a request like any other.
  const absl::StatusOr<SyntheticRequest> request =
      CheckedRequest(record->request);
  FUZZ_REQUIRE(request.ok() || absl::IsInvalidArgument(request.status()));
}

}  // namespace
}  // namespace bild

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  bild::CheckText(text);
  // So that a few bytes reach a field's value: the line that they replace is
  // that of the scenes.
  std::string record = bild::SyntheticRecordText({});
  const size_t begin = record.find("\"scenes\":") + 9;
  record.replace(begin, record.find(',', begin) - begin, text);
  bild::CheckText(record);
  return 0;
}
