#include "datasets/synthetic/synthetic_record.h"

#include <optional>
#include <vector>

#include "bild/base/atomic_file.h"
#include "bild/base/json_integer.h"
#include "bild/base/status.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"

namespace bild {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kGenerator[] = "bild-synthetic";

// Takes fields, each of its type, and lists those that are wrong.
class Fields {
 public:
  explicit Fields(const Json& json) : json_(json) {}

  const std::vector<std::string>& problems() const { return problems_; }

  void Take(const char* name, std::string* value) {
    const Json* field = Find(name, "a text");
    if (field == nullptr) return;
    if (!field->is_string()) return Wrong(name, "a text", *field);
    *value = field->get<std::string>();
  }
  void Take(const char* name, int64_t* value) {
    constexpr char kWanted[] = "a 64-bit integer";
    const Json* field = Find(name, kWanted);
    if (field == nullptr) return;
    const std::optional<int64_t> number = JsonInteger(*field);
    if (!number.has_value()) return Wrong(name, kWanted, *field);
    *value = *number;
  }
  void Take(const char* name, uint64_t* value) {
    constexpr char kWanted[] = "a 64-bit integer of 0 or more";
    const Json* field = Find(name, kWanted);
    if (field == nullptr) return;
    if (!field->is_number_unsigned()) return Wrong(name, kWanted, *field);
    *value = field->get<uint64_t>();
  }

 private:
  const Json* Find(const char* name, const char* wanted) {
    const auto found = json_.find(name);
    if (found != json_.end()) return &*found;
    problems_.push_back(
        fmt::format("field '{}': expected {}, found nothing", name, wanted));
    return nullptr;
  }
  void Wrong(const char* name, const char* wanted, const Json& found) {
    std::string shown = found.dump(-1, ' ', /*ensure_ascii=*/true,
                                   Json::error_handler_t::replace);
    if (shown.size() > 60) shown = shown.substr(0, 60) + "...";
    problems_.push_back(
        fmt::format("field '{}': expected {}, found {}", name, wanted, shown));
  }

  const Json& json_;
  std::vector<std::string> problems_;
};

}  // namespace

std::string SyntheticRecordText(const SyntheticRecord& record) {
  Json json;
  json["generator"] = kGenerator;
  json["generator_version"] = record.generator_version;
  json["like"] = record.request.like;
  json["scenes"] = record.request.scenes;
  json["test_scenes"] = record.request.test_scenes;
  json["seed"] = record.request.seed;
  json["width_px"] = record.request.width_px;
  json["height_px"] = record.request.height_px;
  json["train_pairs"] = record.train_pairs;
  json["test_pairs"] = record.test_pairs;
  json["pixels_sha256"] = record.pixels_sha256;
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

absl::StatusOr<SyntheticRecord> ParseSyntheticRecord(const std::string& text,
                                                     const std::string& path) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  std::vector<std::string> problems;
  SyntheticRecord record;
  if (json.is_object()) {
    Fields fields(json);
    std::string generator;
    fields.Take("generator", &generator);
    fields.Take("generator_version", &record.generator_version);
    fields.Take("like", &record.request.like);
    fields.Take("scenes", &record.request.scenes);
    fields.Take("test_scenes", &record.request.test_scenes);
    fields.Take("seed", &record.request.seed);
    fields.Take("width_px", &record.request.width_px);
    fields.Take("height_px", &record.request.height_px);
    fields.Take("train_pairs", &record.train_pairs);
    fields.Take("test_pairs", &record.test_pairs);
    fields.Take("pixels_sha256", &record.pixels_sha256);
    problems = fields.problems();
    if (problems.empty() && generator != kGenerator) {
      problems.push_back(
          fmt::format("field 'generator': expected \"{}\"", kGenerator));
    }
  } else {
    problems.emplace_back("expected one JSON object");
  }
  if (problems.empty()) return record;
  return absl::DataLossError(ListProblems(
      fmt::format("'{}' is not the record of a synthetic set:", path), problems,
      "Remove the folder and make the set again."));
}

absl::StatusOr<SyntheticRecord> ReadSyntheticRecord(const std::string& root) {
  const std::string path = root + "/" + kSyntheticRecordName;
  BILD_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  return ParseSyntheticRecord(text, path);
}

}  // namespace bild
