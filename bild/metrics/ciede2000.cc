#include "bild/metrics/ciede2000.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace bild {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kHueSlackDegrees = 1e-9;

double Radians(double degrees) { return degrees * (kPi / 180.0); }

double LinearOfSrgb(double value) {
  return value > 0.04045 ? std::pow((value + 0.055) / 1.055, 2.4)
                         : value / 12.92;
}

// LinearOfSrgb after clamping. Clear pictures hold nothing but k/255, so those
// powers come from a table.
double LinearOfClamped(double value) {
  static const auto& of_byte = *[] {
    auto* table = new std::array<double, 256>;
    for (size_t k = 0; k < table->size(); ++k) {
      (*table)[k] = LinearOfSrgb(static_cast<double>(k) / 255.0);
    }
    return table;
  }();
  const double clamped = std::clamp(value, 0.0, 1.0);
  const auto k = static_cast<size_t>(clamped * 255.0 + 0.5);
  if (static_cast<double>(k) / 255.0 == clamped) return of_byte[k];
  return LinearOfSrgb(clamped);
}

// The cube root with CIE's straight line near black.
double LightnessOf(double t) {
  return t > 0.008856 ? std::cbrt(t) : 7.787 * t + 16.0 / 116.0;
}

// In [0, 360] degrees, 0 for a grey.
double HueDegrees(double a, double b) {
  if (a == 0.0 && b == 0.0) return 0.0;
  const double degrees = std::atan2(b, a) * (180.0 / kPi);
  return degrees < 0.0 ? degrees + 360.0 : degrees;
}

// sqrt(c^7 / (c^7 + 25^7)): how saturated a mean chroma is, 0 to 1.
double ChromaShare(double chroma) {
  constexpr double k25To7 = 6103515625.0;
  const double cube = chroma * chroma * chroma;
  const double seventh = cube * cube * chroma;
  return std::sqrt(seventh / (seventh + k25To7));
}

}  // namespace

Lab LabOfSrgb(double red, double green, double blue) {
  const double r = LinearOfClamped(red);
  const double g = LinearOfClamped(green);
  const double b = LinearOfClamped(blue);
  const double x =
      LightnessOf((0.412453 * r + 0.357580 * g + 0.180423 * b) / 0.95047);
  const double y = LightnessOf(0.212671 * r + 0.715160 * g + 0.072169 * b);
  const double z =
      LightnessOf((0.019334 * r + 0.119193 * g + 0.950227 * b) / 1.08883);
  return {116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)};
}

double Ciede2000(const Lab& first, const Lab& second) {
  // a* is stretched for colours near grey (equations 2 to 7).
  const double mean_chroma =
      (std::sqrt(first.a * first.a + first.b * first.b) +
       std::sqrt(second.a * second.a + second.b * second.b)) /
      2.0;
  const double stretch = 1.0 + 0.5 * (1.0 - ChromaShare(mean_chroma));
  const double a1 = stretch * first.a;
  const double a2 = stretch * second.a;
  const double chroma1 = std::sqrt(a1 * a1 + first.b * first.b);
  const double chroma2 = std::sqrt(a2 * a2 + second.b * second.b);
  const double hue1 = HueDegrees(a1, first.b);
  const double hue2 = HueDegrees(a2, second.b);

  // Differences, and means of the two colours (8 to 14). A grey has no hue:
  // the other one's stands, and the difference is 0.
  const bool has_grey = chroma1 * chroma2 == 0.0;
  double hue_difference = hue2 - hue1;
  double mean_hue = hue1 + hue2;
  if (has_grey) {
    hue_difference = 0.0;
  } else if (std::abs(hue_difference) > 180.0 + kHueSlackDegrees) {
    hue_difference += hue_difference > 0.0 ? -360.0 : 360.0;
    mean_hue = (mean_hue + (mean_hue < 360.0 ? 360.0 : -360.0)) / 2.0;
  } else {
    mean_hue /= 2.0;
  }
  const double lightness_difference = second.l - first.l;
  const double chroma_difference = chroma2 - chroma1;
  const double hue_length = 2.0 * std::sqrt(chroma1 * chroma2) *
                            std::sin(Radians(hue_difference) / 2.0);
  const double mean_chroma_stretched = (chroma1 + chroma2) / 2.0;
  const double off_middle = (first.l + second.l) / 2.0 - 50.0;

  // Weights of lightness, chroma and hue, and the rotation for blues (15 to
  // 22).
  const double t = 1.0 - 0.17 * std::cos(Radians(mean_hue - 30.0)) +
                   0.24 * std::cos(Radians(2.0 * mean_hue)) +
                   0.32 * std::cos(Radians(3.0 * mean_hue + 6.0)) -
                   0.20 * std::cos(Radians(4.0 * mean_hue - 63.0));
  const double weight_l = 1.0 + 0.015 * off_middle * off_middle /
                                    std::sqrt(20.0 + off_middle * off_middle);
  const double weight_c = 1.0 + 0.045 * mean_chroma_stretched;
  const double weight_h = 1.0 + 0.015 * mean_chroma_stretched * t;
  const double off_blue = (mean_hue - 275.0) / 25.0;
  const double rotation =
      -2.0 * ChromaShare(mean_chroma_stretched) *
      std::sin(Radians(60.0 * std::exp(-off_blue * off_blue)));

  const double u = lightness_difference / weight_l;
  const double v = chroma_difference / weight_c;
  const double w = hue_length / weight_h;
  // Never negative but for rounding, as the rotation is within [-2, 0].
  return std::sqrt(std::max(u * u + v * v + w * w + rotation * v * w, 0.0));
}

double MeanCiede2000(const RgbValues& restored, const RgbValues& clear) {
  double total = 0.0;
  for (int64_t y = 0; y < clear.height_px; ++y) {
    double row_total = 0.0;
    for (int64_t x = 0; x < clear.width_px; ++x) {
      const double* a = restored.Row(y) + x * RgbValues::kChannels;
      const double* b = clear.Row(y) + x * RgbValues::kChannels;
      row_total +=
          Ciede2000(LabOfSrgb(b[0], b[1], b[2]), LabOfSrgb(a[0], a[1], a[2]));
    }
    total += row_total;
  }
  return total / static_cast<double>(clear.height_px * clear.width_px);
}

}  // namespace bild
