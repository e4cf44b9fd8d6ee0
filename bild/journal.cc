#include "bild/journal.h"

#include <cmath>
#include <filesystem>
#include <limits>
#include <sstream>
#include <system_error>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "bild/base/atomic_file.h"
#include "bild/base/json_integer.h"
#include "bild/base/status.h"
#include "nlohmann/json.hpp"

namespace bild {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// JSON has no numbers beyond the finite ones; records write them so too.
Json JsonNumber(double value) {
  if (std::isfinite(value)) return value;
  if (std::isnan(value)) return "nan";
  return value > 0 ? "inf" : "-inf";
}

// One line. Ids come from file names, which need not be UTF-8; JSON must be:
// bytes that are not are replaced.
std::string JsonLine(const Json& line) {
  return line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

// Takes the fields of a line, each of its type, and keeps the first problem.
class LineReader {
 public:
  explicit LineReader(const Json& line) : line_(line) {}

  const std::string& problem() const { return problem_; }

  void Take(const char* name, int64_t* value) {
    const Json* json = Find(name);
    if (json == nullptr) return;
    const std::optional<int64_t> number = JsonInteger(*json);
    if (!number.has_value()) return Wrong(name, "a 64-bit integer", *json);
    *value = *number;
  }
  void Take(const char* name, double* value) {
    const Json* json = Find(name);
    if (json == nullptr) return;
    if (json->is_number()) {
      *value = json->get<double>();
    } else if (*json == "nan") {
      *value = std::numeric_limits<double>::quiet_NaN();
    } else if (*json == "inf" || *json == "-inf") {
      *value = *json == "inf" ? kInfinity : -kInfinity;
    } else {
      Wrong(name, "a number, 'inf', '-inf' or 'nan'", *json);
    }
  }
  void Take(const char* name, std::string* value) {
    const Json* json = Find(name);
    if (json == nullptr) return;
    if (!json->is_string()) return Wrong(name, "a text", *json);
    *value = json->get<std::string>();
  }
  void Take(const char* name, std::optional<double>* value) {
    const Json* json = Find(name);
    if (json == nullptr || json->is_null()) return;
    Take(name, &value->emplace());
  }

 private:
  const Json* Find(const char* name) {
    const auto found = line_.find(name);
    if (found != line_.end()) return &*found;
    Problem(absl::StrCat("field '", name, "' is missing"));
    return nullptr;
  }
  void Wrong(const char* name, const char* expected, const Json& found) {
    Problem(absl::StrCat("field '", name, "': expected ", expected, ", found ",
                         found.type_name()));
  }
  void Problem(const std::string& problem) {
    if (problem_.empty()) problem_ = problem;
  }

  const Json& line_;
  std::string problem_;
};

// Adds what the line says to `rows`; returns what is wrong with it.
std::string ReadLine(const std::string& text, JournalRows* rows) {
  const Json line = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!line.is_object()) {
    return absl::StrCat("expected a JSON object, found '",
                        absl::CHexEscape(text.substr(0, 60)), "'");
  }
  LineReader reader(line);
  if (line.contains("name")) {
    JournalCurve curve;
    reader.Take("step", &curve.step);
    reader.Take("name", &curve.name);
    reader.Take("value", &curve.value);
    rows->curves.push_back(curve);
    return reader.problem();
  }
  PatchWeight weight;
  reader.Take("step", &weight.step);
  reader.Take("place", &weight.place);
  reader.Take("id", &weight.id);
  reader.Take("x_px", &weight.x_px);
  reader.Take("y_px", &weight.y_px);
  reader.Take("crop_px", &weight.crop_px);
  reader.Take("weight", &weight.weight);
  reader.Take("loss", &weight.loss);
  reader.Take("reward", &weight.reward);
  rows->weights.push_back(weight);
  return reader.problem();
}

}  // namespace

absl::Status Journal::CutTo(int64_t bytes) {
  pending_.clear();
  bytes_ = bytes;
  if (bytes == 0) return WriteFileAtomically(path_, std::string());
  std::error_code error;
  const auto size = std::filesystem::file_size(path_, error);
  if (error || static_cast<int64_t>(size) < bytes) {
    return absl::DataLossError(absl::StrCat(
        "Journal '", path_, "': expected at least ", bytes, " bytes, found ",
        error ? error.message() : absl::StrCat(size),
        ". Remove its folder to start this run again."));
  }
  std::filesystem::resize_file(path_, static_cast<std::uintmax_t>(bytes),
                               error);
  if (error) {
    return absl::UnavailableError(
        absl::StrCat("Cannot cut '", path_, "': ", error.message(), "."));
  }
  return absl::OkStatus();
}

void Journal::Add(const JournalCurve& point) {
  pending_ += JsonLine({{"step", point.step},
                        {"name", point.name},
                        {"value", JsonNumber(point.value)}});
}

void Journal::Add(const PatchWeight& weight) {
  Json line = {{"step", weight.step},
               {"place", weight.place},
               {"id", weight.id},
               {"x_px", weight.x_px},
               {"y_px", weight.y_px},
               {"crop_px", weight.crop_px},
               {"weight", JsonNumber(weight.weight)},
               {"loss", JsonNumber(weight.loss)}};
  line["reward"] = nullptr;
  if (weight.reward.has_value()) line["reward"] = JsonNumber(*weight.reward);
  pending_ += JsonLine(line);
}

absl::StatusOr<int64_t> Journal::Flush() {
  if (!pending_.empty()) {
    BILD_RETURN_IF_ERROR(AppendToFile(path_, pending_));
    bytes_ += static_cast<int64_t>(pending_.size());
    pending_.clear();
  }
  return bytes_;
}

absl::StatusOr<JournalRows> ReadJournal(const std::string& path) {
  BILD_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  JournalRows rows;
  std::istringstream lines(text);
  std::string line;
  for (int64_t number = 1; std::getline(lines, line); ++number) {
    const std::string problem = ReadLine(line, &rows);
    if (!problem.empty()) {
      return absl::DataLossError(absl::StrCat("Journal '", path, "', line ",
                                              number, ": ", problem,
                                              ". Remove its folder and run "
                                              "again."));
    }
  }
  return rows;
}

}  // namespace bild
