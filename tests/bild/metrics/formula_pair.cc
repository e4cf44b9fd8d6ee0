#include <algorithm>
#include <cmath>
#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "tests/bild/metrics/golden_pictures.h"

namespace bild {
namespace {

uint32_t Mix(uint32_t h) {
  h ^= h >> 16;
  h *= 0x7FEB352Du;
  h ^= h >> 15;
  h *= 0x846CA68Bu;
  return h ^ (h >> 16);
}

}  // namespace

uint32_t FormulaHash16(uint32_t seed, uint32_t stream, uint32_t c, uint32_t y,
                       uint32_t x) {
  uint32_t h = Mix(seed + 0x9E3779B9u * stream);
  h = Mix(h + 0x9E3779B1u * (c + 1));
  h = Mix(h + 0x85EBCA6Bu * (y + 1));
  h = Mix(h + 0xC2B2AE35u * (x + 1));
  return h >> 16;
}

namespace {

// S(k, c, y, x) of the vector: hashes at every 16th pixel, bilinear between.
double Smooth(uint32_t seed, uint32_t stream, uint32_t c, uint32_t y,
              uint32_t x) {
  const uint32_t row = y / 16, column = x / 16, a = y % 16, b = x % 16;
  return (16 - a) * (16 - b) * FormulaHash16(seed, stream, c, row, column) +
         (16 - a) * b * FormulaHash16(seed, stream, c, row, column + 1) +
         a * (16 - b) * FormulaHash16(seed, stream, c, row + 1, column) +
         a * b * FormulaHash16(seed, stream, c, row + 1, column + 1);
}

// Replaces one value of both pictures: in comes the clear value and the signed
// noise e, out go both. False for an unknown kind.
bool Degrade(const std::string& kind, double noise, double transmission,
             double* clear, double* restored) {
  if (kind == "near") {
    *restored = *clear + noise * 0x1p-20;
  } else if (kind == "overshoot") {
    *restored = 1.25 * *clear - 0.125 + noise * 0x1p-19;
  } else if (kind == "hazy") {
    *restored = *clear * transmission + 0.9375 * (1.0 - transmission);
  } else if (kind == "u8") {
    const double near =
        std::clamp(*clear + noise * 0x1p-20, 0.0, 255.0 / 256.0);
    *restored = std::floor(256.0 * near) / 255.0;
    *clear = std::floor(256.0 * *clear) / 255.0;
  } else if (kind == "flat") {
    *clear = 0.5;
    *restored = 0.25;
  } else if (kind == "identical") {
    *restored = *clear;
  } else {
    return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<GoldenPair> FormulaPair(const std::string& kind, uint32_t seed,
                                       int64_t height_px, int64_t width_px) {
  GoldenPair pair{{width_px, height_px, {}}, {width_px, height_px, {}}};
  for (uint32_t y = 0; y < height_px; ++y) {
    for (uint32_t x = 0; x < width_px; ++x) {
      for (uint32_t c = 0; c < RgbValues::kChannels; ++c) {
        double clear = (3.0 * Smooth(seed, 1, c, y, x) +
                        256.0 * FormulaHash16(seed, 2, c, y, x)) *
                       0x1p-26;
        const double noise = FormulaHash16(seed, 3, c, y, x) - 32768.0;
        const double transmission = 0.25 + Smooth(seed, 4, 0, y, x) * 0x1p-25;
        double restored = 0.0;
        if (!Degrade(kind, noise, transmission, &clear, &restored)) {
          return absl::InvalidArgumentError(
              absl::StrCat("unknown kind of formula case '", kind, "'"));
        }
        pair.clear.values.push_back(clear);
        pair.restored.values.push_back(restored);
      }
    }
  }
  return pair;
}

}  // namespace bild
