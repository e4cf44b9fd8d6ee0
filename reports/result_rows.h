// The rows of a results folder's CSV files.

#ifndef REPORTS_RESULT_ROWS_H_
#define REPORTS_RESULT_ROWS_H_

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace bild {

// curves.csv: one number that a run logged at a step, in the long form
// `method,seed,step,name,value`.
struct CurvePoint {
  std::string method;
  int64_t seed = 0;
  int64_t step = 0;
  std::string name;  // With its unit: "validation_psnr_db".
  // NaN: undefined there (an empty field in the file).
  double value = std::numeric_limits<double>::quiet_NaN();
};

// per_image.csv: one test image under one metric profile.
struct PerImageRow {
  std::string method;
  std::optional<int64_t> seed;  // Empty for given weights.
  std::string checkpoint;       // "best@val" or "last".
  std::string hazy;             // Ids, as the lists have them.
  std::string clear;
  int64_t width = 0;
  int64_t height = 0;
  std::string profile;
  double psnr_db = std::numeric_limits<double>::quiet_NaN();  // May be +inf.
  double ssim = std::numeric_limits<double>::quiet_NaN();
  std::optional<double> ciede2000;  // Profile "default" only.
  std::string flags;                // "identical", "capped", ...
};

// weights.csv: the weight of one training patch at one step.
struct WeightRow {
  std::string method;
  int64_t seed = 0;
  int64_t step = 0;
  int64_t place = 0;  // In the batch, from 0.
  std::string id;     // The pair that the patch was cut from.
  int64_t x_px = 0;   // Upper left corner of the crop.
  int64_t y_px = 0;
  int64_t crop_px = 0;
  double weight = std::numeric_limits<double>::quiet_NaN();
  double loss = std::numeric_limits<double>::quiet_NaN();
  std::optional<double> reward;  // Empty where none was computed.
};

// label_faults.csv: a training pair that --label_fault made faulty. It is there
// for who looks at the results; training never reads it.
struct LabelFaultRow {
  int64_t seed = 0;      // Each seed draws its own.
  std::string id;        // The pair.
  std::string fault;     // "hazy:0.3".
  std::string clear_of;  // Whose picture stands for its clear one.
};

// First lines of the files, each with its line feed.
std::string CurvesHeader();
std::string PerImageHeader();
std::string WeightsHeader();
std::string LabelFaultsHeader();

// One row as a line with its line feed.
std::string ToCsvLine(const CurvePoint& point);
std::string ToCsvLine(const PerImageRow& row);
std::string ToCsvLine(const WeightRow& row);
std::string ToCsvLine(const LabelFaultRow& row);

// Reads curves.csv. InvalidArgument names the file and the lines that are
// wrong: another header, too few fields, not a number, a point given twice.
absl::StatusOr<std::vector<CurvePoint>> ReadCurves(const std::string& path);

// Reads per_image.csv, with the same errors; an image may stand once under each
// (method, seed, checkpoint, profile), and has a PSNR and an SSIM.
absl::StatusOr<std::vector<PerImageRow>> ReadPerImage(const std::string& path);

// Reads weights.csv and label_faults.csv, with the same errors; a place may
// stand once at each (method, seed, step), a pair once a seed.
absl::StatusOr<std::vector<WeightRow>> ReadWeights(const std::string& path);
absl::StatusOr<std::vector<LabelFaultRow>> ReadLabelFaults(
    const std::string& path);

}  // namespace bild

#endif  // REPORTS_RESULT_ROWS_H_
