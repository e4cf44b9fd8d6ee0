// The pictures that the metrics' golden vectors speak of: from a formula, or
// from files of real data sets.

#ifndef TESTS_BILD_METRICS_GOLDEN_PICTURES_H_
#define TESTS_BILD_METRICS_GOLDEN_PICTURES_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "bild/metrics/rgb_values.h"
#include "nlohmann/json.hpp"

namespace bild {

struct GoldenPair {
  RgbValues restored;
  RgbValues clear;
};

// r(stream, c, y, x) of the vector's `formula`: 0..65535.
uint32_t FormulaHash16(uint32_t seed, uint32_t stream, uint32_t c, uint32_t y,
                       uint32_t x);

// The arrays that the vector's `formula` describes: integer hashes of (seed,
// channel, row, column), smooth and rough. InvalidArgument for an unknown kind.
absl::StatusOr<GoldenPair> FormulaPair(const std::string& kind, uint32_t seed,
                                       int64_t height_px, int64_t width_px);

// The pair of files of one entry of `real_cases`, hazy as restored, found under
// `data_root`, with the border of the clear one removed where it is 20 px
// larger each way. NotFound without the files; DataLoss where files or pixels
// have another SHA-256 than the vector says.
absl::StatusOr<GoldenPair> RealPair(const nlohmann::json& real_case,
                                    const std::string& data_root);

}  // namespace bild

#endif  // TESTS_BILD_METRICS_GOLDEN_PICTURES_H_
