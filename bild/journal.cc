#include "bild/journal.h"

#include <filesystem>
#include <sstream>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "bild/base/atomic_file.h"
#include "bild/base/status.h"
#include "nlohmann/json.hpp"

namespace bild {

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
  const nlohmann::ordered_json line = {
      {"step", point.step}, {"name", point.name}, {"value", point.value}};
  absl::StrAppend(&pending_, line.dump(), "\n");
}

void Journal::Add(const PatchWeight& weight) {
  nlohmann::ordered_json line = {
      {"step", weight.step},     {"place", weight.place},
      {"id", weight.id},         {"x_px", weight.x_px},
      {"y_px", weight.y_px},     {"crop_px", weight.crop_px},
      {"weight", weight.weight}, {"loss", weight.loss}};
  line["reward"] = nullptr;
  if (weight.reward.has_value()) line["reward"] = *weight.reward;
  absl::StrAppend(&pending_, line.dump(), "\n");
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
    try {
      const nlohmann::json json = nlohmann::json::parse(line);
      if (json.contains("name")) {
        rows.curves.push_back({json.at("step").get<int64_t>(),
                               json.at("name").get<std::string>(),
                               json.at("value").get<double>()});
        continue;
      }
      PatchWeight weight;
      weight.step = json.at("step").get<int64_t>();
      weight.place = json.at("place").get<int64_t>();
      weight.id = json.at("id").get<std::string>();
      weight.x_px = json.at("x_px").get<int64_t>();
      weight.y_px = json.at("y_px").get<int64_t>();
      weight.crop_px = json.at("crop_px").get<int64_t>();
      weight.weight = json.at("weight").get<double>();
      weight.loss = json.at("loss").get<double>();
      if (!json.at("reward").is_null()) {
        weight.reward = json.at("reward").get<double>();
      }
      rows.weights.push_back(weight);
    } catch (const nlohmann::json::exception& error) {
      return absl::DataLossError(
          absl::StrCat("Journal '", path, "', line ", number, ": ",
                       error.what(), ". Remove its folder and run again."));
    }
  }
  return rows;
}

}  // namespace bild
