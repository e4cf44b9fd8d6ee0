#include "datasets/prefetch.h"

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "ATen/ops/full.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

using testing::HasSubstr;

// Batch n holds the number n. Slower for even n, so that threads overtake.
class NumberBatches : public PatchBatches {
 public:
  explicit NumberBatches(std::atomic<int>* made) : made_(made) {}
  int64_t batch_size() const override { return 3; }
  int64_t crop_px() const override { return 2; }
  absl::StatusOr<PatchBatch> Batch(int64_t n) override {
    if (n % 2 == 0) {
      std::this_thread::sleep_for(std::chrono::microseconds(300));
    }
    ++*made_;
    if (n == 7) return absl::DataLossError("batch 7 is damaged");
    if (n == 11) throw std::runtime_error("batch 11 throws");
    PatchBatch batch;
    batch.hazy01 = at::full({3, 3, 2, 2}, static_cast<double>(n));
    batch.clear01 = -batch.hazy01;
    batch.origins.resize(3);
    batch.origins[0].x_px = n;
    return batch;
  }

 private:
  std::atomic<int>* made_;
};

std::unique_ptr<PatchBatches> Make(int64_t workers, int64_t ahead,
                                   std::atomic<int>* made) {
  return Prefetch(std::make_unique<NumberBatches>(made), {workers, ahead});
}

void ExpectRight(const absl::StatusOr<PatchBatch>& batch, int64_t n) {
  if (n == 7) {
    EXPECT_EQ(batch.status().code(), absl::StatusCode::kDataLoss);
    return;
  }
  if (n == 11) {
    EXPECT_EQ(batch.status().code(), absl::StatusCode::kInternal);
    EXPECT_THAT(std::string(batch.status().message()),
                HasSubstr("batch 11 throws"));
    return;
  }
  ASSERT_TRUE(batch.ok()) << batch.status();
  EXPECT_EQ(batch->hazy01[2][1][1][0].item<float>(), static_cast<float>(n));
  EXPECT_EQ(batch->clear01[0][0][0][0].item<float>(), static_cast<float>(-n));
  EXPECT_EQ(batch->origins[0].x_px, n);
}

TEST(Prefetch, AnyNumberOfWorkersGivesTheSame) {
  for (const int64_t workers : {0, 1, 3}) {
    for (const int64_t ahead : {1, 2, 5}) {
      std::atomic<int> made{0};
      const auto batches = Make(workers, ahead, &made);
      EXPECT_EQ(batches->batch_size(), 3);
      EXPECT_EQ(batches->crop_px(), 2);
      for (int64_t n = 0; n < 40; ++n) ExpectRight(batches->Batch(n), n);
    }
  }
}

TEST(Prefetch, MakesEachBatchOnceInRisingOrder) {
  std::atomic<int> made{0};
  {
    const auto batches = Make(2, 4, &made);
    for (int64_t n = 20; n < 60; ++n) ExpectRight(batches->Batch(n), n);
  }
  EXPECT_GE(made, 40);
  EXPECT_LE(made, 40 + 4);
}

TEST(Prefetch, AnyOrderIsRight) {
  std::atomic<int> made{0};
  const auto batches = Make(3, 4, &made);
  for (const int64_t n : {5, 5, 0, 100, 7, 7, 6, 99, 11, 1, 12, 5}) {
    ExpectRight(batches->Batch(n), n);
  }
}

TEST(Prefetch, ManyCallersAtOnce) {
  std::atomic<int> made{0};
  const auto batches = Make(2, 3, &made);
  std::vector<std::thread> callers;
  std::atomic<int> wrong{0};
  for (int64_t c = 0; c < 4; ++c) {
    callers.emplace_back([&, c] {
      for (int64_t i = 0; i < 50; ++i) {
        const int64_t n = 20 + (c * 13 + i * (c + 1)) % 60;
        const auto batch = batches->Batch(n);
        if (!batch.ok() || batch->origins[0].x_px != n) ++wrong;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(wrong, 0);
}

TEST(Prefetch, StopsWithWorkUnderWay) {
  for (int round = 0; round < 50; ++round) {
    std::atomic<int> made{0};
    const auto batches = Make(3, 8, &made);
    if (round % 2 == 0) ExpectRight(batches->Batch(0), 0);
  }
}

}  // namespace
}  // namespace bild
