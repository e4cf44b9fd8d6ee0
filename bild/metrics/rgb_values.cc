#include "bild/metrics/rgb_values.h"

#include <array>
#include <cmath>
#include <cstddef>

#include "absl/strings/str_cat.h"

namespace bild {
namespace {

absl::Status CheckShape(const RgbValues& picture, const std::string& role,
                        const std::string& image_name) {
  if (picture.width_px >= 0 && picture.height_px >= 0 &&
      static_cast<int64_t>(picture.values.size()) ==
          picture.height_px * picture.RowSize()) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("image '", image_name, "': the ", role, " picture says ",
                   picture.width_px, "x", picture.height_px,
                   " px and so needs width * height * 3 values, but it holds ",
                   picture.values.size(), ". Only RGB is scored."));
}

absl::Status CheckFinite(const RgbValues& picture, const std::string& role,
                         const std::string& image_name) {
  constexpr std::array<char, RgbValues::kChannels> kNames = {'R', 'G', 'B'};
  for (size_t i = 0; i < picture.values.size(); ++i) {
    if (std::isfinite(picture.values[i])) continue;
    const int64_t pixel = static_cast<int64_t>(i) / RgbValues::kChannels;
    const char* found = std::isnan(picture.values[i]) ? "NaN"
                        : picture.values[i] > 0       ? "+inf"
                                                      : "-inf";
    return absl::Status(
        kNonFinitePixel,
        absl::StrCat("image '", image_name, "': the ", role, " picture is ",
                     found, " at x=", pixel % picture.width_px,
                     " y=", pixel / picture.width_px, " channel ",
                     std::string(1, kNames[i % RgbValues::kChannels])));
  }
  return absl::OkStatus();
}

}  // namespace

RgbValues FromBytes(const Image& image) {
  std::array<double, 256> value_of_byte;
  for (size_t k = 0; k < value_of_byte.size(); ++k) {
    value_of_byte[k] = static_cast<double>(k) / 255.0;
  }
  RgbValues picture{image.width_px, image.height_px, {}};
  picture.values.reserve(image.rgb.size() + image.rgb16.size());
  for (const uint8_t k : image.rgb) picture.values.push_back(value_of_byte[k]);
  for (const uint16_t k : image.rgb16) picture.values.push_back(k / 65535.0);
  return picture;
}

absl::Status CheckScorable(const RgbValues& restored, const RgbValues& clear,
                           const std::string& image_name) {
  if (restored.width_px != clear.width_px ||
      restored.height_px != clear.height_px) {
    return absl::InvalidArgumentError(absl::StrCat(
        "image '", image_name, "': the restored picture has ",
        restored.width_px, "x", restored.height_px, " px and the clear one ",
        clear.width_px, "x", clear.height_px,
        " px (width x height). The sizes must be equal: nothing is resized or "
        "cropped for a metric."));
  }
  for (const auto& check : {CheckShape, CheckFinite}) {
    if (absl::Status status = check(restored, "restored", image_name);
        !status.ok()) {
      return status;
    }
    if (absl::Status status = check(clear, "clear", image_name); !status.ok()) {
      return status;
    }
  }
  return absl::OkStatus();
}

}  // namespace bild
