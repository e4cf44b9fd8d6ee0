#include "bild/base/live_bytes.h"

#include <cstdint>
#include <thread>
#include <vector>

#include "ATen/core/Tensor.h"
#include "ATen/ops/empty.h"
#include "ATen/ops/full.h"
#include "ATen/ops/ones.h"
#include "c10/core/Allocator.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

class LiveBytesTest : public testing::Test {
 protected:
  // Alive before the counter: freeing it must not be counted either.
  static void SetUpTestSuite() {
    at::Tensor earlier = at::ones({1000});
    InstallLiveBytes();
    InstallLiveBytes();
    EXPECT_EQ(LiveBytes(), 0);
    earlier.reset();
    EXPECT_EQ(LiveBytes(), 0);
  }
};

TEST_F(LiveBytesTest, CountsStoragesAndNotViews) {
  const int64_t start = LiveBytes();
  at::Tensor floats = at::empty({100, 3}, at::kFloat);
  EXPECT_EQ(LiveBytes() - start, 1200);
  at::Tensor view = floats.t().slice(0, 1, 2);
  EXPECT_EQ(LiveBytes() - start, 1200);
  at::Tensor doubles = at::empty({7}, at::kDouble);
  EXPECT_EQ(LiveBytes() - start, 1256);
  const at::Tensor none = at::empty({0}, at::kDouble);
  EXPECT_EQ(LiveBytes() - start, 1256);
  floats.reset();
  EXPECT_EQ(LiveBytes() - start, 1256);  // The view keeps it.
  view.reset();
  EXPECT_EQ(LiveBytes() - start, 56);
  doubles.reset();
  EXPECT_EQ(LiveBytes(), start);
}

TEST_F(LiveBytesTest, ThePeakStaysUntilItIsReset) {
  const at::Tensor kept = at::empty({10}, at::kByte);
  const LiveBytesScope scope;
  EXPECT_EQ(scope.PeakAboveStart(), 0);
  { const at::Tensor large = at::empty({5000}, at::kByte); }
  const at::Tensor small = at::empty({300}, at::kByte);
  EXPECT_EQ(scope.PeakAboveStart(), 5000);
  EXPECT_EQ(PeakLiveBytes() - LiveBytes(), 4700);
  ResetPeakLiveBytes();
  EXPECT_EQ(PeakLiveBytes(), LiveBytes());
  EXPECT_EQ(scope.PeakAboveStart(), 300);
}

TEST_F(LiveBytesTest, TemporariesOfAnExpressionCount) {
  const at::Tensor a = at::ones({1000}, at::kDouble);
  const LiveBytesScope scope;
  // a + a and its product with a live at once, the sum dies first.
  const at::Tensor b = a.add(a).mul(a);
  EXPECT_EQ(scope.PeakAboveStart(), 16000);
  EXPECT_EQ(LiveBytes() - (PeakLiveBytes() - scope.PeakAboveStart()), 8000);
}

TEST_F(LiveBytesTest, DataIsAlignedAndGrowsWithResize) {
  const int64_t start = LiveBytes();
  at::Tensor tensor = at::full({5}, 2.5, at::kDouble);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor.const_data_ptr()) % 64, 0);
  tensor.resize_({50});
  EXPECT_EQ(LiveBytes() - start, 400);
  EXPECT_EQ(tensor[4].item<double>(), 2.5);
  EXPECT_EQ(tensor.clone()[0].item<double>(), 2.5);
}

TEST_F(LiveBytesTest, TheRawInterfaceIsCountedToo) {
  const int64_t start = LiveBytes();
  c10::Allocator* const allocator = c10::GetAllocator(at::DeviceType::CPU);
  void* const data = allocator->raw_allocate(123);
  EXPECT_EQ(LiveBytes() - start, 123);
  allocator->raw_deallocate(data);
  allocator->raw_deallocate(allocator->raw_allocate(0));
  EXPECT_EQ(LiveBytes(), start);
}

TEST_F(LiveBytesTest, ThreadsAddUpAndTensorsMayDieElsewhere) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 2000;
  const int64_t start = LiveBytes();
  const LiveBytesScope scope;
  std::vector<at::Tensor> last(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&last, i] {
      for (int round = 0; round < kRounds; ++round) {
        last[i] = at::empty({64 + round % 7}, at::kByte);
      }
      last[i] = at::empty({100 * (i + 1)}, at::kByte);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(LiveBytes() - start, 100 + 200 + 300 + 400);
  EXPECT_GE(scope.PeakAboveStart(), 1000);
  EXPECT_LE(scope.PeakAboveStart(), 1000 + kThreads * 70);
  last.clear();
  EXPECT_EQ(LiveBytes(), start);
}

}  // namespace
}  // namespace bild
