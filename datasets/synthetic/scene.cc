#include "datasets/synthetic/scene.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "absl/status/status.h"
#include "bild/base/seed.h"
#include "datasets/synthetic/draws.h"
#include "datasets/synthetic/renderer.h"
#include "datasets/synthetic/scene_model.h"
#include "fmt/format.h"

namespace bild {
namespace {

constexpr int kMostAttempts = 100;

// Rays over the picture on a grid of this many a side, cast before the picture
// is drawn: depth scale and exposure follow from them, not from its size.
constexpr int kProbes = 48;

struct Probe {
  double reach;  // Negative: sky.
  Rgb linear;
};

std::vector<Probe> CastProbes(const Renderer& renderer) {
  std::vector<Probe> probes;
  probes.reserve(kProbes * kProbes);
  for (int row = 0; row < kProbes; ++row) {
    for (int column = 0; column < kProbes; ++column) {
      const Sample sample =
          renderer.Look((column + 0.5) / kProbes, (row + 0.5) / kProbes,
                        /*light=*/(row + column) & 3, /*sample_spacing=*/0.004);
      probes.push_back({sample.reach, sample.linear});
    }
  }
  return probes;
}

// The value at `share` of the sorted values.
double Quantile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  return sorted[static_cast<size_t>(place + 0.5)];
}

// From the reach of a ray (metres) to the depth of the haze model.
class DepthScale {
 public:
  DepthScale(SceneLike like, const std::vector<Probe>& probes, Draws& draws)
      : like_(like) {
    std::vector<double> reaches;
    for (const Probe& probe : probes) {
      if (probe.reach >= 0) reaches.push_back(probe.reach);
    }
    if (reaches.empty()) reaches.push_back(1.0);
    std::sort(reaches.begin(), reaches.end());
    const double low = Quantile(reaches, 0.01);
    const double median = Quantile(reaches, 0.5);
    const double high = Quantile(reaches, 0.99);
    if (like_ == SceneLike::kIts) {
      // depth = offset + slope * reach, with the wanted median and ratio.
      const double ratio = draws.Range(1.75, 2.35);
      const double shift = (high - ratio * low) / (ratio - 1.0);
      slope_ = 0.6 / (shift + median);
      offset_ = slope_ * shift;
    } else if (like_ == SceneLike::kGarden) {
      // depth = 0.1 + 1.8 reach / (reach + far): 1 at the median of all rays,
      // the sky's the longest.
      const double half = 0.5 * static_cast<double>(probes.size()) /
                          static_cast<double>(reaches.size());
      far_ = Quantile(reaches, std::min(half, 1.0));
    } else {
      // depth = 2 + 6 u / (u + far), u metres beyond the nearest 1 %.
      const double wanted = draws.Range(2.5, 3.3);
      near_ = low;
      const double share = (wanted - 2.0) / 6.0;
      far_ = std::max(median - low, 0.5) * (1.0 - share) / share;
    }
  }

  double Depth(const Sample& sample) const {
    if (like_ == SceneLike::kGarden) {
      if (sample.reach < 0) return 1.9;
      return 0.1 + 1.8 * sample.reach / (sample.reach + far_);
    }
    if (sample.reach < 0) return 10.0 - 2.0 * sample.sky_height;
    if (like_ == SceneLike::kIts) {
      return std::max(offset_ + slope_ * sample.reach, 0.05);
    }
    const double beyond = std::max(sample.reach - near_, 0.0);
    return 2.0 + 6.0 * beyond / (beyond + far_);
  }

