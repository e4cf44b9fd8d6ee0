// Methods against a baseline, plain if nothing else is said. Two questions,
// never mixed: would another seed change this, and would other test images? And
// the word that the answers allow.

#ifndef REPORTS_COMPARISON_H_
#define REPORTS_COMPARISON_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reports/aggregate.h"
#include "reports/record.h"
#include "reports/resampling.h"
#include "reports/result_rows.h"
#include "reports/statistics.h"

namespace bild {

// The images behind the records of a results folder.
class PerImageScores {
 public:
  PerImageScores() = default;
  explicit PerImageScores(const std::vector<PerImageRow>& rows);

  // The rows of a record in the order of its list; null where there are none,
  // or where their number or their mean PSNR is not the record's, as in a
  // folder whose records come from several runs.
  const std::vector<PerImageRow>* Find(const Record& record) const;

 private:
  std::map<std::vector<std::string>, std::vector<PerImageRow>> rows_;
};

enum class ComparedMetric { kPsnrDb, kSsim };

// A method's value minus the baseline's, image by image, each averaged over the
// seeds that both have.
struct ImageDifference {
  int64_t images = 0;
  // Where several hazy images share a clear one, scenes are drawn and flipped
  // as wholes.
  bool by_scene = false;
  int64_t units = 0;  // Scenes, or images.
  double mean = 0.0;  // The same as the mean over seeds.
  // 95 %, bootstrap; NaN for a single unit, which has no spread.
  Interval interval;
  double p = 1.0;       // Sign-flip test.
  double holm_p = 1.0;  // Adjusted over all that are judged together.
};

// What may be said of a method. kNotDistinguishable is not "equal".
enum class Word { kBetter, kWorse, kNotDistinguishable };

struct Comparison {
  std::string method;
  ComparedMetric metric = ComparedMetric::kPsnrDb;
  PairedDifference seeds;  // By seed.
  // Empty without rows per image, and where a PSNR is infinite.
  std::optional<ImageDifference> images;
  bool has_few_images = false;  // Fewer than ten.
  // kBetter or kWorse where the intervals over images and over seeds both lie
  // on that side of 0 and the adjusted p is below 0.05; with fewer than two
  // seeds never.
  Word word = Word::kNotDistinguishable;
};

// "better", "not distinguishable, few images".
std::string WordText(const Comparison& comparison);

// A row of records that were scored in one way, a seed each, and where their
// images are. Both must outlive the call that they are given to.
struct ScoredRow {
  const MethodRow& row;
  const PerImageScores& images;
};

// `method` against `baseline`, not judged yet.
Comparison Compare(const ScoredRow& method, const ScoredRow& baseline,
                   ComparedMetric metric);

// Adjusts the p values over all of them, the family that a reader chooses the
// best of, and finds the words.
void JudgeTogether(std::vector<Comparison>* comparisons);

// One comparison per method with seeds other than plain, in the table's order,
// judged together; none where the table has no plain.
std::vector<Comparison> CompareToPlain(const ResultTable& table,
                                       const PerImageScores& images,
                                       ComparedMetric metric);

// A table's comparisons in both metrics, each a family of its own.
struct TableComparisons {
  std::vector<Comparison> psnr;
  std::vector<Comparison> ssim;
};

}  // namespace bild

#endif  // REPORTS_COMPARISON_H_
