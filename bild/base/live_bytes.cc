#include "bild/base/live_bytes.h"

#include <atomic>
#include <cstddef>
#include <cstring>
#include <limits>

#include "c10/core/Allocator.h"
#include "c10/core/alignment.h"
#include "c10/util/Exception.h"

namespace bild {
namespace {

std::atomic<int64_t> live_bytes{0};
std::atomic<int64_t> peak_live_bytes{0};

// The size of an allocation stands in front of it; a whole unit of alignment
// keeps the data aligned.
constexpr size_t kPrefix = c10::gAlignment;
static_assert(kPrefix >= sizeof(size_t));

// Where allocations really come from. Set once, never freed.
c10::Allocator* underlying = nullptr;

void Free(void* data) {
  if (data == nullptr) return;
  char* const block = static_cast<char*>(data) - kPrefix;
  size_t size;
  std::memcpy(&size, block, sizeof size);
  live_bytes.fetch_sub(static_cast<int64_t>(size), std::memory_order_relaxed);
  underlying->raw_deallocate(block);
}

class CountingAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t size) override {
    if (size == 0) return {nullptr, nullptr, &Free, at::DeviceType::CPU};
    TORCH_CHECK(size <= std::numeric_limits<int64_t>::max() - kPrefix,
                "Cannot allocate ", size, " bytes.");
    char* const block =
        static_cast<char*>(underlying->raw_allocate(size + kPrefix));
    std::memcpy(block, &size, sizeof size);
    const int64_t live = live_bytes.fetch_add(static_cast<int64_t>(size),
                                              std::memory_order_relaxed) +
                         static_cast<int64_t>(size);
    int64_t peak = peak_live_bytes.load(std::memory_order_relaxed);
    while (live > peak && !peak_live_bytes.compare_exchange_weak(
                              peak, live, std::memory_order_relaxed)) {
    }
    void* const data = block + kPrefix;
    return {data, data, &Free, at::DeviceType::CPU};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &Free; }

  void copy_data(void* to, const void* from, size_t size) const override {
    default_copy_data(to, from, size);
  }
};

}  // namespace

void InstallLiveBytes() {
  if (underlying != nullptr) return;
  c10::Allocator* const before = c10::GetAllocator(at::DeviceType::CPU);
  TORCH_CHECK(
      before->raw_deleter() != nullptr,
      "InstallLiveBytes: LibTorch's CPU allocator has no raw interface");
  underlying = before;
  // Never freed: tensors may outlive main.
  static CountingAllocator* const counting = new CountingAllocator;
  c10::SetAllocator(at::DeviceType::CPU, counting,
                    std::numeric_limits<uint8_t>::max());
}

int64_t LiveBytes() { return live_bytes.load(std::memory_order_relaxed); }

int64_t PeakLiveBytes() {
  return peak_live_bytes.load(std::memory_order_relaxed);
}

void ResetPeakLiveBytes() {
  peak_live_bytes.store(LiveBytes(), std::memory_order_relaxed);
}

LiveBytesScope::LiveBytesScope() : start_(LiveBytes()) { ResetPeakLiveBytes(); }

int64_t LiveBytesScope::PeakAboveStart() const {
  return PeakLiveBytes() - start_;
}

}  // namespace bild