 private:
  SceneLike like_;
  double offset_ = 0;
  double slope_ = 1;
  double near_ = 0;
  double far_ = 1;
};

// The factor on linear light that brings the mean of its square root, before
// the shoulder, to `mean_srgb`.
double Exposure(const std::vector<Probe>& probes, double mean_srgb) {
  double sum = 0;
  for (const Probe& probe : probes) {
    const Rgb& linear = probe.linear;
    sum += std::sqrt(linear.r) + std::sqrt(linear.g) + std::sqrt(linear.b);
  }
  const double mean = sum / (3.0 * static_cast<double>(probes.size()));
  const double ratio = mean_srgb / std::max(mean, 1e-3);
  return ratio * ratio;
}

// Linear light to sRGB in [0, 1]: the square root, and above 0.7 a shoulder
// that reaches 1 slowly, as film does.
double Develop(double linear) {
  const double value = std::sqrt(linear);
  constexpr double kKnee = 0.7;
  if (value <= kKnee) return value;
  const double above = (value - kKnee) / (1.0 - kKnee);
  return kKnee + (1.0 - kKnee) * above / (above + 1.0) * 1.12;
}

uint8_t ToByte(double srgb) {
  return static_cast<uint8_t>(Clamp01(srgb) * 255.0 + 0.5);
}

SceneModel Build(SceneLike like, Draws& draws) {
  switch (like) {
    case SceneLike::kIts:
      return BuildRoom(draws);
    case SceneLike::kOts:
      return BuildStreet(draws);
    case SceneLike::kGarden:
      return BuildGarden(draws);
  }
  return BuildRoom(draws);
}

Scene Draw(SceneLike like, SeedEngine engine, int64_t width_px,
           int64_t height_px) {
  Draws draws(engine);
  const SceneModel model = Build(like, draws);
  const double longer = static_cast<double>(std::max(width_px, height_px));
  const double width = static_cast<double>(width_px);
  const double height = static_cast<double>(height_px);
  Renderer renderer(model, width / longer, height / longer);
  const std::vector<Probe> probes = CastProbes(renderer);
  const DepthScale scale(like, probes, draws);
  const double exposure = Exposure(probes, model.mean_srgb);
  const double sample_spacing = 0.5 / longer;

  Scene scene;
  scene.clear.width_px = width_px;
  scene.clear.height_px = height_px;
  const size_t pixels = static_cast<size_t>(width_px * height_px);
  scene.clear.rgb.resize(pixels * 3);
  scene.depth.resize(pixels);
  scene.surface.resize(pixels);
  constexpr int64_t kTile_px = 8;
  for (int64_t tile_y = 0; tile_y < height_px; tile_y += kTile_px) {
    for (int64_t tile_x = 0; tile_x < width_px; tile_x += kTile_px) {
      const int64_t end_x = std::min(tile_x + kTile_px, width_px);
      const int64_t end_y = std::min(tile_y + kTile_px, height_px);
      const auto share = [](int64_t px, double size) {
        return static_cast<double>(px) / size;
      };
      renderer.PrepareTile(share(tile_x, width), share(tile_y, height),
                           share(end_x, width), share(end_y, height));
      for (int64_t y = tile_y; y < end_y; ++y) {
        for (int64_t x = tile_x; x < end_x; ++x) {
          Rgb linear;
          double depth = 0;
          int32_t surface = -2;
          for (int i = 0; i < 4; ++i) {
            const double u = (static_cast<double>(x) + 0.25 + 0.5 * (i & 1));
            const double v = (static_cast<double>(y) + 0.25 + 0.5 * (i >> 1));
            const Sample sample =
                renderer.Look(u / width, v / height, i, sample_spacing);
            linear = linear + sample.linear * 0.25;
            depth += 0.25 * scale.Depth(sample);
            surface = surface == -2 || surface == sample.surface
                          ? sample.surface
                          : -1;
          }
          const size_t at = static_cast<size_t>(y * width_px + x);
          scene.clear.rgb[3 * at] = ToByte(Develop(linear.r * exposure));
          scene.clear.rgb[3 * at + 1] = ToByte(Develop(linear.g * exposure));
          scene.clear.rgb[3 * at + 2] = ToByte(Develop(linear.b * exposure));
          scene.depth[at] = depth;
          scene.surface[at] = surface;
        }
      }
    }
  }
  return scene;
}

}  // namespace

Brightness MeasureBrightness(const Image& image) {
  int64_t sum = 0;
  int64_t squares = 0;
  for (const uint8_t byte : image.rgb) {
    sum += byte;
    squares += int64_t{byte} * byte;
  }
  const double n = static_cast<double>(image.rgb.size());
  const double mean = static_cast<double>(sum) / n;
  const double variance = static_cast<double>(squares) / n - mean * mean;
  return {mean / 255.0, std::sqrt(std::max(variance, 0.0)) / 255.0};
}

absl::StatusOr<Scene> RenderScene(SceneLike like, uint64_t seed,
                                  uint64_t number, int64_t width_px,
                                  int64_t height_px) {
  for (const int64_t edge : {width_px, height_px}) {
    if (edge < kLeastEdge_px || edge > kMostEdge_px) {
      return absl::InvalidArgumentError(fmt::format(
          "A synthetic picture of {}x{} pixels: expected edges of {} to {}.",
          width_px, height_px, kLeastEdge_px, kMostEdge_px));
    }
  }
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    Scene scene = Draw(like,
                       SeedEngine(seed, SeedStream::kSyntheticScene, number,
                                  static_cast<uint64_t>(attempt)),
                       width_px, height_px);
    scene.attempt = attempt;
    const Brightness brightness = MeasureBrightness(scene.clear);
    if (brightness.mean >= 0.25 && brightness.mean <= 0.6 &&
        brightness.deviation > 0.12) {
      return scene;
    }
  }
  return absl::InternalError(fmt::format(
      "Synthetic scene {} of seed {}: {} attempts gave no picture with a mean "
      "in 0.25...0.6 and a standard deviation above 0.12. Use another --seed.",
      number, seed, kMostAttempts));
}

}  // namespace bild
