// The derivation in seed.h is a promise: a record made today must be repeatable
// by the next version. The expected words were computed from its formula with
// Python's integers, whose splitmix64 gives the sequence published for seed
// 1234567 (6457827717110365317, 3203168211198807973, ...).

#include "bild/base/seed.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <set>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

struct DerivationCase {
  uint64_t seed;
  SeedStream stream;
  uint64_t epoch;
  uint64_t index;
  std::array<uint64_t, 3> words;
};

TEST(SeedEngineTest, FollowsTheDocumentedDerivation) {
  const DerivationCase cases[] = {
      {0,
       SeedStream::kInit,
       0,
       0,
       {0x473916905f9b7547, 0x886f620c861834fe, 0x0ab6bb529cc78608}},
      {1,
       SeedStream::kOrder,
       0,
       0,
       {0x46b33a702815e5f8, 0xa7c39a40499db5d9, 0xa191712c0d6b37dd}},
      {1,
       SeedStream::kCrop,
       7,
       123,
       {0x136abef1d52f7405, 0xe6d1911273c8ee0b, 0xb7f32103b56d2a63}},
      {20240229,
       SeedStream::kValidation,
       3,
       1,
       {0x09ace136b3521410, 0xd12199ff8d0358e1, 0xe6581c5d049575a4}},
      {~uint64_t{0},
       SeedStream::kShuffle,
       uint64_t{1} << 40,
       uint64_t{1} << 63,
       {0xeb1c2c9503927e7a, 0x378a2454f368e52a, 0xd9ef86676fe5916d}},
  };
  for (const DerivationCase& c : cases) {
    SeedEngine engine(c.seed, c.stream, c.epoch, c.index);
    for (const uint64_t word : c.words) {
      EXPECT_EQ(engine.Next(), word) << "seed " << c.seed;
    }
  }
}

TEST(SeedEngineTest, UniformIsTheUpper53Bits) {
  SeedEngine engine(1, SeedStream::kOrder, 0, 0);
  EXPECT_EQ(engine.Uniform(), 0.27617230642507407);
  EXPECT_EQ(engine.Uniform(), 0.6553284079505974);
  EXPECT_EQ(engine.Uniform(), 0.6311255199956747);
}

TEST(SeedEngineTest, UniformIntRejectsWhatWouldBias) {
  SeedEngine engine(1, SeedStream::kOrder, 0, 0);
  EXPECT_EQ(engine.UniformInt(10), 2);
  EXPECT_EQ(engine.UniformInt(1000), 153);
  EXPECT_EQ(engine.UniformInt(3), 1);
  // Nearly every second word is rejected here.
  const uint64_t n = (uint64_t{1} << 63) + 1;
  EXPECT_EQ(engine.UniformInt(n), 2262329002316560509u);
  EXPECT_EQ(engine.UniformInt(7), 5);

  SeedEngine other(3, SeedStream::kInit, 0, 0);
  EXPECT_EQ(other.UniformInt(n), 7344328517936436978u);
  EXPECT_EQ(other.UniformInt(n), 5024158402699271149u);
  EXPECT_EQ(SeedEngine(4, SeedStream::kInit, 0, 0).UniformInt(1), 0);
}

TEST(SeedEngineTest, NormalIsBoxMuller) {
  SeedEngine engine(1, SeedStream::kOrder, 0, 0);
  constexpr double kTolerance = 1e-14;  // Last bits are the C library's.
  EXPECT_NEAR(engine.Normal(), -0.4505376913254952, kTolerance);
  EXPECT_NEAR(engine.Normal(), -1.0133396549271123, kTolerance);
  EXPECT_NEAR(engine.Normal(), -0.34093956490535976, kTolerance);
}

// Sum of (observed - expected)^2 / expected.
double ChiSquare(const std::vector<int64_t>& counts) {
  const double expected = static_cast<double>(std::accumulate(
                              counts.begin(), counts.end(), int64_t{0})) /
                          static_cast<double>(counts.size());
  double sum = 0;
  for (const int64_t count : counts) {
    const double distance = static_cast<double>(count) - expected;
    sum += distance * distance / expected;
  }
  return sum;
}

// Upper 0.1 % points of chi-square. The draws are fixed, so these tests either
// always pass or never.
constexpr double kChiSquare9 = 27.88;
constexpr double kChiSquare23 = 49.73;

TEST(SeedEngineTest, UniformIntIsUniform) {
  SeedEngine engine(5, SeedStream::kCrop, 0, 0);
  std::vector<int64_t> counts(10);
  for (int i = 0; i < 100000; ++i) ++counts[engine.UniformInt(10)];
  EXPECT_LT(ChiSquare(counts), kChiSquare9);
}

