#include "backbones/safetensors_header.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <set>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
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

constexpr char kMetadataKey[] = "__metadata__";

// For messages: printable, and short whatever the file holds.
std::string Quoted(const std::string& text) {
  constexpr size_t kShown = 100;
  const std::string start = absl::Utf8SafeCEscape(text.substr(0, kShown));
  return absl::StrCat("'", start, text.size() > kShown ? "...'" : "'");
}

absl::Status Damaged(const std::string& file, const std::string& problem) {
  return absl::DataLossError(absl::StrCat(
      "'", file, "': ", problem,
      ". It is damaged or no safetensors file: fetch or write it again."));
}

// Takes the JSON event by event, so that nothing is kept but what the format
// allows: depth and memory stay bounded by the form, not by the file.
class HeaderReader : public nlohmann::json_sax<Json> {
 public:
  SafetensorsHeader& header() { return header_; }
  // Why reading stopped; "expected ..., found ...".
  const std::string& problem() const { return problem_; }

  bool null() override { return Unexpected("null"); }
  bool boolean(bool value) override {
    return Unexpected(value ? "true" : "false");
  }
  bool number_integer(number_integer_t value) override {
    return Unexpected(absl::StrCat("the negative number ", value));
  }
  bool number_float(number_float_t, const string_t& text) override {
    return Unexpected(absl::StrCat("the number ", Quoted(text)));
  }
  bool binary(binary_t&) override { return Unexpected("binary data"); }

  bool number_unsigned(number_unsigned_t value) override {
    if (state_ == State::kShapeItems) {
      if (value > std::numeric_limits<int64_t>::max()) {
        return Unexpected(absl::StrCat("the number ", value));
      }
      if (entry_.shape.size() == kMaxSafetensorsDimensions) {
        return Problem(absl::StrCat("expected at most ",
                                    kMaxSafetensorsDimensions,
                                    " dimensions in the shape of tensor ",
                                    Quoted(entry_.name), ", found more"));
      }
      entry_.shape.push_back(static_cast<int64_t>(value));
      return true;
    }
    if (state_ == State::kOffsetItems && offsets_.size() < 2) {
      offsets_.push_back(value);
      return true;
    }
    return Unexpected(absl::StrCat("the number ", value));
  }

  bool string(string_t& value) override {
    if (state_ == State::kMetadataValue) {
      header_.metadata[key_] = value;
      state_ = State::kMetadata;
      return true;
    }
    if (state_ == State::kDtype) {
      entry_.dtype = value;
      state_ = State::kEntry;
      return true;
    }
    return Unexpected(absl::StrCat("the text ", Quoted(value)));
  }

  bool start_object(size_t) override {
    switch (state_) {
      case State::kStart:
        state_ = State::kRoot;
        return true;
      case State::kMetadataStart:
        state_ = State::kMetadata;
        return true;
      case State::kEntryStart:
        state_ = State::kEntry;
        return true;
      default:
        return Unexpected("an object");
    }
  }

  bool key(string_t& value) override {
    switch (state_) {
      case State::kRoot:
        if (!names_.insert(value).second) {
          return Problem(absl::StrCat("expected every name once, found ",
                                      Quoted(value), " twice"));
        }
        if (value == kMetadataKey) {
          state_ = State::kMetadataStart;
          return true;
        }
        entry_ = SafetensorsEntry();
        entry_.name = value;
        offsets_.clear();
        fields_.clear();
        state_ = State::kEntryStart;
        return true;
      case State::kMetadata:
        if (header_.metadata.count(value) > 0) {
          return Problem(absl::StrCat("expected every key of ", kMetadataKey,
                                      " once, found ", Quoted(value),
                                      " twice"));
        }
        key_ = value;
        state_ = State::kMetadataValue;
        return true;
      default:
        return EntryField(value);
    }
  }

