#include "reports/comparison.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"

namespace bild {
namespace {

constexpr double kLevel = 0.05;

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

// The differences of the images and the clear image of each; false where rows
// are missing or differ in their images.
bool DifferencesOfImages(const MethodRow& method, const MethodRow& plain,
                         const std::vector<int64_t>& seeds,
                         const PerImageScores& images,
                         std::vector<double>* differences_db,
                         std::vector<std::string>* scenes) {
  for (const int64_t seed : seeds) {
    const auto* of_method = images.Find(*RecordOfSeed(method, seed));
    const auto* of_plain = images.Find(*RecordOfSeed(plain, seed));
    if (of_method == nullptr || of_plain == nullptr ||
        !AreOfSameImages(*of_method, *of_plain)) {
      return false;
    }
    if (differences_db->empty()) {
      differences_db->resize(of_plain->size());
      for (const PerImageRow& row : *of_plain) scenes->push_back(row.clear);
    }
    if (differences_db->size() != of_plain->size()) return false;
    for (size_t i = 0; i < differences_db->size(); ++i) {
      (*differences_db)[i] += (*of_method)[i].psnr_db - (*of_plain)[i].psnr_db;
    }
  }
  for (double& difference : *differences_db) {
    difference /= static_cast<double>(seeds.size());
  }
  return !differences_db->empty();
}

std::optional<ImageDifference> CompareImages(const MethodRow& method,
                                             const MethodRow& plain,
                                             const std::vector<int64_t>& seeds,
                                             const PerImageScores& images) {
  std::vector<double> differences_db;
  std::vector<std::string> scenes;
  if (!DifferencesOfImages(method, plain, seeds, images, &differences_db,
                           &scenes) ||
      !std::all_of(differences_db.begin(), differences_db.end(),
                   [](double d) { return std::isfinite(d); })) {
    return std::nullopt;
  }
  // Without scenes every group holds one image.
  const DifferenceGroups groups = GroupDifferences(differences_db, scenes);
  ImageDifference result;
  result.images = static_cast<int64_t>(differences_db.size());
  result.units = static_cast<int64_t>(groups.size());
  result.by_scene = result.units < result.images;
  result.mean_db = Summarise(differences_db).mean;
  result.interval_db = BootstrapInterval(groups, ResamplingOptions());
  result.p = SignFlipP(groups, ResamplingOptions());
  return result;
}

void AdjustOverTheTable(std::vector<Comparison>* comparisons) {
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
  const Interval& images = comparison.images->interval_db;
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

std::string WordText(Word word) {
  switch (word) {
    case Word::kBetter:
      return "better";
    case Word::kWorse:
      return "worse";
    case Word::kNotDistinguishable:
      break;
  }
  return "not distinguishable";
}

std::vector<Comparison> CompareToPlain(const ResultTable& table,
                                       const PerImageScores& images) {
  std::vector<Comparison> comparisons;
  for (const MethodRow& row : table.rows) {
    const auto seeds = PsnrDifferenceToPlain(table, row);
    if (!seeds.has_value()) continue;
    Comparison comparison;
    comparison.method = row.method;
    comparison.seeds = *seeds;
    comparison.images =
        CompareImages(row, *table.Find("plain"), seeds->seeds, images);
    comparisons.push_back(std::move(comparison));
  }
  AdjustOverTheTable(&comparisons);
  for (Comparison& comparison : comparisons) {
    comparison.word = WordFor(comparison);
  }
  return comparisons;
}

}  // namespace bild
