#include "reports/comparison.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"

namespace bild {
namespace {

constexpr double kLevel = 0.05;
constexpr int64_t kFewImages = 10;

// Means are written and read without loss; only another order of summing could
// move them.
constexpr double kSameMeanDb = 1e-9;

std::vector<std::string> KeyOf(const std::string& method,
                               const std::optional<int64_t>& seed,
                               const std::string& checkpoint,
                               const std::string& profile) {
  return {method, seed.has_value() ? absl::StrCat(*seed) : "", checkpoint,
          profile};
}

const Record* RecordOfSeed(const MethodRow& row, int64_t seed) {
  for (const Record& record : row.records) {
    if (record.seed == seed) return &record;
  }
  return nullptr;
}

bool AreOfSameImages(const std::vector<PerImageRow>& a,
                     const std::vector<PerImageRow>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const PerImageRow& x, const PerImageRow& y) {
                      return x.hazy == y.hazy && x.clear == y.clear;
                    });
}

double ValueOf(const PerImageRow& row, ComparedMetric metric) {
  return metric == ComparedMetric::kSsim ? row.ssim : row.psnr_db;
}

std::map<int64_t, double> ValuesBySeed(const MethodRow& row,
                                       ComparedMetric metric) {
  std::map<int64_t, double> values;
  for (const Record& record : row.records) {
    if (!record.seed.has_value()) continue;
    values[*record.seed] =
        metric == ComparedMetric::kSsim ? record.ssim : record.psnr_db;
  }
  return values;
}

// The differences of the images and the clear image of each; false where rows
// are missing or differ in their images.
bool DifferencesOfImages(const ScoredRow& method, const ScoredRow& baseline,
                         const std::vector<int64_t>& seeds,
                         ComparedMetric metric,
                         std::vector<double>* differences,
                         std::vector<std::string>* scenes) {
  for (const int64_t seed : seeds) {
    const auto* of_method = method.images.Find(*RecordOfSeed(method.row, seed));
    const auto* of_baseline =
        baseline.images.Find(*RecordOfSeed(baseline.row, seed));
    if (of_method == nullptr || of_baseline == nullptr ||
        !AreOfSameImages(*of_method, *of_baseline)) {
      return false;
    }
    if (differences->empty()) {
      differences->resize(of_baseline->size());
      for (const PerImageRow& row : *of_baseline) scenes->push_back(row.clear);
    }
    if (differences->size() != of_baseline->size()) return false;
    for (size_t i = 0; i < differences->size(); ++i) {
      (*differences)[i] +=
          ValueOf((*of_method)[i], metric) - ValueOf((*of_baseline)[i], metric);
    }
  }
  for (double& difference : *differences) {
    difference /= static_cast<double>(seeds.size());
  }
  return !differences->empty();
}

std::optional<ImageDifference> CompareImages(const ScoredRow& method,
                                             const ScoredRow& baseline,
                                             const std::vector<int64_t>& seeds,
                                             ComparedMetric metric) {
  std::vector<double> differences;
  std::vector<std::string> scenes;
  if (!DifferencesOfImages(method, baseline, seeds, metric, &differences,
                           &scenes) ||
      !std::all_of(differences.begin(), differences.end(),
                   [](double d) { return std::isfinite(d); })) {
    return std::nullopt;
  }
  // Without scenes every group holds one image.
  const DifferenceGroups groups = GroupDifferences(differences, scenes);
  ImageDifference result;
  result.images = static_cast<int64_t>(differences.size());
  result.units = static_cast<int64_t>(groups.size());
  result.by_scene = result.units < result.images;
  result.mean = Summarise(differences).mean;
  constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
  result.interval = result.units > 1
                        ? BootstrapInterval(groups, ResamplingOptions())
                        : Interval{kUndefined, kUndefined};
  result.p = SignFlipP(groups, ResamplingOptions());
  return result;
}

void AdjustTogether(std::vector<Comparison>* comparisons) {
  std::vector<double> p;
  for (const Comparison& comparison : *comparisons) {
    if (comparison.images.has_value()) p.push_back(comparison.images->p);
  }
  const std::vector<double> adjusted = HolmAdjusted(p);
  size_t next = 0;
  for (Comparison& comparison : *comparisons) {
    if (comparison.images.has_value()) {
      comparison.images->holm_p = adjusted[next++];
    }
  }
}

Word WordFor(const Comparison& comparison) {
  const SeedSummary& seeds = comparison.seeds.summary;
  if (!comparison.images.has_value() || seeds.count < 2 ||
      !std::isfinite(seeds.half_width) || comparison.images->holm_p >= kLevel) {
    return Word::kNotDistinguishable;
  }
  const Interval& images = comparison.images->interval;
  if (images.low > 0.0 && seeds.mean - seeds.half_width > 0.0) {
    return Word::kBetter;
  }
  if (images.high < 0.0 && seeds.mean + seeds.half_width < 0.0) {
    return Word::kWorse;
  }
  return Word::kNotDistinguishable;
}

}  // namespace

PerImageScores::PerImageScores(const std::vector<PerImageRow>& rows) {
  for (const PerImageRow& row : rows) {
    rows_[KeyOf(row.method, row.seed, row.checkpoint, row.profile)].push_back(
        row);
  }
}

const std::vector<PerImageRow>* PerImageScores::Find(
    const Record& record) const {
  const auto found = rows_.find(
      KeyOf(record.method, record.seed, record.checkpoint, record.profile));
  if (found == rows_.end() ||
      static_cast<int64_t>(found->second.size()) != record.n) {
    return nullptr;
  }
  double sum_db = 0.0;
  for (const PerImageRow& row : found->second) sum_db += row.psnr_db;
  const double mean_db = sum_db / static_cast<double>(record.n);
  // Equal first, for two infinities.
  const bool is_same = mean_db == record.psnr_db ||
                       std::abs(mean_db - record.psnr_db) <= kSameMeanDb;
  return is_same ? &found->second : nullptr;
}

std::string WordText(const Comparison& comparison) {
  std::string text = "not distinguishable";
  if (comparison.word == Word::kBetter) text = "better";
  if (comparison.word == Word::kWorse) text = "worse";
  return comparison.has_few_images ? text + ", few images" : text;
}

Comparison Compare(const ScoredRow& method, const ScoredRow& baseline,
                   ComparedMetric metric) {
  Comparison comparison;
  comparison.method = method.row.method;
  comparison.metric = metric;
  comparison.seeds = PairBySeed(ValuesBySeed(method.row, metric),
                                ValuesBySeed(baseline.row, metric));
  comparison.images =
      CompareImages(method, baseline, comparison.seeds.seeds, metric);
  comparison.has_few_images = method.row.records.front().n < kFewImages;
  return comparison;
}

void JudgeTogether(std::vector<Comparison>* comparisons) {
  AdjustTogether(comparisons);
  for (Comparison& comparison : *comparisons) {
    comparison.word = WordFor(comparison);
  }
}

std::vector<Comparison> CompareToPlain(const ResultTable& table,
                                       const PerImageScores& images,
                                       ComparedMetric metric) {
  std::vector<Comparison> comparisons;
  const MethodRow* plain = table.Find("plain");
  if (plain == nullptr || !plain->HasSeeds()) return comparisons;
  for (const MethodRow& row : table.rows) {
    if (&row == plain || !row.HasSeeds()) continue;
    comparisons.push_back(Compare({row, images}, {*plain, images}, metric));
  }
  JudgeTogether(&comparisons);
  return comparisons;
}

}  // namespace bild
