#include "backbones/safetensors_header.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "backbones/safetensors_json.h"
#include "nlohmann/json.hpp"

namespace bild {
namespace {

using Json = nlohmann::json;

struct ElementType {
  const char* name;
  uint64_t bytes;
};

constexpr ElementType kElementTypes[] = {
    {"BOOL", 1}, {"U8", 1},  {"I8", 1},   {"I16", 2}, {"I32", 4},
    {"I64", 8},  {"F16", 2}, {"BF16", 2}, {"F32", 4}, {"F64", 8},
};

absl::Status Damaged(const std::string& file, const std::string& problem) {
  return absl::DataLossError(absl::StrCat(
      "'", file, "': ", problem,
      ". It is damaged or no safetensors file: fetch or write it again."));
}

// The bytes that a shape needs, or false when that overflows. Sizes of 0 count
// as 1 for this, because strides do not shrink with them.
bool BytesOf(const SafetensorsEntry& entry, uint64_t element_bytes,
             uint64_t* bytes) {
  int64_t bound = static_cast<int64_t>(element_bytes);
  bool is_empty = false;
  for (int64_t size : entry.shape) {
    is_empty = is_empty || size == 0;
    if (__builtin_mul_overflow(bound, std::max<int64_t>(size, 1), &bound)) {
      return false;
    }
  }
  *bytes = is_empty ? 0 : static_cast<uint64_t>(bound);
  return true;
}

absl::Status CheckSize(const std::string& file, const SafetensorsEntry& entry) {
  const uint64_t element_bytes = SafetensorsElementBytes(entry.dtype);
  if (element_bytes == 0) {
    std::vector<std::string> known;
    for (const ElementType& type : kElementTypes) known.push_back(type.name);
    return absl::DataLossError(absl::StrCat(
        "'", file, "': tensor ", Quoted(entry.name),
        ": expected one of the types ", absl::StrJoin(known, ", "), ", found ",
        Quoted(entry.dtype), ". Write the file with one of these."));
  }
  uint64_t bytes = 0;
  if (!BytesOf(entry, element_bytes, &bytes)) {
    return Damaged(file, absl::StrCat("tensor ", Quoted(entry.name),
                                      ": expected a size of less than 2^63 "
                                      "bytes, found the shape [",
                                      absl::StrJoin(entry.shape, ", "), "] of ",
                                      entry.dtype));
  }
  if (entry.end < entry.begin || entry.end - entry.begin != bytes) {
    return Damaged(
        file,
        absl::StrCat("tensor ", Quoted(entry.name), ": expected ", bytes,
                     " bytes for the shape [", absl::StrJoin(entry.shape, ", "),
                     "] of ", entry.dtype, ", found the offsets [", entry.begin,
                     ", ", entry.end, "]"));
  }
  return absl::OkStatus();
}

}  // namespace

uint64_t SafetensorsElementBytes(const std::string& dtype) {
  for (const ElementType& type : kElementTypes) {
    if (dtype == type.name) return type.bytes;
  }
  return 0;
}

absl::StatusOr<uint64_t> ParseSafetensorsHeaderLength(
    const std::string& file, const unsigned char (&first)[8],
    uint64_t file_bytes) {
  if (file_bytes < 8) {
    return Damaged(file, absl::StrCat("expected at least the 8 bytes of the "
                                      "header's length, found a file of ",
                                      file_bytes, " bytes"));
  }
  if (first[0] == 'P' && first[1] == 'K') {
    return absl::DataLossError(absl::StrCat(
        "'", file,
        "': expected a safetensors file, found a ZIP archive, as PyTorch "
        "writes its .pth files. Convert it to safetensors first."));
  }
  uint64_t length = 0;
  for (int i = 7; i >= 0; --i) length = length << 8 | first[i];
  const uint64_t limit = std::min(kMaxSafetensorsHeaderBytes, file_bytes - 8);
  if (length > limit) {
    return Damaged(file,
                   absl::StrCat("expected a header of at most ", limit,
                                " bytes in a file of ", file_bytes,
                                " bytes, found the header length ", length));
  }
  return length;
}

absl::StatusOr<SafetensorsHeader> ParseSafetensorsHeader(
    const std::string& file, const std::string& json, uint64_t data_bytes) {
  if (json.empty() || json[0] != '{') {
    return Damaged(
        file, absl::StrCat(
                  "expected a header that starts with '{', "
                  "found ",
                  json.empty() ? "an empty one" : Quoted(json.substr(0, 8))));
  }
  // The JSON library takes a zero byte for the end of its input.
  if (const size_t zero = json.find('\0'); zero != std::string::npos) {
    return Damaged(file, absl::StrCat("expected a well-formed JSON header, "
                                      "found a zero byte at byte ",
                                      zero, " of it"));
  }
  SafetensorsHeader header;
  if (const std::string problem = ReadHeaderJson(json, &header);
      !problem.empty()) {
    return Damaged(file, problem);
  }
  std::stable_sort(header.entries.begin(), header.entries.end(),
                   [](const SafetensorsEntry& a, const SafetensorsEntry& b) {
                     return a.begin != b.begin ? a.begin < b.begin
                                               : a.end < b.end;
                   });
  uint64_t end = 0;
  std::string before = "the start of the data";
  for (const SafetensorsEntry& entry : header.entries) {
    if (absl::Status size = CheckSize(file, entry); !size.ok()) return size;
    if (entry.begin != end) {
      return Damaged(
          file, absl::StrCat("tensor ", Quoted(entry.name),
                             ": expected to begin at offset ", end,
                             ", right after ", before, ", found ", entry.begin,
                             entry.begin > end ? ", which leaves a "
                                                 "hole"
                                               : ", an overlap"));
    }
    end = entry.end;
    before = absl::StrCat("tensor ", Quoted(entry.name));
  }
  if (end != data_bytes) {
    return Damaged(
        file,
        absl::StrCat("expected ", end, " bytes of data, found ", data_bytes,
                     data_bytes < end ? ": the file is cut short"
                                      : ": bytes after the last tensor"));
  }
  return header;
}

absl::StatusOr<std::string> FormatSafetensorsHeader(
    const SafetensorsHeader& header) {
  std::vector<std::string> members;
  try {
    if (!header.metadata.empty()) {
      members.push_back(absl::StrCat("\"", kSafetensorsMetadataKey,
                                     "\":", Json(header.metadata).dump()));
    }
    for (const SafetensorsEntry& entry : header.entries) {
      members.push_back(absl::StrCat(
          Json(entry.name).dump(), ":{\"dtype\":\"", entry.dtype,
          "\",\"shape\":[", absl::StrJoin(entry.shape, ","),
          "],\"data_offsets\":[", entry.begin, ",", entry.end, "]}"));
    }
  } catch (const Json::type_error& error) {
    return absl::InvalidArgumentError(absl::StrCat(
        "Expected names and metadata in UTF-8, found: ", error.what()));
  }
  std::string json = absl::StrCat("{", absl::StrJoin(members, ","), "}");
  json.append((8 - json.size() % 8) % 8, ' ');
  if (json.size() > kMaxSafetensorsHeaderBytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "Expected a header of at most ", kMaxSafetensorsHeaderBytes,
        " bytes, found ", json.size(), ". Write fewer tensors into one file."));
  }
  std::string bytes;
  for (int i = 0; i < 8; ++i) {
    bytes.push_back(static_cast<char>(json.size() >> (8 * i) & 0xff));
  }
  return bytes + json;
}

}  // namespace bild
