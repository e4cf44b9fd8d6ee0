// A disk that is full after a few bytes, for tests of what happens then.

#ifndef TESTS_TESTING_SMALL_DISK_H_
#define TESTS_TESTING_SMALL_DISK_H_

#include <cstdint>
#include <functional>
#include <string>

namespace bild {

struct SmallDiskResult {
  // Whether such a disk could be had: it takes a kernel that lets this user
  // mount a tmpfs in a name space of its own. If not, `reason` says what failed
  // and the test should skip itself with it.
  bool was_mounted = false;
  std::string reason;
  // What `body` returned: empty, or what went wrong.
  std::string problem;
};

// Forks; the child mounts a tmpfs of `size_bytes` (rounded up to pages) over
// `folder`, which must exist, calls `body` and ends. The mount and what is on
// it end with the child; this process never sees them. `body` returns an empty
// string or what went wrong; assertions of GoogleTest in it would be lost. Call
// it before this process starts threads.
SmallDiskResult RunOnSmallDisk(const std::string& folder, int64_t size_bytes,
                               const std::function<std::string()>& body);

}  // namespace bild

#endif  // TESTS_TESTING_SMALL_DISK_H_
