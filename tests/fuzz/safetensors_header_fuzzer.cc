// The header of a weights file. An input is a file whose data need not be
// there: 8 bytes of length, then the header. The same text is also parsed with
// the 8 bytes as the size of the data, so that small changes of it can be
// accepted.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <set>
#include <string>

#include "backbones/safetensors_header.h"
#include "tests/fuzz/require.h"

namespace bild {
namespace {

void CheckRefusal(const absl::Status& status) {
  FUZZ_REQUIRE(status.code() == absl::StatusCode::kDataLoss);
  const std::string message(status.message());
  FUZZ_REQUIRE(message.rfind("'f': ", 0) == 0);
  FUZZ_REQUIRE(message.find("expected ") != std::string::npos);
  FUZZ_REQUIRE(message.find("found ") != std::string::npos);
  // Whatever the file holds: short, and nothing that a terminal obeys. A shape
  // of 64 sizes is what takes most.
  FUZZ_REQUIRE(message.size() < 4096);
  for (const char c : message) {
    FUZZ_REQUIRE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  }
}

// The tensors lie side by side from 0 to the end, each as large as its shape
// says, and no name stands twice.
void CheckPlaces(const SafetensorsHeader& header, uint64_t data_bytes) {
  uint64_t end = 0;
  std::set<std::string> names;
  for (const SafetensorsEntry& entry : header.entries) {
    FUZZ_REQUIRE(names.insert(entry.name).second);
    FUZZ_REQUIRE(entry.begin == end);
    FUZZ_REQUIRE(entry.begin <= entry.end && entry.end <= data_bytes);
    FUZZ_REQUIRE(entry.shape.size() <= kMaxSafetensorsDimensions);
    uint64_t bytes = SafetensorsElementBytes(entry.dtype);
    FUZZ_REQUIRE(bytes > 0);
    for (const int64_t size : entry.shape) {
      FUZZ_REQUIRE(size >= 0);
      FUZZ_REQUIRE(
          !__builtin_mul_overflow(bytes, static_cast<uint64_t>(size), &bytes));
    }
    FUZZ_REQUIRE(entry.end - entry.begin == bytes);
    end = entry.end;
  }
  FUZZ_REQUIRE(end == data_bytes);
}

// What was read is written, and reads as the same.
void CheckRoundTrip(const SafetensorsHeader& header, uint64_t data_bytes) {
  const absl::StatusOr<std::string> bytes = FormatSafetensorsHeader(header);
  FUZZ_REQUIRE(bytes.ok());
  FUZZ_REQUIRE(bytes->size() >= 8 && bytes->size() % 8 == 0);
  unsigned char first[8];
  std::memcpy(first, bytes->data(), sizeof first);
  const auto length =
      ParseSafetensorsHeaderLength("f", first, bytes->size() + data_bytes);
  FUZZ_REQUIRE(length.ok() && *length == bytes->size() - 8);
  const auto again = ParseSafetensorsHeader("f", bytes->substr(8), data_bytes);
  FUZZ_REQUIRE(again.ok());
  FUZZ_REQUIRE(again->metadata == header.metadata);
  FUZZ_REQUIRE(again->entries.size() == header.entries.size());
  for (size_t i = 0; i < header.entries.size(); ++i) {
    FUZZ_REQUIRE(again->entries[i].name == header.entries[i].name);
    FUZZ_REQUIRE(again->entries[i].dtype == header.entries[i].dtype);
    FUZZ_REQUIRE(again->entries[i].shape == header.entries[i].shape);
    FUZZ_REQUIRE(again->entries[i].begin == header.entries[i].begin);
    FUZZ_REQUIRE(again->entries[i].end == header.entries[i].end);
  }
}

void CheckHeader(const std::string& json, uint64_t data_bytes) {
  const auto header = ParseSafetensorsHeader("f", json, data_bytes);
  if (!header.ok()) return CheckRefusal(header.status());
  CheckPlaces(*header, data_bytes);
  // Near 2^64 the size of the whole file cannot be said.
  if (data_bytes < uint64_t{1} << 62) CheckRoundTrip(*header, data_bytes);
}

}  // namespace
}  // namespace bild

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  unsigned char first[8] = {};
  std::copy_n(data, std::min<size_t>(size, 8), first);
  const std::string rest(
      reinterpret_cast<const char*>(data) + std::min<size_t>(size, 8),
      size - std::min<size_t>(size, 8));
  const auto length = bild::ParseSafetensorsHeaderLength("f", first, size);
  if (length.ok()) {
    FUZZ_REQUIRE(*length <= rest.size());
    bild::CheckHeader(rest.substr(0, *length), rest.size() - *length);
  } else {
    bild::CheckRefusal(length.status());
  }
  uint64_t data_bytes = 0;
  for (int i = 7; i >= 0; --i) data_bytes = data_bytes << 8 | first[i];
  bild::CheckHeader(rest, data_bytes);
  return 0;
}
