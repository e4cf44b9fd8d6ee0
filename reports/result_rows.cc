#include "reports/result_rows.h"

#include <map>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "bild/base/atomic_file.h"
#include "bild/base/status.h"
#include "reports/csv.h"

namespace bild {
namespace {

using Names = std::vector<std::string>;

const Names& CurveColumns() {
  static const auto* const columns =
      new Names{"method", "seed", "step", "name", "value"};
  return *columns;
}

const Names& PerImageColumns() {
  static const auto* const columns = new Names{
      "method", "seed",    "checkpoint", "hazy", "clear",     "width",
      "height", "profile", "psnr_db",    "ssim", "ciede2000", "flags"};
  return *columns;
}

const Names& WeightColumns() {
  static const auto* const columns =
      new Names{"method", "seed",    "step",   "place", "id",    "x_px",
                "y_px",   "crop_px", "weight", "loss",  "reward"};
  return *columns;
}

const Names& LabelFaultColumns() {
  static const auto* const columns =
      new Names{"seed", "id", "fault", "clear_of"};
  return *columns;
}

// An optional number or integer; false for a field that is neither.
bool ParseOptional(const std::string& field, std::optional<double>* value) {
  if (field.empty()) return true;
  return ParseCsvNumber(field, &value->emplace());
}

bool ParseOptional(const std::string& field, std::optional<int64_t>* value) {
  if (field.empty()) return true;
  return ParseCsvInteger(field, &value->emplace());
}

// A number that has to be there: an empty field reads as NaN elsewhere.
bool ParseScore(const std::string& field, double* value) {
  return !field.empty() && ParseCsvNumber(field, value);
}

absl::Status RowErrors(const std::string& path,
                       const std::vector<std::string>& problems) {
  if (problems.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(ListProblems(
      absl::StrCat("'", path, "': these rows are wrong:"), problems, ""));
}

}  // namespace

std::string CurvesHeader() { return CsvLine(CurveColumns()); }

std::string PerImageHeader() { return CsvLine(PerImageColumns()); }

std::string WeightsHeader() { return CsvLine(WeightColumns()); }

std::string LabelFaultsHeader() { return CsvLine(LabelFaultColumns()); }

std::string ToCsvLine(const CurvePoint& point) {
  return CsvLine({point.method, absl::StrCat(point.seed),
                  absl::StrCat(point.step), point.name,
                  CsvNumber(point.value)});
}

std::string ToCsvLine(const PerImageRow& row) {
  return CsvLine({row.method, CsvNumber(row.seed), row.checkpoint, row.hazy,
                  row.clear, absl::StrCat(row.width), absl::StrCat(row.height),
                  row.profile, CsvNumber(row.psnr_db), CsvNumber(row.ssim),
                  CsvNumber(row.ciede2000), row.flags});
}

std::string ToCsvLine(const WeightRow& row) {
  return CsvLine({row.method, absl::StrCat(row.seed), absl::StrCat(row.step),
                  absl::StrCat(row.place), row.id, absl::StrCat(row.x_px),
                  absl::StrCat(row.y_px), absl::StrCat(row.crop_px),
                  CsvNumber(row.weight), CsvNumber(row.loss),
                  CsvNumber(row.reward)});
}

std::string ToCsvLine(const LabelFaultRow& row) {
  return CsvLine({absl::StrCat(row.seed), row.id, row.fault, row.clear_of});
}

absl::StatusOr<std::vector<CurvePoint>> ReadCurves(const std::string& path) {
  BILD_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  BILD_ASSIGN_OR_RETURN(const std::vector<CsvRow> rows,
                        ParseCsvTable(text, CurveColumns(), path));
  std::vector<CurvePoint> points;
  std::vector<std::string> problems;
  std::map<std::tuple<std::string, int64_t, int64_t, std::string>, int64_t>
      line_of_point;
  for (const CsvRow& row : rows) {
    CurvePoint point;
    point.method = row.fields[0];
    point.name = row.fields[3];
    if (!ParseCsvInteger(row.fields[1], &point.seed) ||
        !ParseCsvInteger(row.fields[2], &point.step) ||
        !ParseCsvNumber(row.fields[4], &point.value)) {
      problems.push_back(absl::StrCat(
          "line ", row.line,
          ": expected an integer seed and step and a number, "
          "found '",
          row.fields[1], "', '", row.fields[2], "', '", row.fields[4], "'"));
      continue;
    }
    const auto [first, is_new] = line_of_point.emplace(
        std::make_tuple(point.method, point.seed, point.step, point.name),
        row.line);
    if (!is_new) {
      problems.push_back(
          absl::StrCat("line ", row.line, ": '", point.name, "' of ",
                       point.method, ", seed ", point.seed, ", step ",
                       point.step, " already stands on line ", first->second));
      continue;
    }
    points.push_back(std::move(point));
  }
  BILD_RETURN_IF_ERROR(RowErrors(path, problems));
  return points;
}

absl::StatusOr<std::vector<PerImageRow>> ReadPerImage(const std::string& path) {
  BILD_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  BILD_ASSIGN_OR_RETURN(const std::vector<CsvRow> rows,
                        ParseCsvTable(text, PerImageColumns(), path));
  std::vector<PerImageRow> images;
  std::vector<std::string> problems;
  std::map<std::vector<std::string>, int64_t> line_of_image;
  for (const CsvRow& row : rows) {
    const std::vector<std::string>& fields = row.fields;
    PerImageRow image;
    image.method = fields[0];
    image.checkpoint = fields[2];
    image.hazy = fields[3];
    image.clear = fields[4];
    image.profile = fields[7];
    image.flags = fields[11];
    if (!ParseOptional(fields[1], &image.seed) ||
        !ParseCsvInteger(fields[5], &image.width) ||
        !ParseCsvInteger(fields[6], &image.height) ||
        !ParseScore(fields[8], &image.psnr_db) ||
        !ParseScore(fields[9], &image.ssim) ||
        !ParseOptional(fields[10], &image.ciede2000)) {
      problems.push_back(absl::StrCat(
          "line ", row.line,
          ": expected seed, width and height as integers and the scores as "
          "numbers (seed and ciede2000 may be empty), found '",
          absl::StrJoin(fields, ","), "'"));
      continue;
    }
    const auto [first, is_new] = line_of_image.emplace(
        std::vector<std::string>{fields[0], fields[1], fields[2], fields[3],
                                 fields[7]},
        row.line);
    if (!is_new) {
      problems.push_back(absl::StrCat("line ", row.line, ": image '",
                                      image.hazy,
                                      "' of the same run already stands on "
                                      "line ",
                                      first->second));
      continue;
    }
    images.push_back(std::move(image));
  }
  BILD_RETURN_IF_ERROR(RowErrors(path, problems));
  return images;
}

absl::StatusOr<std::vector<WeightRow>> ReadWeights(const std::string& path) {
  BILD_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  BILD_ASSIGN_OR_RETURN(const std::vector<CsvRow> rows,
                        ParseCsvTable(text, WeightColumns(), path));
  std::vector<WeightRow> weights;
  std::vector<std::string> problems;
  std::map<std::tuple<std::string, int64_t, int64_t, int64_t>, int64_t>
      line_of_place;
  for (const CsvRow& row : rows) {
    const std::vector<std::string>& fields = row.fields;
    WeightRow weight;
    weight.method = fields[0];
    weight.id = fields[4];
    if (!ParseCsvInteger(fields[1], &weight.seed) ||
        !ParseCsvInteger(fields[2], &weight.step) ||
        !ParseCsvInteger(fields[3], &weight.place) ||
        !ParseCsvInteger(fields[5], &weight.x_px) ||
        !ParseCsvInteger(fields[6], &weight.y_px) ||
        !ParseCsvInteger(fields[7], &weight.crop_px) ||
        !ParseCsvNumber(fields[8], &weight.weight) ||
        !ParseCsvNumber(fields[9], &weight.loss) ||
        !ParseOptional(fields[10], &weight.reward)) {
      problems.push_back(absl::StrCat(
          "line ", row.line,
          ": expected integers for seed, step, place and crop and numbers for "
          "weight, loss and reward, found '",
          absl::StrJoin(fields, ","), "'"));
      continue;
    }
    const auto [first, is_new] = line_of_place.emplace(
        std::make_tuple(weight.method, weight.seed, weight.step, weight.place),
        row.line);
    if (!is_new) {
      problems.push_back(absl::StrCat("line ", row.line, ": place ",
                                      weight.place,
                                      " of the same batch already stands on "
                                      "line ",
                                      first->second));
      continue;
    }
    weights.push_back(std::move(weight));
  }
  BILD_RETURN_IF_ERROR(RowErrors(path, problems));
  return weights;
}

absl::StatusOr<std::vector<LabelFaultRow>> ReadLabelFaults(
    const std::string& path) {
  BILD_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  BILD_ASSIGN_OR_RETURN(const std::vector<CsvRow> rows,
                        ParseCsvTable(text, LabelFaultColumns(), path));
  std::vector<LabelFaultRow> faults;
  std::vector<std::string> problems;
  std::map<std::pair<int64_t, std::string>, int64_t> line_of_pair;
  for (const CsvRow& row : rows) {
    LabelFaultRow fault{0, row.fields[1], row.fields[2], row.fields[3]};
    if (!ParseCsvInteger(row.fields[0], &fault.seed)) {
      problems.push_back(absl::StrCat("line ", row.line,
                                      ": expected an integer seed, found '",
                                      row.fields[0], "'"));
      continue;
    }
    const auto [first, is_new] =
        line_of_pair.emplace(std::make_pair(fault.seed, fault.id), row.line);
    if (!is_new) {
      problems.push_back(
          absl::StrCat("line ", row.line, ": '", fault.id, "' of seed ",
                       fault.seed, " already stands on line ", first->second));
      continue;
    }
    faults.push_back(std::move(fault));
  }
  BILD_RETURN_IF_ERROR(RowErrors(path, problems));
  return faults;
}

}  // namespace bild
