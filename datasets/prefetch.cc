#include "datasets/prefetch.h"

#include <algorithm>
#include <condition_variable>
#include <iterator>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "bild/base/torch_boundary.h"

namespace bild {
namespace {

class PrefetchedBatches : public PatchBatches {
 public:
  PrefetchedBatches(std::unique_ptr<PatchBatches> source,
                    const PrefetchOptions& options)
      : source_(std::move(source)),
        ahead_(std::max<int64_t>(1, options.ahead)) {
    for (int64_t i = 0; i < options.workers; ++i) {
      workers_.emplace_back([this] { Work(); });
    }
  }

  ~PrefetchedBatches() override {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      is_stopping_ = true;
    }
    wake_workers_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }

  int64_t batch_size() const override { return source_->batch_size(); }
  int64_t crop_px() const override { return source_->crop_px(); }

  absl::StatusOr<PatchBatch> Batch(int64_t n) override {
    if (workers_.empty()) return Compute(n);
    std::unique_lock<std::mutex> lock(mutex_);
    MoveWindow(n);
    Slot& slot = slots_.at(n);
    ++slot.waiting;
    wake_workers_.notify_all();
    wake_callers_.wait(lock, [&] { return slot.result != nullptr; });
    const Result result = slot.result;
    if (--slot.waiting == 0) slots_.erase(n);
    return *result;
  }

 private:
  using Result = std::shared_ptr<const absl::StatusOr<PatchBatch>>;

  // One batch that is wanted, now or soon. It stays where it is in the map
  // while somebody works on it or waits for it.
  struct Slot {
    bool is_started = false;
    int64_t waiting = 0;
    Result result;  // Null until it is there.
  };

  // An exception of the source must not end a thread.
  absl::StatusOr<PatchBatch> Compute(int64_t n) {
    return CatchTorchErrors("Making a batch",
                            [&] { return source_->Batch(n); });
  }

  // Wants n, ..., n + ahead - 1 and no others. Called with the lock.
  void MoveWindow(int64_t n) {
    for (auto slot = slots_.begin(); slot != slots_.end();) {
      const bool is_outside = slot->first < n || slot->first >= n + ahead_;
      const bool is_computing =
          slot->second.is_started && slot->second.result == nullptr;
      const bool is_free = slot->second.waiting == 0 && !is_computing;
      slot = is_outside && is_free ? slots_.erase(slot) : std::next(slot);
    }
    for (int64_t i = n; i < n + ahead_; ++i) slots_.try_emplace(i);
  }

  // The lowest batch that nobody has started, or the end.
  std::map<int64_t, Slot>::iterator NextToStart() {
    return std::find_if(slots_.begin(), slots_.end(), [](const auto& entry) {
      return !entry.second.is_started;
    });
  }

  void Work() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
      wake_workers_.wait(
          lock, [&] { return is_stopping_ || NextToStart() != slots_.end(); });
      if (is_stopping_) return;
      const auto next = NextToStart();
      next->second.is_started = true;
      const int64_t n = next->first;
      lock.unlock();
      Result result =
          std::make_shared<const absl::StatusOr<PatchBatch>>(Compute(n));
      lock.lock();
      slots_.at(n).result = std::move(result);
      wake_callers_.notify_all();
    }
  }

  const std::unique_ptr<PatchBatches> source_;
  const int64_t ahead_;
  std::mutex mutex_;
  std::condition_variable wake_workers_;
  std::condition_variable wake_callers_;
  bool is_stopping_ = false;
  std::map<int64_t, Slot> slots_;
  std::vector<std::thread> workers_;
};

}  // namespace

std::unique_ptr<PatchBatches> Prefetch(std::unique_ptr<PatchBatches> source,
                                       const PrefetchOptions& options) {
  return std::make_unique<PrefetchedBatches>(std::move(source), options);
}

}  // namespace bild
