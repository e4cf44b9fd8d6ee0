#include "datasets/synthetic/palette.h"

#include <vector>

namespace bild {
namespace {

// sRGB in [0, 1].
const std::vector<Rgb>& Colours(Palette palette) {
  static const auto& walls = *new std::vector<Rgb>{
      {0.82, 0.78, 0.68}, {0.70, 0.74, 0.66}, {0.64, 0.70, 0.76},
      {0.78, 0.66, 0.55}, {0.72, 0.70, 0.68}, {0.80, 0.72, 0.46},
      {0.55, 0.62, 0.60}, {0.74, 0.56, 0.50}, {0.86, 0.84, 0.80}};
  static const auto& wood = *new std::vector<Rgb>{
      {0.45, 0.29, 0.17}, {0.58, 0.40, 0.24}, {0.29, 0.18, 0.12},
      {0.68, 0.52, 0.34}, {0.40, 0.22, 0.15}, {0.22, 0.17, 0.15},
      {0.76, 0.72, 0.66}};
  static const auto& fabrics = *new std::vector<Rgb>{
      {0.20, 0.30, 0.52}, {0.60, 0.18, 0.17}, {0.76, 0.57, 0.20},
      {0.15, 0.42, 0.43}, {0.20, 0.20, 0.23}, {0.48, 0.50, 0.34},
      {0.56, 0.36, 0.48}, {0.70, 0.66, 0.58}, {0.78, 0.42, 0.24}};
  static const auto& street = *new std::vector<Rgb>{
      {0.56, 0.30, 0.24}, {0.72, 0.58, 0.40}, {0.66, 0.64, 0.60},
      {0.50, 0.48, 0.47}, {0.76, 0.70, 0.60}, {0.62, 0.42, 0.32},
      {0.40, 0.43, 0.47}, {0.78, 0.64, 0.52}, {0.46, 0.36, 0.32}};
  static const auto& paint = *new std::vector<Rgb>{
      {0.66, 0.12, 0.12}, {0.14, 0.24, 0.50}, {0.74, 0.74, 0.75},
      {0.10, 0.10, 0.12}, {0.86, 0.85, 0.82}, {0.84, 0.66, 0.14},
      {0.16, 0.40, 0.28}, {0.44, 0.46, 0.50}, {0.80, 0.40, 0.14}};
  static const auto& foliage = *new std::vector<Rgb>{
      {0.26, 0.42, 0.16}, {0.38, 0.50, 0.18}, {0.18, 0.32, 0.15},
      {0.50, 0.54, 0.20}, {0.66, 0.50, 0.16}, {0.62, 0.34, 0.14},
      {0.30, 0.46, 0.24}};
  static const auto& stone = *new std::vector<Rgb>{
      {0.66, 0.62, 0.55}, {0.56, 0.54, 0.52}, {0.48, 0.45, 0.42},
      {0.70, 0.60, 0.48}, {0.40, 0.40, 0.42}, {0.60, 0.56, 0.56}};
  switch (palette) {
    case Palette::kIndoorWalls:
      return walls;
    case Palette::kIndoorWood:
      return wood;
    case Palette::kIndoorFabrics:
      return fabrics;
    case Palette::kStreet:
      return street;
    case Palette::kPaint:
      return paint;
    case Palette::kFoliage:
      return foliage;
    case Palette::kStone:
      return stone;
  }
  return stone;
}

}  // namespace

Rgb PickColour(Palette palette, Draws& draws) {
  const std::vector<Rgb>& colours = Colours(palette);
  const int chosen = draws.Int(0, static_cast<int>(colours.size()) - 1);
  const double brightness = draws.Range(0.88, 1.12);
  const Rgb tint{draws.Range(0.95, 1.05), draws.Range(0.95, 1.05),
                 draws.Range(0.95, 1.05)};
  const Rgb srgb = colours[static_cast<size_t>(chosen)] * tint * brightness;
  return ToLinear({Clamp01(srgb.r), Clamp01(srgb.g), Clamp01(srgb.b)});
}

}  // namespace bild
