#include "bild/base/seed.h"

#include <cmath>
#include <cstddef>
#include <numeric>
#include <utility>

namespace bild {
namespace {

constexpr uint64_t kGolden = 0x9E3779B97F4A7C15u;

uint64_t Mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

}  // namespace

SeedEngine::SeedEngine(uint64_t seed, SeedStream stream, uint64_t epoch,
                       uint64_t index)
    : state_(Mix(Mix(Mix(Mix(seed + kGolden) ^ static_cast<uint64_t>(stream)) +
                     kGolden * (epoch + 1)) ^
                 index)) {}

uint64_t SeedEngine::Next() {
  state_ += kGolden;
  return Mix(state_);
}

double SeedEngine::Uniform() {
  return static_cast<double>(Next() >> 11) * 0x1.0p-53;
}

uint64_t SeedEngine::UniformInt(uint64_t n) {
  // Words below 2^64 mod n would make the small remainders likelier.
  const uint64_t rejected = (0 - n) % n;
  uint64_t word = Next();
  while (word < rejected) word = Next();
  return word % n;
}

double SeedEngine::Normal() {
  constexpr double kTwoPi = 6.283185307179586476925;
  const double radius = std::sqrt(-2.0 * std::log(1.0 - Uniform()));
  return radius * std::cos(kTwoPi * Uniform());
}

std::vector<int64_t> RandomPermutation(SeedEngine engine, int64_t n) {
  std::vector<int64_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), int64_t{0});
  for (size_t i = order.size(); i > 1; --i) {
    std::swap(order[i - 1], order[engine.UniformInt(i)]);
  }
  return order;
}

}  // namespace bild
