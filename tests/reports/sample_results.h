// A results folder worked out by hand, for the tests of the reports.

#ifndef TESTS_REPORTS_SAMPLE_RESULTS_H_
#define TESTS_REPORTS_SAMPLE_RESULTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reports/record.h"
#include "reports/result_rows.h"

namespace bild {

// A complete, plausible record of a quick run on synthetic data.
Record SampleRecord(const std::string& method, std::optional<int64_t> seed,
                    const std::string& checkpoint, const std::string& profile);

// input, plain, bild and frozen_random, seeds 1 to 3, checkpoints best@val and
// last, profiles default and grid-bild. At best@val in profile default:
//
//   plain          31.25, 31.5, 31.125    mean 31.2917, sd 0.1909
//   bild           plain + 0.25, 0.3125, 0.28125
//                  mean 31.5729, sd 0.2128; difference 0.28125, sd 0.03125
//   frozen_random  plain - 0.125, + 0.25, - 0.0625
//                  mean 31.3125, sd 0.3802; difference 0.0208, sd 0.2009
//
// In "grid-bild" every PSNR is 0.5 dB lower, at "last" 0.25 dB lower.
std::vector<Record> SampleRecords();

// Validation PSNR and weight gain of the same runs, a few steps each.
std::vector<CurvePoint> SampleCurves();

// Rows of those images under the trained methods' records: image i of 0..139
// scores (i % 5 - 2) / 4 dB beside the record's mean, and a method's difference
// to plain is (i % 2 - 1/2) / 8 dB beside theirs. Four clear images, 35 hazy
// ones each.
std::vector<PerImageRow> SamplePerImage();

// A fresh, empty folder of this test; removed when the object goes.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// Writes records.jsonl and, where there are any, curves.csv and per_image.csv;
// fails the test if it cannot.
void WriteSampleResults(const std::string& folder,
                        const std::vector<Record>& records,
                        const std::vector<CurvePoint>& curves,
                        const std::vector<PerImageRow>& images = {});

}  // namespace bild

#endif  // TESTS_REPORTS_SAMPLE_RESULTS_H_
