#include "backbones/safetensors_json.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "nlohmann/json.hpp"

namespace bild {
namespace {

using Json = nlohmann::json;

// Takes the JSON event by event, so that nothing is kept but what the format
// allows: depth and memory stay bounded by the form, not by the file.
class HeaderReader : public nlohmann::json_sax<Json> {
 public:
  explicit HeaderReader(SafetensorsHeader* header) : header_(*header) {}

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
        if (value == kSafetensorsMetadataKey) {
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
          return Problem(absl::StrCat("expected every key of ",
                                      kSafetensorsMetadataKey, " once, found ",
                                      Quoted(value), " twice"));
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
        return absl::StrCat("an object as ", kSafetensorsMetadataKey);
      case State::kMetadataValue:
        return absl::StrCat("a text as value of ", Quoted(key_), " in ",
                            kSafetensorsMetadataKey);
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
  SafetensorsHeader& header_;
  SafetensorsEntry entry_;
  std::string key_;
  std::set<std::string> names_;
  std::set<std::string> fields_;
  std::vector<uint64_t> offsets_;
  std::string problem_;
};

}  // namespace

// For messages: printable, and short whatever the file holds.
std::string Quoted(const std::string& text) {
  constexpr size_t kShown = 100;
  const std::string start = absl::Utf8SafeCEscape(text.substr(0, kShown));
  return absl::StrCat("'", start, text.size() > kShown ? "...'" : "'");
}

std::string ReadHeaderJson(const std::string& json, SafetensorsHeader* header) {
  HeaderReader reader(header);
  if (Json::sax_parse(json, &reader)) return "";
  return reader.problem();
}

}  // namespace bild
