// Work on one picture that may be too large for this machine, as a status:
// nothing catches exceptions in the threads of ParallelFor.

#ifndef DATASETS_WITHIN_MEMORY_H_
#define DATASETS_WITHIN_MEMORY_H_

#include <new>
#include <string>

#include "absl/status/status.h"
#include "fmt/format.h"

namespace bild {

// What `work` returns, a Status or StatusOr; ResourceExhausted, naming `path`,
// where memory ran out in it.
template <typename Work>
auto WithinMemory(const std::string& path, const Work& work)
    -> decltype(work()) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError(fmt::format(
        "'{}' does not fit in memory. End other programs, or take a machine "
        "with more.",
        path));
  }
}

}  // namespace bild

#endif  // DATASETS_WITHIN_MEMORY_H_
