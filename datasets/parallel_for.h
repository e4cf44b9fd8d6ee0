// A loop over independent, slow steps (files), on a few threads.

#ifndef DATASETS_PARALLEL_FOR_H_
#define DATASETS_PARALLEL_FOR_H_

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace bild {

// Calls body(0), ..., body(n - 1), each once, in any order, from several
// threads. The body must not throw and writes only to what belongs to its
// index.
template <typename Body>
void ParallelFor(int64_t n, const Body& body) {
  const int64_t most = std::clamp<int64_t>(
      static_cast<int64_t>(std::thread::hardware_concurrency()), 1, 16);
  std::atomic<int64_t> next{0};
  const auto work = [&] {
    for (int64_t i = next++; i < n; i = next++) body(i);
  };
  std::vector<std::thread> threads;
  for (int64_t i = 1; i < std::min(most, n); ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
}

}  // namespace bild

#endif  // DATASETS_PARALLEL_FOR_H_
