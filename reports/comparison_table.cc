#include "reports/comparison_table.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "reports/markdown.h"

namespace bild {
namespace {

constexpr int kDifferenceDecimals = 3;
constexpr int kProbabilityDecimals = 4;
constexpr int64_t kFewImages = 10;
constexpr double kNoiseOfFewImagesDb = 0.3;

std::string IntervalText(double low, double high) {
  return absl::StrCat(FormatSigned(low, kDifferenceDecimals), " to ",
                      FormatSigned(high, kDifferenceDecimals));
}

std::string SeedCell(const SeedSummary& seeds) {
  if (seeds.count < 2) return "1 seed";
  if (!std::isfinite(seeds.half_width)) return "n/a";
  return IntervalText(seeds.mean - seeds.half_width,
                      seeds.mean + seeds.half_width);
}

bool HasImages(const std::vector<Comparison>& comparisons) {
  return std::any_of(comparisons.begin(), comparisons.end(),
                     [](const Comparison& comparison) {
                       return comparison.images.has_value();
                     });
}

std::string ImageCell(const ImageDifference& images) {
  std::string text =
      IntervalText(images.interval_db.low, images.interval_db.high);
  if (images.by_scene) {
    absl::StrAppend(&text, " by scene (", images.units, ")");
  }
  return text;
}

std::string WordCell(const Comparison& comparison) {
  std::string text = WordText(comparison.word);
  if (comparison.images.has_value() && comparison.images->images < kFewImages) {
    absl::StrAppend(&text, ", few images");
  }
  return text;
}

// Small effects on few images, which authors see from run to run.
std::string NoiseNote(const std::vector<Comparison>& comparisons) {
  const bool is_small = std::any_of(
      comparisons.begin(), comparisons.end(), [](const Comparison& comparison) {
        return comparison.images.has_value() &&
               comparison.images->images < kFewImages &&
               std::abs(comparison.images->mean_db) < kNoiseOfFewImagesDb;
      });
  return is_small ? "\nA difference under 0.3 dB on so few images is inside "
                    "what authors report as noise from run to run.\n"
                  : "";
}

}  // namespace

std::string ComparisonTable(const std::vector<Comparison>& comparisons) {
  if (!HasImages(comparisons)) return "";
  MarkdownTable table(
      {"Against `plain`", "PSNR − plain (dB)", "95 % over seeds",
       "95 % over images", "p", "p, adjusted", "So it is"},
      /*left_columns=*/1);
  for (const Comparison& comparison : comparisons) {
    if (!comparison.images.has_value()) {
      table.AddRow({Code(comparison.method), "n/a",
                    SeedCell(comparison.seeds.summary), "n/a", "n/a", "n/a",
                    WordCell(comparison)});
      continue;
    }
    const ImageDifference& images = *comparison.images;
    table.AddRow({Code(comparison.method),
                  FormatSigned(images.mean_db, kDifferenceDecimals),
                  SeedCell(comparison.seeds.summary), ImageCell(images),
                  FormatFixed(images.p, kProbabilityDecimals),
                  FormatFixed(images.holm_p, kProbabilityDecimals),
                  WordCell(comparison)});
  }
  return table.ToText() + NoiseNote(comparisons);
}

std::string ReadingTheComparisons(
    const std::vector<std::vector<Comparison>>& comparisons) {
  if (std::none_of(comparisons.begin(), comparisons.end(), HasImages)) {
    return "";
  }
  return "\n*Over images*: would other test images change this? Each image's "
         "difference is averaged over the seeds; the interval is a percentile "
         "bootstrap of 10 000 resamples. Where hazy images share a clear one, "
         "whole scenes are drawn (`by scene`, with their number). *p*: "
         "two-sided sign-flip test of the images' mean difference, scenes "
         "flipped as wholes; all flips up to 20 of them, otherwise 10 000. "
         "*Adjusted*: by Holm's method over the rows of the table. `better` "
         "and `worse` need both intervals on that side of 0 and an adjusted p "
         "below 0.05; everything else is `not distinguishable`, which is not "
         "the same as equal.\n";
}

}  // namespace bild
