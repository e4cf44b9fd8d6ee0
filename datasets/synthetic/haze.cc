#include "datasets/synthetic/haze.h"

#include <algorithm>
#include <array>
#include <optional>

#include "bild/base/seed.h"
#include "datasets/synthetic/exact_math.h"
#include "datasets/synthetic/integer_noise.h"

namespace bild {
namespace {

// Near a normal with mean 0 and standard deviation 1, without a logarithm: four
// uniform numbers of 16 bits, summed and centred, have variance 1/3.
class SensorNoise {
 public:
  explicit SensorNoise(uint32_t seed)
      : first_row_(HashRow(0, seed)), second_row_(HashRow(1, seed)) {}

  double At(size_t number) const {
    const auto at = static_cast<int64_t>(number);
    const uint32_t first = HashInRow(at, first_row_);
    const uint32_t second = HashInRow(at, second_row_);
    const uint32_t sum =
        (first & 0xffff) + (first >> 16) + (second & 0xffff) + (second >> 16);
    constexpr double kRootOfThree = 1.7320508075688772;
    return (sum / 65536.0 - 2.0) * kRootOfThree;
  }

 private:
  uint32_t first_row_;
  uint32_t second_row_;
};

// The factor on beta along the rows of a picture, pixel by pixel. The noise's
// octaves hardly reach its ends; the ramp lets them.
class Unevenness {
 public:
  Unevenness(const Image& image, uint32_t seed)
      : width_px_(image.width_px),
        scale_(3.0 /
               static_cast<double>(std::max(image.width_px, image.height_px))),
        seed_(seed) {}

  double Next() {
    if (x_px_ == 0) {
      row_.emplace(static_cast<double>(y_px_) * scale_, seed_, /*octaves=*/3,
                   /*gain=*/0.5);
    }
    const double noise = row_->At(static_cast<double>(x_px_) * scale_);
    if (++x_px_ == width_px_) {
      x_px_ = 0;
      ++y_px_;
    }
    return 0.2 + 1.6 * SmoothStep(0.2, 0.8, noise);
  }

 private:
  int64_t width_px_;
  double scale_;
  uint32_t seed_;
  int64_t x_px_ = 0;
  int64_t y_px_ = 0;
  std::optional<FractalNoiseRow> row_;
};

}  // namespace

uint8_t RoundHalfToEven(double value) {
  const int64_t below = FloorToInt(value);
  const double rest = value - static_cast<double>(below);
  const bool is_up = rest > 0.5 || (rest == 0.5 && (below & 1) != 0);
  return static_cast<uint8_t>(below + (is_up ? 1 : 0));
}

Image ApplyHaze(const Image& clear, const std::vector<double>& depth,
                const HazeCondition& condition) {
  Image hazy;
  hazy.width_px = clear.width_px;
  hazy.height_px = clear.height_px;
  hazy.rgb.resize(clear.rgb.size());
  const std::array<double, 3> airlight = {
      condition.airlight + condition.tint.r,
      condition.airlight + condition.tint.g,
      condition.airlight + condition.tint.b};
  Unevenness unevenness(clear, condition.seed);
  const SensorNoise sensor_noise(condition.seed + 1);
  constexpr size_t kAtOnce = 16;
  std::array<double, kAtOnce> exponents{};
  std::array<double, kAtOnce> transmissions{};
  // In order, each pixel once: the unevenness goes along.
  const auto next_exponent = [&](size_t pixel) {
    double beta = condition.beta;
    if (condition.is_uneven) beta *= unevenness.Next();
    return -beta * depth[pixel];
  };
  for (size_t pixel = 0; pixel < depth.size(); ++pixel) {
    if (pixel % kAtOnce == 0) {
      const size_t count = std::min(kAtOnce, depth.size() - pixel);
      for (size_t i = 0; i < count; ++i)
        exponents[i] = next_exponent(pixel + i);
      transmissions = ExactExp(exponents);
    }
    const double t = transmissions[pixel % kAtOnce];
    for (size_t channel = 0; channel < 3; ++channel) {
      const size_t i = 3 * pixel + channel;
      double light = clear.rgb[i] / 255.0 * t + airlight[channel] * (1.0 - t);
      if (condition.noise_levels > 0) {
        light += condition.noise_levels / 255.0 * sensor_noise.At(i);
      }
      hazy.rgb[i] = RoundHalfToEven(Clamp01(light) * 255.0);
    }
  }
  return hazy;
}

std::vector<HazeCondition> ItsHaze(uint64_t seed, uint64_t scene_number) {
  constexpr uint64_t kPictures = 10;
  std::vector<HazeCondition> conditions;
  for (uint64_t k = 0; k < kPictures; ++k) {
    SeedEngine engine(seed, SeedStream::kSyntheticHaze, scene_number, k);
    const uint64_t steps = 70000 + engine.UniformInt(30001);
    const double beta = 0.6 + 1.2 * engine.Uniform();
    conditions.push_back({static_cast<double>(steps) / 100000.0, beta});
  }
  return conditions;
}

std::vector<HazeCondition> OtsTrainHaze() {
  std::vector<HazeCondition> conditions;
  for (const double airlight : {0.8, 0.85, 0.9, 0.95, 1.0}) {
    for (const double beta : {0.04, 0.06, 0.08, 0.1, 0.12, 0.16, 0.2}) {
      conditions.push_back({airlight, beta});
    }
  }
  return conditions;
}

std::vector<HazeCondition> OtsTestHaze(uint64_t seed, uint64_t scene_number) {
  std::vector<HazeCondition> dense;
  for (const HazeCondition& condition : OtsTrainHaze()) {
    if (condition.beta >= 0.08) dense.push_back(condition);
  }
  constexpr size_t kPictures = 5;
  const SeedEngine engine(seed, SeedStream::kSyntheticHaze, scene_number, 0);
  const std::vector<int64_t> order =
      RandomPermutation(engine, static_cast<int64_t>(dense.size()));
  std::vector<HazeCondition> conditions;
  for (size_t i = 0; i < kPictures; ++i) {
    conditions.push_back(dense[static_cast<size_t>(order[i])]);
  }
  return conditions;
}

HazeCondition OHazeHaze(uint64_t seed, uint64_t scene_number) {
  SeedEngine engine(seed, SeedStream::kSyntheticHaze, scene_number, 0);
  HazeCondition condition;
  condition.airlight = 0.77 + 0.16 * engine.Uniform();
  condition.beta = 0.5 + 0.7 * engine.Uniform();
  const double blueness = 0.5 + 0.5 * engine.Uniform();
  const double greenness = engine.Uniform();
  condition.tint = {-0.02 * blueness, 0.02 * (greenness - 0.5),
                    0.02 * blueness};
  condition.noise_levels = 1.0;
  condition.seed = static_cast<uint32_t>(engine.Next());
  return condition;
}

HazeCondition NhHazeHaze(uint64_t seed, uint64_t scene_number) {
  HazeCondition condition = OHazeHaze(seed, scene_number);
  condition.is_uneven = true;
  return condition;
}

}  // namespace bild
