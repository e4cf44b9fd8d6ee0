#include "datasets/picture_names.h"

#include <algorithm>
#include <vector>

#include "fmt/format.h"

namespace bild {
namespace {

std::vector<std::string> Fields(const std::string& stem) {
  std::vector<std::string> fields(1);
  for (const char c : stem) {
    if (c == '_') {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  return fields;
}

bool IsInteger(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c >= '0' && c <= '9';
  });
}

// Digits with at most one point among them: "0.90179", "1".
bool IsDecimal(const std::string& text) {
  const size_t point = text.find('.');
  if (point == std::string::npos) return IsInteger(text);
  return IsInteger(text.substr(0, point)) && IsInteger(text.substr(point + 1));
}

bool EndsIn(const std::string& text, const std::string& suffix) {
  return text.size() > suffix.size() &&
         text.compare(text.size() - suffix.size(), suffix.size(), suffix) == 0;
}

std::string Without(const std::string& stem,
                    const std::vector<std::string>& suffixes) {
  for (const std::string& suffix : suffixes) {
    if (EndsIn(stem, suffix)) {
      return stem.substr(0, stem.size() - suffix.size());
    }
  }
  return stem;
}

const std::vector<std::string>& HazySuffixes() {
  static const auto* const suffixes =
      new std::vector<std::string>{"_hazy", "_haze"};
  return *suffixes;
}

const std::vector<std::string>& ClearSuffixes() {
  static const auto* const suffixes =
      new std::vector<std::string>{"_GT", "_gt", "_clear"};
  return *suffixes;
}

std::string WithoutAnySuffix(const std::string& stem) {
  const std::string rest = Without(stem, HazySuffixes());
  return rest != stem ? rest : Without(stem, ClearSuffixes());
}

std::string SceneAndNumber(const std::string& stem) {
  const std::vector<std::string> fields = Fields(stem);
  const bool reads = (fields.size() == 2 || fields.size() == 3) &&
                     IsInteger(fields[0]) && IsInteger(fields[1]) &&
                     (fields.size() == 2 || IsDecimal(fields[2]));
  return reads ? fields[0] + "_" + fields[1] : "";
}

std::string SceneAirlightBeta(const std::string& stem) {
  const std::vector<std::string> fields = Fields(stem);
  const bool reads = fields.size() == 3 && IsInteger(fields[0]) &&
                     IsDecimal(fields[1]) && IsDecimal(fields[2]);
  return reads ? stem : "";
}

// "1", "01", "01_outdoor" to "01"; empty if it does not read.
std::string ChallengeId(const std::string& rest, const std::string& word) {
  const std::vector<std::string> fields = Fields(rest);
  const bool reads =
      IsInteger(fields[0]) &&
      (fields.size() == 1 ||
       (fields.size() == 2 && !word.empty() && fields[1] == word));
  if (!reads) return "";
  std::string digits = fields[0];
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
  return (digits.size() < 2 ? "0" : "") + digits;
}

}  // namespace

std::string HazyNameForm(const DatasetInfo& info) {
  switch (info.name_rule) {
    case NameRule::kSceneAndNumber:
      return "<scene>_<number>, or with the airlight after it, as 1_1_0.90179";
    case NameRule::kSceneAirlightBeta:
      return "<scene>_<airlight>_<beta>, as 0025_0.8_0.04";
    case NameRule::kChallengeNumber:
      return info.challenge_word.empty()
                 ? "<number>_hazy, as 01_hazy"
                 : fmt::format("<number>_{}_hazy, as 01_{}_hazy",
                               info.challenge_word, info.challenge_word);
    case NameRule::kStem:
    case NameRule::kAnyPair:
      return "any";
  }
  return "";
}

std::string HazyId(const DatasetInfo& info, const std::string& stem) {
  switch (info.name_rule) {
    case NameRule::kSceneAndNumber:
      return SceneAndNumber(stem);
    case NameRule::kSceneAirlightBeta:
      return SceneAirlightBeta(stem);
    case NameRule::kChallengeNumber:
      return ChallengeId(Without(stem, HazySuffixes()), info.challenge_word);
    case NameRule::kStem:
      return stem;
    case NameRule::kAnyPair:
      return WithoutAnySuffix(stem);
  }
  return "";
}

std::string SceneOf(const DatasetInfo& info, const std::string& id) {
  const bool has_scene_first = info.name_rule == NameRule::kSceneAndNumber ||
                               info.name_rule == NameRule::kSceneAirlightBeta;
  return has_scene_first ? id.substr(0, id.find('_')) : id;
}

std::string ClearKey(const DatasetInfo& info, const std::string& stem) {
  std::string key;
  switch (info.name_rule) {
    case NameRule::kSceneAndNumber:
      key = SceneAndNumber(stem);
      break;
    case NameRule::kSceneAirlightBeta:
    case NameRule::kStem:
      break;
    case NameRule::kChallengeNumber:
      key = ChallengeId(Without(stem, ClearSuffixes()), info.challenge_word);
      break;
    case NameRule::kAnyPair:
      key = WithoutAnySuffix(stem);
      break;
  }
  return key.empty() ? stem : key;
}

bool IsClearStem(const std::string& stem) {
  return Without(stem, ClearSuffixes()) != stem;
}

}  // namespace bild