  bool end_object() override {
    if (state_ == State::kEntry) {
      if (fields_.size() != 3) {
        return Problem(absl::StrCat(
            "expected the fields 'dtype', 'shape' and 'data_offsets' for "
            "tensor ",
            Quoted(entry_.name), ", found ",
            fields_.empty()
                ? "none"
                : absl::StrCat("only '", absl::StrJoin(fields_, "', '"), "'")));
      }
      header_.entries.push_back(std::move(entry_));
      state_ = State::kRoot;
    } else if (state_ == State::kMetadata) {
      state_ = State::kRoot;
    } else {
      state_ = State::kEnd;
    }
    return true;
  }

  bool start_array(size_t) override {
    if (state_ == State::kShape) {
      state_ = State::kShapeItems;
    } else if (state_ == State::kOffsets) {
      state_ = State::kOffsetItems;
    } else {
      return Unexpected("an array");
    }
    return true;
  }

  bool end_array() override {
    if (state_ == State::kOffsetItems) {
      if (offsets_.size() != 2) {
        return Unexpected(absl::StrCat(offsets_.size(), " of them"));
      }
      entry_.begin = offsets_[0];
      entry_.end = offsets_[1];
    }
    state_ = State::kEntry;
    return true;
  }

  bool parse_error(size_t position, const std::string& token,
                   const nlohmann::detail::exception&) override {
    return Problem(
        absl::StrCat("expected a well-formed JSON header, found ",
                     Quoted(token), " at byte ", position, " of it",
                     state_ == State::kEnd ? ", after its end" : ""));
  }

 private:
  enum class State {
    kStart,
    kRoot,
    kMetadataStart,
    kMetadata,
    kMetadataValue,
    kEntryStart,
    kEntry,
    kDtype,
    kShape,
    kShapeItems,
    kOffsets,
    kOffsetItems,
    kEnd,
  };

  bool EntryField(const std::string& field) {
    if (field == "dtype") {
      state_ = State::kDtype;
    } else if (field == "shape") {
      state_ = State::kShape;
    } else if (field == "data_offsets") {
      state_ = State::kOffsets;
    } else {
      return Problem(absl::StrCat(
          "expected only the fields 'dtype', 'shape' and 'data_offsets' for "
          "tensor ",
          Quoted(entry_.name), ", found ", Quoted(field)));
    }
    if (!fields_.insert(field).second) {
      return Problem(absl::StrCat("expected the field '", field,
                                  "' once for tensor ", Quoted(entry_.name),
                                  ", found it twice"));
    }
    return true;
  }

  std::string Expected() const {
    switch (state_) {
      case State::kMetadataStart:
        return absl::StrCat("an object as ", kMetadataKey);
      case State::kMetadataValue:
        return absl::StrCat("a text as value of ", Quoted(key_), " in ",
                            kMetadataKey);
      case State::kEntryStart:
        return absl::StrCat("an object for tensor ", Quoted(entry_.name));
      case State::kDtype:
        return absl::StrCat("a text as 'dtype' of tensor ",
                            Quoted(entry_.name));
      case State::kShape:
      case State::kShapeItems:
        return absl::StrCat("an array of sizes from 0 to ",
                            std::numeric_limits<int64_t>::max(),
                            " as 'shape' of tensor ", Quoted(entry_.name));
      case State::kOffsets:
      case State::kOffsetItems:
        return absl::StrCat(
            "an array of two offsets from 0 as 'data_offsets' of tensor ",
            Quoted(entry_.name));
      default:
        return "an object as header";
    }
  }

  bool Unexpected(const std::string& found) {
    return Problem(absl::StrCat("expected ", Expected(), ", found ", found));
  }

  bool Problem(const std::string& problem) {
    problem_ = problem;
    return false;
  }

  State state_ = State::kStart;
  SafetensorsHeader header_;
  SafetensorsEntry entry_;
  std::string key_;
  std::set<std::string> names_;
  std::set<std::string> fields_;
  std::vector<uint64_t> offsets_;
  std::string problem_;
};

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
  HeaderReader reader;
  if (!Json::sax_parse(json, &reader)) return Damaged(file, reader.problem());

  SafetensorsHeader header = std::move(reader.header());
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
      members.push_back(absl::StrCat("\"", kMetadataKey,
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
