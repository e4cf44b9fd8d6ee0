// Arithmetic that gives the same bits on every machine.
//
// The synthetic set is pinned by hashes of its pixels, so it uses integers and
// the five operations that IEEE 754 defines to the last bit (+, -, *, / and
// the square root of double) and nothing of the C library whose last bits are
// its own (exp, pow, sin). What draws pixels is compiled without fused
// multiply-adds and without reassociation.

#ifndef DATASETS_SYNTHETIC_EXACT_MATH_H_
#define DATASETS_SYNTHETIC_EXACT_MATH_H_

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#ifdef __FAST_MATH__
#error "The synthetic set must not be compiled with -ffast-math."
#endif
static_assert(sizeof(double) == 8, "IEEE 754 binary64 is assumed.");

namespace bild {

// e^x of each to a relative error below 1e-14 for |x| <= 700; 0 below and e^700
// above. 2^n times the Taylor polynomial of degree 13 on |r| <= ln(2) / 2.
// Several at once, as one alone waits for 13 divisions in a row.
template <size_t kCount>
std::array<double, kCount> ExactExp(const std::array<double, kCount>& x) {
  constexpr double kLog2E = 1.4426950408889634;
  constexpr double kLn2High = 0.6931471803691238;  // The upper 32 bits.
  constexpr double kLn2Low = 1.9082149292705877e-10;
  std::array<double, kCount> r;
  std::array<double, kCount> power;  // 2^n, or 0.
  std::array<double, kCount> sum;
  for (size_t i = 0; i < kCount; ++i) {
    const bool is_some = x[i] > -700.0;
    const double limited = is_some ? (x[i] > 700.0 ? 700.0 : x[i]) : 0.0;
    const double scaled = limited * kLog2E;
    const int64_t n = static_cast<int64_t>(scaled < 0 ? scaled - 0.5  //
                                                      : scaled + 0.5);
    const double steps = static_cast<double>(n);
    r[i] = (limited - steps * kLn2High) - steps * kLn2Low;
    const uint64_t bits = is_some ? static_cast<uint64_t>(n + 1023) << 52 : 0;
    std::memcpy(&power[i], &bits, sizeof power[i]);
    sum[i] = 1.0;
  }
  for (int k = 13; k >= 1; --k) {
    for (size_t i = 0; i < kCount; ++i) sum[i] = 1.0 + r[i] * sum[i] / k;
  }
  for (size_t i = 0; i < kCount; ++i) sum[i] *= power[i];
  return sum;
}

inline double ExactExp(double x) {
  return ExactExp(std::array<double, 1>{x})[0];
}

// The largest integer not above x, for |x| < 2^62.
inline int64_t FloorToInt(double x) {
  const int64_t truncated = static_cast<int64_t>(x);
  return truncated - (static_cast<double>(truncated) > x ? 1 : 0);
}

// x - floor(x), in [0, 1).
inline double Fraction(double x) {
  return x - static_cast<double>(FloorToInt(x));
}

inline double Clamp01(double x) { return x < 0 ? 0.0 : (x > 1 ? 1.0 : x); }

inline double Mix(double a, double b, double share_of_b) {
  return a + (b - a) * share_of_b;
}

// 0 below `low`, 1 above `high`, the cubic 3u^2 - 2u^3 between.
inline double SmoothStep(double low, double high, double x) {
  const double u = Clamp01((x - low) / (high - low));
  return u * u * (3.0 - 2.0 * u);
}

struct Vec3 {
  double x = 0;
  double y = 0;
  double z = 0;
};

inline Vec3 operator+(const Vec3& a, const Vec3& b) {
  return {a.x + b.x, a.y + b.y, a.z + b.z};
}
inline Vec3 operator-(const Vec3& a, const Vec3& b) {
  return {a.x - b.x, a.y - b.y, a.z - b.z};
}
inline Vec3 operator*(const Vec3& a, double factor) {
  return {a.x * factor, a.y * factor, a.z * factor};
}
inline double Dot(const Vec3& a, const Vec3& b) {
  return a.x * b.x + a.y * b.y + a.z * b.z;
}
inline double Length(const Vec3& a) { return std::sqrt(Dot(a, a)); }
inline Vec3 Normalized(const Vec3& a) { return a * (1.0 / Length(a)); }

// A colour; whether linear light or sRGB, the name of the variable says.
struct Rgb {
  double r = 0;
  double g = 0;
  double b = 0;
};

inline Rgb operator+(const Rgb& a, const Rgb& b) {
  return {a.r + b.r, a.g + b.g, a.b + b.b};
}
inline Rgb operator*(const Rgb& a, double factor) {
  return {a.r * factor, a.g * factor, a.b * factor};
}
inline Rgb operator*(const Rgb& a, const Rgb& b) {
  return {a.r * b.r, a.g * b.g, a.b * b.b};
}
inline Rgb Mix(const Rgb& a, const Rgb& b, double share_of_b) {
  return {Mix(a.r, b.r, share_of_b), Mix(a.g, b.g, share_of_b),
          Mix(a.b, b.b, share_of_b)};
}

}  // namespace bild

#endif  // DATASETS_SYNTHETIC_EXACT_MATH_H_
