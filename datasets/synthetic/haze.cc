#include "datasets/synthetic/haze.h"

#include "bild/base/seed.h"
#include "datasets/synthetic/exact_math.h"

namespace bild {

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
  for (size_t pixel = 0; pixel < depth.size(); ++pixel) {
    const double t = ExactExp(-condition.beta * depth[pixel]);
    const double veil = condition.airlight * (1.0 - t);
    for (size_t i = 3 * pixel; i < 3 * pixel + 3; ++i) {
      const double light = clear.rgb[i] / 255.0 * t + veil;
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

}  // namespace bild
