// Named seed streams: every random number of a run, from one --seed.
//
// A stream is a purpose (initial weights, order of the pairs, crops, ...). Each
// draw site asks for an engine by (stream, epoch, index), so what sample k of
// epoch e looks like is a pure function of the seed: no engine is shared, no
// engine is global, and adding a stream leaves the others as they were.
//
// Derivation, 64-bit arithmetic modulo 2^64, mix = the finaliser of splitmix64
// (Steele, Lea, Flood 2014; Stafford's variant 13):
//
//   state = mix(mix(mix(mix(seed + G) ^ stream) + G * (epoch + 1)) ^ index)
//   with G = 0x9E3779B97F4A7C15; draw n (from 1) is mix(state + G * n)

#ifndef BILD_BASE_SEED_H_
#define BILD_BASE_SEED_H_

#include <cstdint>
#include <vector>

namespace bild {

// The numbers are part of the derivation: append, never renumber.
enum class SeedStream : uint64_t {
  kInit = 1,        // Weights. Epoch 0: theta, 1: phi; index: parameter number.
  kOrder = 2,       // Order of the training pairs in an epoch.
  kCrop = 3,        // Crop, flip and turn; index: the pair's place in its list.
  kValidation = 4,  // Validation patches. Index 0: their order, 1 + n: crops.
  kShuffle = 5,     // Permutations of the control `shuffled`.
  kSyntheticScene = 6,  // Epoch: scene number; index: attempt.
  kSyntheticHaze = 7,   // Epoch: scene number; index: picture of the scene.
};

// A counter-based engine of 64-bit words. Cheap to make; copy it to fork it.
class SeedEngine {
 public:
  SeedEngine(uint64_t seed, SeedStream stream, uint64_t epoch, uint64_t index);

  // The next 64 random bits.
  uint64_t Next();
  // Uniform in [0, 1): the upper 53 bits times 2^-53.
  double Uniform();
  // Uniform over 0, ..., n - 1, without bias (by rejection). n >= 1.
  uint64_t UniformInt(uint64_t n);
  // Normal with mean 0 and standard deviation 1 (Box and Muller 1958; uses
  // std::log and std::cos, so its last bits follow the C library).
  double Normal();

 private:
  uint64_t state_;
};

// A uniformly random permutation of 0, ..., n - 1 (Fisher and Yates).
std::vector<int64_t> RandomPermutation(SeedEngine engine, int64_t n);

}  // namespace bild

#endif  // BILD_BASE_SEED_H_
