// The header of the safetensors format: names, types, shapes and places of a
// file's tensors, as JSON. Knows bytes and numbers, no tensor.
//
// A file is: the header's length (8 bytes, unsigned, little-endian), the header
// (UTF-8 JSON that starts with '{', may end in spaces), the data
// (little-endian, row-major, nothing between two tensors, nothing after the
// last). The header:
//
//   {"__metadata__": {"key": "text", ...},
//    "name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...}
//
// with offsets counted from the start of the data, the second one past the end.

#ifndef BACKBONES_SAFETENSORS_HEADER_H_
#define BACKBONES_SAFETENSORS_HEADER_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace bild {

// Of the header, in bytes, and of a shape, in dimensions. The first is the
// limit of the format's reference reader, the second LibTorch's.
constexpr uint64_t kMaxSafetensorsHeaderBytes = 100'000'000;
constexpr size_t kMaxSafetensorsDimensions = 64;

struct SafetensorsEntry {
  std::string name;
  std::string dtype;           // As in the file: "F32".
  std::vector<int64_t> shape;  // Empty for a scalar; a 0 makes it empty.
  uint64_t begin = 0;          // Bytes from the start of the data.
  uint64_t end = 0;
};

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> entries;  // Ordered by offset.
  std::map<std::string, std::string> metadata;
};

// Size of one element of BOOL, U8, I8, I16, I32, I64, F16, BF16, F32 or F64 in
// bytes; 0 for any other name.
uint64_t SafetensorsElementBytes(const std::string& dtype);

// The length in the file's first 8 bytes. `file` names it in messages,
// `file_bytes` is its whole size. DataLoss when the length does not fit into
// the file or exceeds the limit above.
absl::StatusOr<uint64_t> ParseSafetensorsHeaderLength(
    const std::string& file, const unsigned char (&first)[8],
    uint64_t file_bytes);

// Parses the JSON between the length and the data. DataLoss, with the file,
// what was expected and what was found, for anything but exactly the form
// above: malformed JSON, a name or a field twice, missing or unknown fields,
// unknown types, sizes that overflow, and offsets that disagree with type and
// shape, or overlap, or leave a hole, or do not end with the file.
absl::StatusOr<SafetensorsHeader> ParseSafetensorsHeader(
    const std::string& file, const std::string& json, uint64_t data_bytes);

// The file's bytes before the data: length and JSON, padded with spaces to a
// multiple of 8 bytes. Keys and names are written in the order given.
// InvalidArgument for text that is not UTF-8.
absl::StatusOr<std::string> FormatSafetensorsHeader(
    const SafetensorsHeader& header);

}  // namespace bild

#endif  // BACKBONES_SAFETENSORS_HEADER_H_
