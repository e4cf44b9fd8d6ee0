// Values by number, computed ahead by threads: the loader without what it
// loads.

#ifndef DATASETS_AHEAD_QUEUE_H_
#define DATASETS_AHEAD_QUEUE_H_

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace bild {

// Get(n) gives what `compute(n)` gives, whatever the number of workers and
// whoever is quicker: value n is a function of n alone, and an error comes out
// where its own value is asked for. An exception is an Internal error.
//
// Memory is bounded: after Get(n) the workers compute n + 1, ..., n + ahead - 1
// and then wait, so at most `ahead` values are kept, and one more for each
// worker that is busy with what a jump to other numbers left behind.
//
// Any order of requests is right; rising ones find their value waiting.
// Thread-safe. The destructor waits for the values that are being computed, not
// for those that are only wanted.
template <typename Value>
class AheadQueue {
 public:
  using Compute = std::function<absl::StatusOr<Value>(int64_t)>;

  // 0 workers: values are computed in the caller's thread when asked for.
  AheadQueue(Compute compute, int64_t workers, int64_t ahead)
      : compute_(std::move(compute)), ahead_(std::max<int64_t>(1, ahead)) {
    for (int64_t i = 0; i < workers; ++i) {
      workers_.emplace_back([this] { Work(); });
    }
  }

  ~AheadQueue() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      is_stopping_ = true;
    }
    wake_workers_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }
  AheadQueue(const AheadQueue&) = delete;
  AheadQueue& operator=(const AheadQueue&) = delete;

  absl::StatusOr<Value> Get(int64_t n) {
    if (workers_.empty()) return Guarded(n);
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
  using Result = std::shared_ptr<const absl::StatusOr<Value>>;

  // One value that is wanted, now or soon. It stays where it is in the map
  // while somebody works on it or waits for it.
  struct Slot {
    bool is_started = false;
    int64_t waiting = 0;
    Result result;  // Null until it is there.
  };

  // An exception must not end a thread.
  absl::StatusOr<Value> Guarded(int64_t n) {
    try {
      return compute_(n);
    } catch (const std::exception& error) {
      return absl::InternalError(error.what());
    }
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

  // The lowest value that nobody has started, or the end.
  typename std::map<int64_t, Slot>::iterator NextToStart() {
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
      Result result = std::make_shared<const absl::StatusOr<Value>>(Guarded(n));
      lock.lock();
      slots_.at(n).result = std::move(result);
      wake_callers_.notify_all();
    }
  }

  const Compute compute_;
  const int64_t ahead_;
  std::mutex mutex_;
  std::condition_variable wake_workers_;
  std::condition_variable wake_callers_;
  bool is_stopping_ = false;
  std::map<int64_t, Slot> slots_;
  std::vector<std::thread> workers_;
};

}  // namespace bild

#endif  // DATASETS_AHEAD_QUEUE_H_