TEST(SeedEngineTest, UniformAndNormalHaveTheirMoments) {
  constexpr int kDraws = 200000;
  SeedEngine engine(6, SeedStream::kInit, 0, 0);
  double sum = 0, least = 1, greatest = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double draw = engine.Uniform();
    sum += draw;
    least = std::min(least, draw);
    greatest = std::max(greatest, draw);
  }
  // Five standard errors of a mean: 5 sd / sqrt(n).
  EXPECT_NEAR(sum / kDraws, 0.5, 5 * std::sqrt(1.0 / 12 / kDraws));
  EXPECT_GE(least, 0);
  EXPECT_LT(greatest, 1);

  double first = 0, second = 0, fourth = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double draw = engine.Normal();
    ASSERT_TRUE(std::isfinite(draw));
    first += draw;
    second += draw * draw;
    fourth += draw * draw * draw * draw;
  }
  EXPECT_NEAR(first / kDraws, 0, 5 * std::sqrt(1.0 / kDraws));
  EXPECT_NEAR(second / kDraws, 1, 5 * std::sqrt(2.0 / kDraws));
  EXPECT_NEAR(fourth / kDraws, 3, 5 * std::sqrt(96.0 / kDraws));
}

// Engines of other seeds, streams, epochs and indices: all first words differ,
// and every bit of the next word is one in half of them, whichever of the four
// changed.
TEST(SeedEngineTest, EveryPartOfTheNameChangesTheDraws) {
  std::vector<uint64_t> words;
  for (uint64_t seed = 0; seed < 8; ++seed) {
    for (uint64_t stream = 1; stream <= 5; ++stream) {
      for (uint64_t epoch = 0; epoch < 16; ++epoch) {
        for (uint64_t index = 0; index < 16; ++index) {
          words.push_back(
              SeedEngine(seed, static_cast<SeedStream>(stream), epoch, index)
                  .Next());
        }
      }
    }
  }
  EXPECT_EQ(std::set<uint64_t>(words.begin(), words.end()).size(),
            words.size());
  const double n = static_cast<double>(words.size());  // 10,240.
  for (int bit = 0; bit < 64; ++bit) {
    int64_t ones = 0;
    for (const uint64_t word : words) ones += (word >> bit) & 1;
    EXPECT_NEAR(static_cast<double>(ones) / n, 0.5, 5 * 0.5 / std::sqrt(n))
        << "bit " << bit;
  }
}

// Neighbours must not be the same sequence, shifted: that is what adding the
// index to a counter would give.
TEST(SeedEngineTest, NeighboursDoNotOverlap) {
  std::set<uint64_t> seen;
  int64_t drawn = 0;
  for (uint64_t epoch = 0; epoch < 8; ++epoch) {
    for (uint64_t index = 0; index < 8; ++index) {
      SeedEngine engine(1, SeedStream::kCrop, epoch, index);
      for (int i = 0; i < 100; ++i, ++drawn) seen.insert(engine.Next());
    }
  }
  EXPECT_EQ(static_cast<int64_t>(seen.size()), drawn);
}

TEST(SeedEngineTest, ACopyIsAFork) {
  SeedEngine engine(1, SeedStream::kInit, 0, 0);
  engine.Next();
  SeedEngine fork = engine;
  EXPECT_EQ(engine.Next(), fork.Next());
  engine.Next();
  EXPECT_NE(engine.Next(), fork.Next());
}

TEST(RandomPermutationTest, FollowsFisherYates) {
  EXPECT_THAT(RandomPermutation(SeedEngine(1, SeedStream::kOrder, 0, 0), 10),
              testing::ElementsAre(1, 0, 9, 3, 4, 6, 7, 5, 8, 2));
  EXPECT_THAT(RandomPermutation(SeedEngine(1, SeedStream::kOrder, 1, 0), 10),
              testing::ElementsAre(9, 7, 5, 1, 8, 3, 4, 0, 6, 2));
  EXPECT_TRUE(
      RandomPermutation(SeedEngine(1, SeedStream::kOrder, 0, 0), 0).empty());
  EXPECT_THAT(RandomPermutation(SeedEngine(1, SeedStream::kOrder, 0, 0), 1),
              testing::ElementsAre(0));
}

TEST(RandomPermutationTest, IsAPermutation) {
  for (const int64_t n : {2, 3, 17, 1000}) {
    std::vector<int64_t> order =
        RandomPermutation(SeedEngine(9, SeedStream::kOrder, 2, 0), n);
    std::sort(order.begin(), order.end());
    std::vector<int64_t> all(static_cast<size_t>(n));
    std::iota(all.begin(), all.end(), int64_t{0});
    EXPECT_EQ(order, all);
  }
}

TEST(RandomPermutationTest, AllOrdersOfFourAreEquallyLikely) {
  std::vector<int64_t> counts(24);
  for (uint64_t epoch = 0; epoch < 24000; ++epoch) {
    const std::vector<int64_t> order =
        RandomPermutation(SeedEngine(1, SeedStream::kOrder, epoch, 0), 4);
    size_t rank = 0;  // Lehmer code.
    for (size_t i = 0; i < 4; ++i) {
      size_t smaller = 0;
      for (size_t j = i + 1; j < 4; ++j) smaller += order[j] < order[i] ? 1 : 0;
      rank = rank * (4 - i) + smaller;
    }
    ++counts[rank];
  }
  EXPECT_LT(ChiSquare(counts), kChiSquare23);
}

}  // namespace
}  // namespace bild
