#include "reports/comparison_table.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "reports/markdown.h"

namespace bild {
namespace {

constexpr int kProbabilityDecimals = 4;
constexpr double kNoiseOfFewImagesDb = 0.3;

// One more than the value itself is printed with.
int DecimalsOf(const Comparison& comparison) {
  return comparison.metric == ComparedMetric::kSsim ? 5 : 3;
}

std::string IntervalText(double low, double high, int decimals) {
  return absl::StrCat(FormatSigned(low, decimals), " to ",
                      FormatSigned(high, decimals));
}

std::string SeedCell(const Comparison& comparison) {
  const SeedSummary& seeds = comparison.seeds.summary;
  if (seeds.count < 2) return Count(seeds.count, "seed");
  if (!std::isfinite(seeds.half_width)) return "n/a";
  return IntervalText(seeds.mean - seeds.half_width,
                      seeds.mean + seeds.half_width, DecimalsOf(comparison));
}

bool HasImages(const std::vector<Comparison>& comparisons) {
  return std::any_of(comparisons.begin(), comparisons.end(),
                     [](const Comparison& comparison) {
                       return comparison.images.has_value();
                     });
}

std::string ImageCell(const Comparison& comparison) {
  const ImageDifference& images = *comparison.images;
  std::string text =
      std::isnan(images.interval.low)
          ? "n/a"
          : IntervalText(images.interval.low, images.interval.high,
                         DecimalsOf(comparison));
  if (images.by_scene) {
    absl::StrAppend(&text, " by scene (", images.units, ")");
  }
  return text;
}

// Small effects on few images, which authors see from run to run.
std::string NoiseNote(const std::vector<Comparison>& comparisons) {
  const bool is_small = std::any_of(
      comparisons.begin(), comparisons.end(), [](const Comparison& comparison) {
        return comparison.metric == ComparedMetric::kPsnrDb &&
               comparison.has_few_images && comparison.images.has_value() &&
               std::abs(comparison.images->mean) < kNoiseOfFewImagesDb;
      });
  return is_small ? "\nA difference under 0.3 dB on so few images is inside "
                    "what authors report as noise from run to run.\n"
                  : "";
}

}  // namespace

std::string ComparisonTable(const std::vector<Comparison>& comparisons,
                            const std::string& baseline) {
  if (!HasImages(comparisons)) return "";
  const bool is_ssim = comparisons.front().metric == ComparedMetric::kSsim;
  MarkdownTable table(
      {absl::StrCat("Against ", Code(baseline)),
       absl::StrCat(is_ssim ? "SSIM − " : "PSNR − ", baseline,
                    is_ssim ? "" : " (dB)"),
       "95 % over seeds", "95 % over images", "p", "p, adjusted", "So it is"},
      /*left_columns=*/1);
  for (const Comparison& comparison : comparisons) {
    if (!comparison.images.has_value()) {
      table.AddRow({Code(comparison.method), "n/a", SeedCell(comparison), "n/a",
                    "n/a", "n/a", WordText(comparison)});
      continue;
    }
    const ImageDifference& images = *comparison.images;
    table.AddRow({Code(comparison.method),
                  FormatSigned(images.mean, DecimalsOf(comparison)),
                  SeedCell(comparison), ImageCell(comparison),
                  FormatFixed(images.p, kProbabilityDecimals),
                  FormatFixed(images.holm_p, kProbabilityDecimals),
                  WordText(comparison)});
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
