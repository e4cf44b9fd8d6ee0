// Integers of JSON texts that somebody else may have written.

#ifndef BILD_BASE_JSON_INTEGER_H_
#define BILD_BASE_JSON_INTEGER_H_

#include <cstdint>
#include <limits>
#include <optional>

namespace bild {

// The number, where `json` (of any nlohmann::basic_json) is an integer that
// fits; nothing for 1.5, 1e300, 2^63 and whatever is no number.
// json.get<int64_t>() rounds or wraps those, or is undefined.
template <typename Json>
std::optional<int64_t> JsonInteger(const Json& json) {
  if (!json.is_number_integer()) return std::nullopt;
  if (json.is_number_unsigned() &&
      json.template get<uint64_t>() >
          static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    return std::nullopt;
  }
  return json.template get<int64_t>();
}

}  // namespace bild

#endif  // BILD_BASE_JSON_INTEGER_H_
