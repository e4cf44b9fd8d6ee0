#include "reports/record.h"

#include <cmath>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "bild/base/atomic_file.h"
#include "bild/base/json_integer.h"
#include "bild/base/status.h"
#include "nlohmann/json.hpp"
#include "reports/number.h"

namespace bild {
namespace {

using Json = nlohmann::ordered_json;

// The one list of times; see VisitFields for everything else.
template <typename AnyRecord, typename Visitor>
void VisitTimeFields(AnyRecord& record, Visitor&& visit) {
  visit("wall_seconds", record.wall_seconds);
  visit("step_milliseconds_median", record.step_milliseconds_median);
  visit("peak_memory_mib", record.peak_memory_mib);
  visit("started_at", record.started_at);
}

// Names every field, in the order of the file. Writer and reader both go
// through here, so neither can forget one.
template <typename AnyRecord, typename Visitor>
void VisitFields(AnyRecord& record, Visitor&& visit) {
  visit("schema", record.schema);
  visit("run_id", record.run_id);
  visit("target", record.target);
  visit("method", record.method);
  visit("seed", record.seed);
  visit("checkpoint", record.checkpoint);
  visit("checkpoint_step", record.checkpoint_step);
  visit("profile", record.profile);
  visit("n", record.n);
  visit("n_clear", record.n_clear);
  visit("n_identical", record.n_identical);
  visit("psnr_db", record.psnr_db);
  visit("ssim", record.ssim);
  visit("ciede2000", record.ciede2000);
  visit("validation_psnr_db", record.validation_psnr_db);
  visit("evaluation_resolution", record.evaluation_resolution);
  visit("tiling", record.tiling);
  visit("decoder_probe", record.decoder_probe);
  visit("dataset", record.dataset);
  visit("train_dataset", record.train_dataset);
  visit("layout", record.layout);
  visit("test_layout", record.test_layout);
  visit("test_list_sha256", record.test_list_sha256);
  visit("train_list_sha256", record.train_list_sha256);
  visit("validation_list_sha256", record.validation_list_sha256);
  visit("n_train", record.n_train);
  visit("n_validation", record.n_validation);
  visit("split", record.split);
  visit("backbone", record.backbone);
  visit("parameters", record.parameters);
  visit("published", record.published);
  visit("run_profile", record.run_profile);
  visit("steps", record.steps);
  visit("batch", record.batch);
  visit("crop_px", record.crop_px);
  visit("loss", record.loss);
  visit("config", record.config);
  visit("reward_engine", record.reward_engine);
  visit("gain_mean", record.gain_mean);
  visit("gain_standard_error", record.gain_standard_error);
  visit("gain_t", record.gain_t);
  visit("agreement_mean", record.agreement_mean);
  visit("phi_gradient_norm", record.phi_gradient_norm);
  visit("entropy_mean", record.entropy_mean);
  visit("effective_batch_mean", record.effective_batch_mean);
  visit("weight_loss_correlation", record.weight_loss_correlation);
  visit("own_gain_mean", record.own_gain_mean);
  visit("gradient_cosine", record.gradient_cosine);
  visit("reward_spread", record.reward_spread);
  visit("zero_gradient_share", record.zero_gradient_share);
  visit("training_loss", record.training_loss);
  visit("validation_loss", record.validation_loss);
  visit("commit", record.commit);
  visit("dirty", record.dirty);
  visit("device", record.device);
  visit("threads", record.threads);
  visit("libraries", record.libraries);
  visit("verdict", record.verdict);
  visit("invalid_reasons", record.invalid_reasons);
  VisitTimeFields(record, visit);
}

// File names need not be UTF-8, JSON must be: bytes that are not are replaced.
std::string JsonString(const std::string& text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string JsonNumber(double value) {
  if (std::isnan(value)) return "null";
  if (std::isinf(value)) return value > 0 ? "\"inf\"" : "\"-inf\"";
  // As an integer a negative zero would lose its sign.
  if (value == 0 && std::signbit(value)) return "-0.0";
  return FormatShortest(value);
}

struct Writer {
  std::string text;

  void operator()(const char* name, const std::string& value) {
    Put(name, JsonString(value));
  }
  void operator()(const char* name, bool value) {
    Put(name, value ? "true" : "false");
  }
  void operator()(const char* name, int64_t value) {
    Put(name, absl::StrCat(value));
  }
  void operator()(const char* name, double value) {
    Put(name, JsonNumber(value));
  }
  template <typename Value>
  void operator()(const char* name, const std::optional<Value>& value) {
    if (value.has_value()) {
      (*this)(name, *value);
    } else {
      Put(name, "null");
    }
  }
  void Put(const char* name, const std::string& value) {
    absl::StrAppend(&text, text.empty() ? "{\"" : ",\"", name, "\":", value);
  }
};

struct Reader {
  const Json& object;
  std::vector<std::string> problems;
  std::set<std::string> known;

  template <typename Value>
  void operator()(const char* name, Value& value) {
    known.insert(name);
    const auto found = object.find(name);
    if (found == object.end()) {
      problems.push_back(absl::StrCat("field '", name, "' is missing"));
    } else {
      Take(name, *found, value);
    }
  }
  void Take(const char* name, const Json& json, std::string& value) {
    if (!json.is_string()) return Wrong(name, "a string", json);
    value = json.get<std::string>();
  }
  void Take(const char* name, const Json& json, bool& value) {
    if (!json.is_boolean()) return Wrong(name, "true or false", json);
    value = json.get<bool>();
  }
  void Take(const char* name, const Json& json, int64_t& value) {
    const std::optional<int64_t> number = JsonInteger(json);
    if (!number.has_value()) return Wrong(name, "a 64-bit integer", json);
    value = *number;
  }
  void Take(const char* name, const Json& json, double& value) {
    if (json.is_number()) {
      value = json.get<double>();
    } else if (json == "inf" || json == "-inf") {
      value =
          std::numeric_limits<double>::infinity() * (json == "inf" ? 1 : -1);
    } else {
      Wrong(name, "a number or \"inf\"", json);
    }
  }
  template <typename Value>
  void Take(const char* name, const Json& json, std::optional<Value>& value) {
    value.reset();
    if (json.is_null()) return;
    Take(name, json, value.emplace());
  }
  void Wrong(const char* name, const char* expected, const Json& json) {
    std::string found =
        json.dump(-1, ' ', false, Json::error_handler_t::replace);
    if (found.size() > 40) found = found.substr(0, 40) + "...";
    problems.push_back(absl::StrCat("field '", name, "': expected ", expected,
                                    ", found ", found));
  }
};

struct TimeEraser {
  void operator()(const char*, std::string& value) const { value.clear(); }
  void operator()(const char*, std::optional<double>& value) const {
    value.reset();
  }
};

// The line as a flat JSON object whose keys are all different.
absl::StatusOr<Json> ParseFlatObject(const std::string& line) {
  std::set<std::string> seen;
  std::string problem;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    const bool opens = event == Json::parse_event_t::object_start ||
                       event == Json::parse_event_t::array_start;
    if (opens && depth > 0 && problem.empty()) {
      problem = "a nested object or list; a record is flat";
    }
    if (event == Json::parse_event_t::key && depth == 1 &&
        !seen.insert(parsed.get<std::string>()).second && problem.empty()) {
      problem = absl::StrCat("field '", parsed.get<std::string>(),
                             "' stands there twice");
    }
    return true;
  };
  try {
    Json object = Json::parse(line, watch);
    if (!object.is_object()) problem = "no JSON object";
    if (!problem.empty()) return absl::InvalidArgumentError(problem);
    return object;
  } catch (const Json::exception& error) {
    return absl::InvalidArgumentError(
        absl::StrCat("no valid JSON: ", error.what()));
  }
}

void CheckValues(const Record& record, std::vector<std::string>* problems) {
  if (record.method.empty()) problems->push_back("field 'method' is empty");
  if (record.profile.empty()) {
    problems->push_back(
        "field 'profile' is empty: a value without a metric profile is not a "
        "result");
  }
  if (record.n < 1) {
    problems->push_back(absl::StrCat(
        "field 'n': expected at least one image, found ", record.n));
  }
  if (record.verdict != "VALID" && record.verdict != "INVALID") {
    problems->push_back(
        absl::StrCat("field 'verdict': expected VALID or INVALID, found '",
                     record.verdict, "'"));
  }
  if ((record.verdict == "VALID") != record.invalid_reasons.empty()) {
    problems->push_back(absl::StrCat("verdict ", record.verdict,
                                     " contradicts invalid_reasons '",
                                     record.invalid_reasons, "'"));
  }
}

}  // namespace

std::string ToJsonLine(const Record& record) {
  Writer writer;
  VisitFields(record, writer);
  return writer.text + "}";
}

absl::StatusOr<Record> ParseRecord(const std::string& line) {
  BILD_ASSIGN_OR_RETURN(const Json object, ParseFlatObject(line));
  // Another schema has other fields: say that, rather than list them.
  const auto schema = object.find("schema");
  if (schema != object.end() && schema->is_string() &&
      *schema != kRecordSchema) {
    return absl::FailedPreconditionError(
        absl::StrCat("schema '", schema->get<std::string>(),
                     "' is unknown, expected '", kRecordSchema,
                     "'. Read it with the version of this suite that wrote "
                     "it, or run again."));
  }
  Record record;
  Reader reader{object, {}, {}};
  VisitFields(record, reader);
  for (const auto& [key, unused] : object.items()) {
    if (reader.known.count(key) == 0) {
      reader.problems.push_back(absl::StrCat("field '", key, "' is unknown"));
    }
  }
  if (reader.problems.empty()) CheckValues(record, &reader.problems);
  if (!reader.problems.empty()) {
    constexpr size_t kShown = 10;
    std::string text = absl::StrJoin(
        reader.problems.begin(),
        reader.problems.begin() +
            static_cast<int64_t>(std::min(kShown, reader.problems.size())),
        "; ");
    if (reader.problems.size() > kShown) {
      absl::StrAppend(&text, "; ... ", reader.problems.size(),
                      " problems in all");
    }
    return absl::InvalidArgumentError(text);
  }
  return record;
}

absl::StatusOr<std::vector<Record>> ReadRecords(const std::string& path) {
  BILD_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  std::vector<Record> records;
  std::vector<std::string> problems;
  absl::StatusCode code = absl::StatusCode::kInvalidArgument;
  size_t begin = 0;
  for (int64_t number = 1; begin < text.size(); ++number) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    absl::StatusOr<Record> record =
        ParseRecord(text.substr(begin, end - begin));
    if (record.ok()) {
      records.push_back(*std::move(record));
    } else {
      if (problems.empty()) code = record.status().code();
      problems.push_back(absl::StrCat("line ", number, ": ",
                                      std::string(record.status().message())));
    }
    begin = end + 1;
  }
  if (!problems.empty()) {
    return absl::Status(
        code, ListProblems(absl::StrCat("'", path,
                                        "': these lines are not records of "
                                        "this suite:"),
                           problems,
                           "A last line that breaks off means that the run was "
                           "cut short: start it again with --resume."));
  }
  if (records.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("'", path,
                     "' is empty: expected one record a line. The run has not "
                     "finished anything yet; start it again with --resume."));
  }
  return records;
}

absl::Status WriteRecords(const std::string& path,
                          const std::vector<Record>& records) {
  std::string text;
  for (const Record& record : records) {
    absl::StrAppend(&text, ToJsonLine(record), "\n");
  }
  return WriteFileAtomically(path, text);
}

Record RecordWithoutTimes(Record record) {
  VisitTimeFields(record, TimeEraser());
  return record;
}

std::vector<std::string> RecordTimeFields() {
  std::vector<std::string> names;
  Record record;
  VisitTimeFields(record, [&names](const char* name, const auto&) {
    names.push_back(name);
  });
  return names;
}

}  // namespace bild
