#include "bild/metrics/compared_values.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace bild {
namespace {

// BT.601 of 8-bit values, 16..235.
double LumaOf(double red, double green, double blue) {
  return 16.0 + (65.481 * red + 128.553 * green + 24.966 * blue) / 255.0;
}

// The first row of the inverse of NTSC's YIQ matrix, rounded to 8 bits again.
double GreyOf(double red, double green, double blue) {
  return std::floor(0.298936021293775 * red + 0.587043074451121 * green +
                    0.114020904255104 * blue + 0.5);
}

std::vector<double> Bytes(const RgbValues& picture) {
  std::vector<double> bytes(picture.values.size());
  std::transform(picture.values.begin(), picture.values.end(), bytes.begin(),
                 ByteOf);
  return bytes;
}

std::vector<double> OneChannel(const RgbValues& picture,
                               double (*of_rgb)(double, double, double)) {
  const std::vector<double> bytes = Bytes(picture);
  std::vector<double> values;
  values.reserve(bytes.size() / RgbValues::kChannels);
  for (size_t i = 0; i < bytes.size(); i += RgbValues::kChannels) {
    values.push_back(of_rgb(bytes[i], bytes[i + 1], bytes[i + 2]));
  }
  return values;
}

// Row or column i of `count` made of `size` covers [first, last).
std::pair<int64_t, int64_t> Covered(int64_t i, int64_t size, int64_t count) {
  return {i * size / count, ((i + 1) * size + count - 1) / count};
}

}  // namespace

double ByteOf(double value) {
  return std::nearbyint(255.0 * std::clamp(value, 0.0, 1.0));
}

PictureView ComparedView(const RgbValues& picture, const MetricProfile& profile,
                         ComparedValues* storage) {
  storage->width_px = picture.width_px;
  storage->height_px = picture.height_px;
  storage->channels = RgbValues::kChannels;
  switch (profile.values) {
    case ComparedIn::kReal: {
      const auto is_inside = [](double v) { return v >= 0.0 && v <= 1.0; };
      if (!profile.clamps_to_unit ||
          std::all_of(picture.values.begin(), picture.values.end(),
                      is_inside)) {
        return picture;
      }
      storage->values = picture.values;
      for (double& value : storage->values) value = std::clamp(value, 0.0, 1.0);
      break;
    }
    case ComparedIn::kBytes:
      storage->values = Bytes(picture);
      break;
    case ComparedIn::kLuma:
      storage->channels = 1;
      storage->values = OneChannel(picture, LumaOf);
      break;
    case ComparedIn::kGrey:
      storage->channels = 1;
      storage->values = OneChannel(picture, GreyOf);
      break;
  }
  return storage->View();
}

int64_t ShrinkRatio(int64_t height_px, int64_t width_px) {
  constexpr double kSidePx = 256.0;
  const auto shorter_px = static_cast<double>(std::min(height_px, width_px));
  return std::max<int64_t>(
      1, static_cast<int64_t>(std::nearbyint(shorter_px / kSidePx)));
}

ComparedValues Shrunk(const PictureView& picture, int64_t ratio) {
  ComparedValues small;
  small.width_px = picture.width_px / ratio;
  small.height_px = picture.height_px / ratio;
  small.channels = picture.channels;
  small.values.reserve(
      static_cast<size_t>(small.width_px * small.height_px * small.channels));
  std::vector<double> row(static_cast<size_t>(picture.RowSize()));
  for (int64_t y = 0; y < small.height_px; ++y) {
    const auto [top, bottom] = Covered(y, picture.height_px, small.height_px);
    std::fill(row.begin(), row.end(), 0.0);
    for (int64_t from = top; from < bottom; ++from) {
      const double* source = picture.Row(from);
      for (size_t i = 0; i < row.size(); ++i) row[i] += source[i];
    }
    for (double& value : row) value /= static_cast<double>(bottom - top);
    for (int64_t x = 0; x < small.width_px; ++x) {
      const auto [left, right] = Covered(x, picture.width_px, small.width_px);
      for (int64_t c = 0; c < small.channels; ++c) {
        double sum = 0.0;
        for (int64_t from = left; from < right; ++from) {
          sum += row[from * small.channels + c];
        }
        small.values.push_back(sum / static_cast<double>(right - left));
      }
    }
  }
  return small;
}

ComparedValues WithBorder(const PictureView& picture, int64_t border_px,
                          SsimBorder border) {
  ComparedValues wide;
  wide.width_px = picture.width_px + 2 * border_px;
  wide.height_px = picture.height_px + 2 * border_px;
  wide.channels = picture.channels;
  const int64_t row_size = wide.width_px * wide.channels;
  wide.values.assign(static_cast<size_t>(wide.height_px * row_size), 0.0);
  const int64_t side = border_px * wide.channels;
  for (int64_t y = 0; y < wide.height_px; ++y) {
    const int64_t inside =
        std::clamp<int64_t>(y - border_px, 0, picture.height_px - 1);
    if (border == SsimBorder::kZero && inside != y - border_px) continue;
    const double* source = picture.Row(inside);
    double* row = wide.values.data() + y * row_size;
    std::copy_n(source, picture.RowSize(), row + side);
    if (border == SsimBorder::kZero) continue;
    const double* last = source + picture.RowSize() - wide.channels;
    double* right = row + side + picture.RowSize();
    for (int64_t i = 0; i < side; ++i) {
      row[i] = source[i % wide.channels];
      right[i] = last[i % wide.channels];
    }
  }
  return wide;
}

}  // namespace bild
