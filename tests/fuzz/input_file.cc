#include "tests/fuzz/input_file.h"

#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstddef>

#include "tests/fuzz/require.h"

namespace bild {

InputFile::InputFile(const std::string& content)
    : descriptor_(::memfd_create("input", MFD_CLOEXEC)),
      path_("/proc/self/fd/" + std::to_string(descriptor_)) {
  FUZZ_REQUIRE(descriptor_ >= 0);
  for (size_t written = 0; written < content.size();) {
    const ssize_t count = ::write(descriptor_, content.data() + written,
                                  content.size() - written);
    FUZZ_REQUIRE(count > 0);
    written += static_cast<size_t>(count);
  }
}

InputFile::~InputFile() { ::close(descriptor_); }

}  // namespace bild
