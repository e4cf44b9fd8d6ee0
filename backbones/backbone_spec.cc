#include "backbones/backbone_spec.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace bild {

std::string BackboneNameOf(const std::string& spec) {
  return spec.substr(0, spec.find('['));
}

absl::StatusOr<BackboneOptions> ParseBackboneOptions(const std::string& spec) {
  BackboneOptions options;
  const size_t bracket = spec.find('[');
  if (bracket == std::string::npos) return options;
  if (spec.back() != ']') {
    return absl::InvalidArgumentError(
        "expected NAME or NAME[option=value,...]");
  }
  const std::string inside =
      spec.substr(bracket + 1, spec.size() - bracket - 2);
  const std::vector<std::string> texts = absl::StrSplit(inside, ',');
  for (const std::string& text : texts) {
    const std::vector<std::string> pair =
        absl::StrSplit(text, absl::MaxSplits('=', 1));
    if (pair.size() != 2 || pair[0].empty() || pair[1].empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", text, "' is not option=value"));
    }
    if (!options.emplace(pair[0], pair[1]).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("option '", pair[0], "' is given twice"));
    }
  }
  return options;
}

absl::Status TakeInteger(BackboneOptions& options, const std::string& name,
                         int64_t least, int64_t multiple_of, int64_t* value) {
  const auto found = options.find(name);
  if (found == options.end()) return absl::OkStatus();
  int64_t number = 0;
  if (!absl::SimpleAtoi(found->second, &number) || number < least ||
      number > 4096 || number % multiple_of != 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "option ", name, "='", found->second, "': expected ",
        multiple_of > 1 ? absl::StrCat("a multiple of ", multiple_of)
                        : std::string("an integer"),
        " from ", least, " to 4096"));
  }
  *value = number;
  options.erase(found);
  return absl::OkStatus();
}

absl::Status TakeWord(BackboneOptions& options, const std::string& name,
                      const std::vector<std::string>& known,
                      std::string* value) {
  const auto found = options.find(name);
  if (found == options.end()) return absl::OkStatus();
  if (std::find(known.begin(), known.end(), found->second) == known.end()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "option ", name, "='", found->second, "': expected one of '",
        absl::StrJoin(known, "', '"), "'"));
  }
  *value = found->second;
  options.erase(found);
  return absl::OkStatus();
}

absl::Status NothingLeft(const BackboneOptions& options) {
  if (options.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("unknown option '", options.begin()->first, "'"));
}

}  // namespace bild
