#include "datasets/release_probes.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace bild {
namespace {

// Values in [0, 1]: k / peak of each side.
template <typename HazyValues, typename ClearValues>
double MeanSquaredError(const HazyValues& hazy, double hazy_peak,
                        const ClearValues& clear, double clear_peak) {
  double total = 0.0;
  for (size_t i = 0; i < clear.size(); ++i) {
    const double difference = hazy[i] / hazy_peak - clear[i] / clear_peak;
    total += difference * difference;
  }
  return total / static_cast<double>(clear.size());
}

constexpr double kPeak = 255.0;
constexpr double kPeak16 = 65535.0;

}  // namespace

std::vector<ReleaseProbe> ReleaseProbes(const std::string& dataset) {
  if (dataset == "its") {
    return {
        {"1_1", 12.3738}, {"1_2", 10.8796}, {"2_1", 10.8990}, {"2_2", 14.3897}};
  }
  if (dataset == "sots_indoor") {
    return {{"1400_1", 14.7852},
            {"1401_2", 16.7268},
            {"1402_3", 14.0282},
            {"", 11.9748}};
  }
  if (dataset == "sots_outdoor") {
    return {{"0001_0.8_0.2", 16.1293}, {"", 15.9194}};
  }
  if (dataset == "ohaze") {
    return {{"27", 13.5913}, {"35", 13.7257}, {"41", 17.4108}};
  }
  if (dataset == "nhhaze") return {{"03", 8.8519}, {"45", 10.9087}};
  return {};
}

double HazyPsnrDb(const Image& hazy, const Image& clear) {
  constexpr double kHighestDb = 100.0;
  double error = 0.0;
  if (hazy.rgb16.empty() && clear.rgb16.empty()) {
    // Exact in integers.
    int64_t total = 0;
    for (size_t i = 0; i < clear.rgb.size(); ++i) {
      const int difference = int{hazy.rgb[i]} - int{clear.rgb[i]};
      total += difference * difference;
    }
    error = static_cast<double>(total) /
            (kPeak * kPeak * static_cast<double>(clear.rgb.size()));
  } else if (clear.rgb16.empty()) {
    error = MeanSquaredError(hazy.rgb16, kPeak16, clear.rgb, kPeak);
  } else if (hazy.rgb16.empty()) {
    error = MeanSquaredError(hazy.rgb, kPeak, clear.rgb16, kPeak16);
  } else {
    error = MeanSquaredError(hazy.rgb16, kPeak16, clear.rgb16, kPeak16);
  }
  if (error == 0.0) return kHighestDb;
  return std::min(-10.0 * std::log10(error), kHighestDb);
}

}  // namespace bild
