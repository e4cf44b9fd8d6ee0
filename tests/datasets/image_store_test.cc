#include "datasets/image_store.h"

#include <thread>

#include "gtest/gtest.h"
#include "tests/datasets/memory_dataset.h"

namespace bild {
namespace {

constexpr int64_t kPairBytes = 2 * 24 * 20 * 3;

TEST(ImageStore, DecodesEachPairOnceIfItFits) {
  const auto source =
      std::make_shared<MemoryDataset>("set", NumberedPairs(3, 2));
  const ImageStore store(source, 6 * kPairBytes);
  for (int epoch = 0; epoch < 3; ++epoch) {
    for (int64_t i = 0; i < 6; ++i) {
      const auto pair = store.Read(i);
      ASSERT_TRUE(pair.ok()) << pair.status();
      const auto want = MemoryDataset("set", NumberedPairs(3, 2)).Read(i);
      EXPECT_EQ(pair->hazy->rgb, want->hazy->rgb);
      EXPECT_EQ(pair->clear->rgb, want->clear->rgb);
    }
  }
  EXPECT_EQ(source->reads, 6);
  EXPECT_EQ(store.held_bytes(), 6 * kPairBytes);
  EXPECT_EQ(store.name(), "set");
  EXPECT_EQ(store.pairs().size(), 6u);
}

TEST(ImageStore, StaysWithinItsBudget) {
  const auto source =
      std::make_shared<MemoryDataset>("set", NumberedPairs(3, 2));
  const ImageStore store(source, 4 * kPairBytes + kPairBytes / 2);
  for (int epoch = 0; epoch < 5; ++epoch) {
    for (int64_t i = 0; i < 6; ++i) EXPECT_TRUE(store.Read(i).ok());
  }
  EXPECT_EQ(store.held_bytes(), 4 * kPairBytes);
  // Four are held, two are read in every epoch.
  EXPECT_EQ(source->reads, 6 + 4 * 2);
}

// The source gives one clear picture to all pairs of a scene.
class SharedClear : public MemoryDataset {
 public:
  SharedClear() : MemoryDataset("set", NumberedPairs(1, 5)) {}
  absl::StatusOr<ImagePair> Read(int64_t index) const override {
    ImagePair pair = MemoryDataset::Read(index).value();
    pair.clear = clear_;
    return pair;
  }

 private:
  std::shared_ptr<const Image> clear_ =
      std::make_shared<const Image>(PatternImage(24, 20, 1));
};

TEST(ImageStore, CountsASharedClearPictureOnce) {
  const ImageStore store(std::make_shared<SharedClear>(), 100 * kPairBytes);
  for (int64_t i = 0; i < 5; ++i) ASSERT_TRUE(store.Read(i).ok());
  EXPECT_EQ(store.held_bytes(), 6 * kPairBytes / 2);
}

TEST(ImageStore, PassesErrorsOnAndKeepsNothingOfThem) {
  const auto source =
      std::make_shared<MemoryDataset>("set", NumberedPairs(2, 1));
  source->fail_on_id = "s11_10";
  const ImageStore store(source, 100 * kPairBytes);
  EXPECT_TRUE(store.Read(0).ok());
  EXPECT_EQ(store.Read(1).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(store.held_bytes(), kPairBytes);
  source->fail_on_id = "";
  EXPECT_TRUE(store.Read(1).ok());
}

TEST(ImageStore, ManyThreadsGetTheSameBytes) {
  const auto source =
      std::make_shared<MemoryDataset>("set", NumberedPairs(4, 2));
  const ImageStore store(source, 5 * kPairBytes);
  std::vector<std::vector<uint8_t>> want;
  for (int64_t i = 0; i < 8; ++i) {
    want.push_back(source->Read(i)->hazy->rgb);
  }
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int64_t n = 0; n < 200; ++n) {
        const int64_t i = (n * 3 + t) % 8;
        if (store.Read(i)->hazy->rgb != want[static_cast<size_t>(i)]) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_LE(store.held_bytes(), 5 * kPairBytes);
}

}  // namespace
}  // namespace bild
