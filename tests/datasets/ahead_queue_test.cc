#include "datasets/ahead_queue.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace bild {
namespace {

using testing::HasSubstr;

// A value that knows how many of its kind are alive.
class Counted {
 public:
  explicit Counted(int64_t n) : n_(n) {
    const int64_t alive = ++alive_count;
    int64_t most = most_alive;
    while (alive > most && !most_alive.compare_exchange_weak(most, alive)) {
    }
  }
  ~Counted() { --alive_count; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  int64_t n() const { return n_; }

  static std::atomic<int64_t> alive_count;
  static std::atomic<int64_t> most_alive;

 private:
  int64_t n_;
};
std::atomic<int64_t> Counted::alive_count{0};
std::atomic<int64_t> Counted::most_alive{0};

using Queue = AheadQueue<std::shared_ptr<const Counted>>;

Queue::Compute Numbers(std::atomic<int64_t>* made) {
  return [made](int64_t n) -> absl::StatusOr<std::shared_ptr<const Counted>> {
    // Even ones are slower, so that threads overtake each other.
    if (n % 2 == 0) {
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    ++*made;
    if (n == 7) return absl::DataLossError("'hazy/7.png' is damaged");
    if (n == 11) throw std::runtime_error("eleven throws");
    return std::make_shared<const Counted>(n);
  };
}

TEST(AheadQueue, ValueNIsAFunctionOfN) {
  for (const int64_t workers : {0, 1, 3, 8}) {
    for (const int64_t ahead : {1, 2, 16}) {
      std::atomic<int64_t> made{0};
      Queue queue(Numbers(&made), workers, ahead);
      for (int64_t n = 0; n < 60; ++n) {
        const auto value = queue.Get(n);
        if (n == 7) {
          EXPECT_EQ(value.status(),
                    absl::DataLossError("'hazy/7.png' is damaged"));
        } else if (n == 11) {
          EXPECT_EQ(value.status().code(), absl::StatusCode::kInternal);
          EXPECT_THAT(std::string(value.status().message()),
                      HasSubstr("eleven throws"));
        } else {
          ASSERT_TRUE(value.ok()) << value.status();
          EXPECT_EQ((*value)->n(), n);
        }
      }
    }
  }
  EXPECT_EQ(Counted::alive_count, 0);
}

TEST(AheadQueue, KeepsNoMoreThanAheadValues) {
  for (const int64_t workers : {1, 3, 8}) {
    std::atomic<int64_t> made{0};
    Counted::most_alive = 0;
    constexpr int64_t kAhead = 5;
    {
      Queue queue(Numbers(&made), workers, kAhead);
      for (int64_t n = 20; n < 220; ++n) {
        ASSERT_TRUE(queue.Get(n).ok());
        // The consumer that trains: the workers run ahead, and wait.
        if (n % 50 == 0) {
          std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        EXPECT_LE(made, n - 20 + kAhead);
      }
    }
    EXPECT_LE(Counted::most_alive, kAhead) << workers;
    EXPECT_EQ(Counted::alive_count, 0);
  }
}

TEST(AheadQueue, ManyCallersInAnyOrder) {
  std::atomic<int64_t> made{0};
  Queue queue(Numbers(&made), 3, 4);
  std::atomic<int> wrong{0};
  std::vector<std::thread> callers;
  for (int64_t c = 0; c < 4; ++c) {
    callers.emplace_back([&, c] {
      for (int64_t i = 0; i < 80; ++i) {
        const int64_t n = 20 + (c * 13 + i * (c + 1)) % 60;
        const auto value = queue.Get(n);
        if (!value.ok() || (*value)->n() != n) ++wrong;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(wrong, 0);
}

// A stop waits for what is being computed and drops what is only wanted.
TEST(AheadQueue, StopsWithWorkUnderWay) {
  for (const int64_t workers : {1, 3, 8}) {
    std::mutex mutex;
    std::condition_variable condition;
    int64_t started = 0;
    bool may_end = false;
    std::thread release;
    {
      Queue queue(
          [&](int64_t n) -> absl::StatusOr<std::shared_ptr<const Counted>> {
            std::unique_lock<std::mutex> lock(mutex);
            if (n > 0) {
              ++started;
              condition.notify_all();
              condition.wait(lock, [&] { return may_end; });
            }
            return std::make_shared<const Counted>(n);
          },
          workers, 100);
      ASSERT_TRUE(queue.Get(0).ok());
      std::unique_lock<std::mutex> lock(mutex);
      condition.wait(lock, [&] { return started == workers; });
      lock.unlock();
      release = std::thread([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        const std::lock_guard<std::mutex> guard(mutex);
        may_end = true;
        condition.notify_all();
      });
    }
    release.join();
    EXPECT_LT(started, 99);
    EXPECT_EQ(Counted::alive_count, 0);
  }
}

}  // namespace
}  // namespace bild
